/** Somebody deletes the folder with the buffers while they are in use. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { bufferedFile, configWith } from '../harness/configs.ts'
import { readyAgain } from '../harness/held-back.ts'
import type { Scenario } from '../harness/scenario.ts'

export const dataRemoved: Scenario = {
  name: 'data-removed',
  summary: 'data_dir is deleted while the collector runs; what its output took is there',
  config: (places) => configWith(places, bufferedFile('files', '100ms'), 'files'),
  disturb: async (world) => {
    for (let round = 0; world.goesOn(round); round++) {
      await world.untilAcknowledged(500)
      await world.pause(0, 300)
      // Again when a buffer has made a file in the middle of it.
      const again = { maxRetries: 20, retryDelay: 1 }
      await rm(join(world.places.folder, 'data'), { recursive: true, ...again })
      world.disturbed()
      await readyAgain(world)
    }
  },
}
