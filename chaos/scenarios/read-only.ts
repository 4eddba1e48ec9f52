/** The disk of the files is read-only when the collector starts, as after an error of its own. */
import { configWith, fileOutput } from '../harness/configs.ts'
import { heldBackUntil } from '../harness/held-back.ts'
import type { Scenario } from '../harness/scenario.ts'
import { SmallDisk } from '../harness/small-disk.ts'

export const readOnly: Scenario = {
  name: 'read-only',
  summary: 'the disk is remounted read-only between a kill and the next start',
  config: (places) => configWith(places, fileOutput('files'), 'files'),
  prepare: (world) => SmallDisk.mount(world, 'logs'),
  disturb: async (world) => {
    const disk = SmallDisk.at(world, 'logs')
    for (let round = 0; world.goesOn(round); round++) {
      await world.untilAcknowledged(500)
      await world.collector.kill()
      await disk.makeReadOnly()
      await world.collector.start()
      await heldBackUntil(world, () => disk.makeWritable())
    }
  },
}
