/** `logboom run --tap`: prints what passes a point of the pipeline. */
import { systemTimers } from '../pipeline/clock.ts'
import { compileTagPattern } from '../pipeline/tag-pattern.ts'
import {
  pointTrouble,
  TAP_RATE_DEFAULT,
  type TapNamed,
  type TapOptions,
  type Taps,
} from '../pipeline/taps/taps.ts'
import { UsageError } from './command.ts'

const REPORT_EVERY_MS = 1000

export type TapRequest = Pick<TapOptions, 'matches' | 'point'>

/** Of `--tap` and `--tap-point`; undefined without the first. Throws `UsageError`. */
export function readTap(pattern?: string, point?: string): TapRequest | undefined {
  if (pattern === undefined) {
    if (point !== undefined) throw new UsageError('--tap-point needs --tap PATTERN beside it')
    return undefined
  }
  const trouble = pointTrouble(point ?? 'input')
  if (trouble !== undefined) throw new UsageError(trouble)
  try {
    return { matches: compileTagPattern(pattern), point: point ?? 'input' }
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

/** Throws `UsageError` for a point at something that is not there. */
export function checkTap({ point }: TapRequest, there: readonly TapNamed[]): void {
  const trouble = pointTrouble(point, there)
  if (trouble !== undefined) throw new UsageError(trouble)
}

/** Prints until the process ends; what a slow terminal does not take is counted, not waited for. */
export function printTap(taps: Taps, request: TapRequest): void {
  const { stdout } = process
  const take = (line: string) => {
    if (stdout.writableNeedDrain) return false
    stdout.write(`${line}\n`)
    return true
  }
  const tap = taps.open({ ...request, eventsPerSecond: TAP_RATE_DEFAULT, take })
  systemTimers.every(REPORT_EVERY_MS, () => {
    const missed = tap?.takeMissed() ?? 0
    if (missed > 0) stdout.write(`{"missed":${missed}}\n`)
  })
}
