/** The wall clock jumps, forwards and backwards, while files are dated and rotated by it. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from '../../test/support/wait.ts'
import { configWith } from '../harness/configs.ts'
import { readyAgain } from '../harness/held-back.ts'
import type { Places, Scenario, World } from '../harness/scenario.ts'
import { seenPathOf } from '../harness/shifted-clock.ts'

const HOUR_MS = 3_600_000
const JUMPS_MS = [1, 1500, HOUR_MS, 25 * HOUR_MS, 24 * 400 * HOUR_MS]
const HOOK = new URL('../harness/shifted-clock.ts', import.meta.url).href

const pathOf = (places: Places) => join(places.folder, 'clock')

/** Jumps of both directions and all sizes, by chance. */
async function jump(world: World, before: number): Promise<number> {
  const size = JUMPS_MS[world.random.below(JUMPS_MS.length)]!
  const shift = before + (world.random.below(2) === 0 ? size : -size)
  await writeFile(pathOf(world.places), String(shift))
  const isSeen = async () =>
    (await readFile(seenPathOf(pathOf(world.places)), 'utf8')) === String(shift)
  await until('the collector has the new time', isSeen)
  return shift
}

export const clock: Scenario = {
  name: 'clock',
  summary: 'the wall clock jumps by milliseconds to a year, both ways',
  config: (places) => {
    const output = (name: string, folder: string, more: string) =>
      `  ${name}: { type: file, path: "./${folder}/\${tag}.%Y%m%d-%H.log", time: arrival,\n` +
      `    rotate: { size: 128KiB, every: 1h }, min_free: 0B${more} }`
    const copy = output('copy', 'copy', ', buffer: { type: disk }')
    return configWith(places, `${output('files', 'logs', '')}\n${copy}`, 'files, copy')
  },
  copies: [['logs'], ['copy']],
  unordered: 'files are named by the clock, so their names do not tell which was written first',
  env: (places) => ({ LOGBOOM_CHAOS_CLOCK: pathOf(places), NODE_OPTIONS: `--import=${HOOK}` }),
  prepare: async (world) => {
    await writeFile(pathOf(world.places), '0')
    await writeFile(seenPathOf(pathOf(world.places)), '0')
  },
  disturb: async (world) => {
    let shift = 0
    for (let round = 0; world.goesOn(round / 4); round++) {
      await world.untilAcknowledged(200)
      shift = await jump(world, shift)
      world.disturbed()
      await readyAgain(world)
    }
  },
}
