/** Configurations that change under load: the output, its buffer, and the input itself. */
import { bufferedFile, configWith, fileOutput } from '../harness/configs.ts'
import type { Places, Scenario, World } from '../harness/scenario.ts'

type Variant = (places: Places) => string

/** The output keeps its name, so its backlog goes before what comes later. */
const ONE_NAME: readonly Variant[] = [
  (places) => configWith(places, fileOutput('files'), 'files'),
  (places) => configWith(places, fileOutput('files'), 'files', ', frame_max: 8MiB'),
  (places) => configWith(places, bufferedFile('files', '100ms'), 'files'),
  (places) =>
    configWith(places, fileOutput('files', { more: ', rotate: { size: 1MiB }' }), 'files'),
  (places) =>
    configWith(places, bufferedFile('files', 'never'), 'files').replace('docker:', 'renamed:'),
]

const SEVERAL_NAMES: readonly Variant[] = [
  (places) => configWith(places, bufferedFile('files', 'never'), 'files'),
  (places) => configWith(places, bufferedFile('others', '100ms', { folder: 'others' }), 'others'),
  (places) => configWith(places, fileOutput('files'), 'files'),
]
/** Has every name, so that each backlog finds its output again. */
const ALL_NAMES: Variant = (places) =>
  configWith(
    places,
    `${fileOutput('files')}\n${fileOutput('others', { folder: 'others' })}`,
    'files',
  )

async function reloadTo(world: World, variant: Variant): Promise<void> {
  await world.untilAcknowledged(200)
  await world.pause(0, 100)
  await world.collector.reload(variant(world.places))
  world.disturbed()
}

async function reloadAgainAndAgain(world: World, variants: readonly Variant[]): Promise<void> {
  let last = 0
  for (let round = 0; world.goesOn(round / variants.length); round++) {
    last = (last + 1 + world.random.below(variants.length - 1)) % variants.length
    await reloadTo(world, variants[last]!)
  }
}

export const reload: Scenario = {
  name: 'reload',
  summary: 'SIGHUP with another output, buffer or input each time',
  config: ONE_NAME[0]!,
  disturb: async (world) => {
    await reloadAgainAndAgain(world, ONE_NAME)
    await world.untilAcknowledged(200)
  },
}

export const rename: Scenario = {
  name: 'rename',
  summary: 'SIGHUP with an output of another name, while the backlog of the one before waits',
  config: SEVERAL_NAMES[0]!,
  copies: [['logs', 'others']],
  unordered: 'what waits for an output that is gone comes after what others have written',
  disturb: async (world) => {
    await reloadAgainAndAgain(world, SEVERAL_NAMES)
    await reloadTo(world, ALL_NAMES)
    await world.untilAcknowledged(200)
  },
}
