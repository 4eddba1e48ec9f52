/** An output that cannot write for a long time, behind a buffer, with kills meanwhile. */
import { mkdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { bufferedFile, configWith } from '../harness/configs.ts'
import type { Scenario, World } from '../harness/scenario.ts'

/** A folder where its file should be. */
const obstacle = (world: World) => join(world.places.folder, 'logs', 'all.log')

export const outputAway: Scenario = {
  name: 'output-away',
  summary: 'an output cannot write and is killed meanwhile; its buffer takes everything',
  config: (places) => {
    const output = bufferedFile('files', '100ms', { more: ', retry: { max_interval: 1s }' })
    return configWith(places, output.replace('${tag}', 'all'), 'files')
  },
  prepare: async (world) => void (await mkdir(obstacle(world), { recursive: true })),
  disturb: async (world) => {
    for (let round = 0; world.goesOn(round / 3); round++) {
      await world.untilAcknowledged(500)
      await world.pause(0, 500)
      if (world.random.below(2) === 0) world.collector.signal('SIGUSR1')
      await world.collector.kill()
      world.disturbed()
      await world.collector.start()
    }
    await world.untilAcknowledged(500)
  },
  repair: (world) => rmdir(obstacle(world)),
}
