/** Configurations that change under load: the output, its buffer, and the input itself. */
import { bufferedFile, configWith, fileOutput } from '../harness/configs.ts'
import type { Places, Scenario } from '../harness/scenario.ts'

const VARIANTS: readonly ((places: Places) => string)[] = [
  (places) => configWith(places, fileOutput('files'), 'files'),
  (places) => configWith(places, fileOutput('files'), 'files', ', frame_max: 8MiB'),
  (places) => configWith(places, bufferedFile('files', '100ms'), 'files'),
  (places) =>
    configWith(places, fileOutput('others', { more: ', rotate: { size: 1MiB }' }), 'others'),
  (places) =>
    configWith(places, bufferedFile('files', 'never'), 'files').replace('docker:', 'renamed:'),
]

export const reload: Scenario = {
  name: 'reload',
  summary: 'SIGHUP with another output, buffer or input each time',
  config: VARIANTS[0]!,
  disturb: async (world) => {
    let last = 0
    for (let round = 0; world.goesOn(round / VARIANTS.length); round++) {
      await world.untilAcknowledged(200)
      await world.pause(0, 100)
      last = (last + 1 + world.random.below(VARIANTS.length - 1)) % VARIANTS.length
      await world.collector.reload(VARIANTS[last]!(world.places))
      world.disturbed()
    }
    await world.untilAcknowledged(200)
  },
}
