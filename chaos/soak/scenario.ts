/** Hours of the same: steady load, rotation, compression, reloads, and a disk that fills up. */
import { setTimeout as sleep } from 'node:timers/promises'
import { bufferedFile, configWith, fileOutput } from '../harness/configs.ts'
import type { Places, Scenario, World } from '../harness/scenario.ts'
import { SmallDisk } from '../harness/small-disk.ts'
import { takeSample, type Sample } from './samples.ts'

const SAMPLE_MS = 1000
/** Something happens so often, and a failure lasts as long as a sample. */
const HARM_EVERY = 10

type Variant = (places: Places) => string

export interface Soak {
  readonly scenario: Scenario
  readonly samples: readonly Sample[]
}

function config(places: Places, compress: string, chunk: string): string {
  const more = `, rotate: { size: 512KiB }, compress: ${compress}`
  const buffered = bufferedFile('copy', '100ms', { folder: 'copy', more })
  const copy = buffered.replace('fsync:', `chunk: { max_bytes: ${chunk} }, fsync:`)
  return configWith(places, `${fileOutput('files', { more })}\n${copy}`, 'files, copy')
}

export function soakFor(minutes: number, compress: string): Soak {
  const variant = (chunk: string) => (places: Places) => config(places, compress, chunk)
  const variants = [variant('4MiB'), variant('2MiB')] as const
  const samples: Sample[] = []
  const disturb = async (world: World) => {
    const start = performance.now()
    for (let round = 1; performance.now() - start < minutes * 60_000; round++) {
      const undo =
        round % HARM_EVERY === 0 ? await harm(world, variants, round / HARM_EVERY) : undefined
      await sleep(SAMPLE_MS)
      samples.push(await takeSample(world, (performance.now() - start) / 1000))
      await undo?.()
    }
  }
  const scenario: Scenario = {
    name: 'soak',
    summary: `${minutes} minutes`,
    config: variants[0],
    copies: [['logs'], ['copy']],
    prepare: (world) => SmallDisk.mount(world, 'data'),
    disturb,
  }
  return { scenario, samples }
}

/** Returns what ends it. */
async function harm(
  world: World,
  variants: readonly [Variant, Variant],
  turn: number,
): Promise<() => Promise<void>> {
  world.disturbed()
  if (turn % 2 === 0) {
    await world.collector.reload(variants[turn % 4 === 0 ? 0 : 1](world.places))
    return () => Promise.resolve()
  }
  const disk = SmallDisk.at(world, 'data')
  await disk.fill()
  return () => disk.relieve()
}
