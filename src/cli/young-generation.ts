/**
 * A bound on V8's young generation. V8 doubles it whenever as many bytes as it holds have survived
 * collections, which under steady load takes minutes to hours, up to 128 MiB on 64 bit. Its own
 * bound is read from the command line only, before any program runs; the factor it grows by is read
 * each time. Measured in docs/decisions/memory.md.
 */
import type { Cancel, Timers } from '../pipeline/clock.ts'

/** Both halves together; V8 has it double once more if that happens between two looks. */
export const YOUNG_GENERATION_MAX = 32 * 1024 * 1024
const LOOK_EVERY_MS = 1_000

/** Looks every second. V8 makes an idle process's smaller again, and then it may grow anew. */
export function boundYoungGeneration(timers: Timers): Cancel {
  let mayGrow = true
  return timers.every(LOOK_EVERY_MS, () => {
    const isSmall = youngGenerationBytes() < YOUNG_GENERATION_MAX
    if (isSmall === mayGrow) return
    mayGrow = isSmall
    v8().setFlagsFromString(`--semi-space-growth-factor=${mayGrow ? 2 : 1}`)
  })
}

/** What V8 has reserved for it, in bytes. */
export function youngGenerationBytes(): number {
  const spaces = v8().getHeapSpaceStatistics()
  return spaces.find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0
}

/** Loaded at the first look, since it takes 6 ms that the start need not wait for. */
const v8 = () => process.getBuiltinModule('node:v8')
