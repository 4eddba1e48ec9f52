/** The disk of the files, or that of the buffer, has no room for a while. */
import { bufferedFile, configWith, fileOutput } from '../harness/configs.ts'
import { heldBackUntil } from '../harness/held-back.ts'
import type { Scenario, World } from '../harness/scenario.ts'
import { SmallDisk } from '../harness/small-disk.ts'

async function fillAgainAndAgain(world: World, folder: string): Promise<void> {
  const disk = SmallDisk.at(world, folder)
  for (let round = 0; world.goesOn(round); round++) {
    await world.untilAcknowledged(500)
    const full = await disk.keepFull()
    try {
      await heldBackUntil(world, async () => {
        await full.end()
        await disk.relieve()
      })
    } finally {
      await full.end()
    }
  }
}

export const diskFull: Scenario = {
  name: 'disk-full-file',
  summary: 'no room for the files',
  config: (places) => configWith(places, fileOutput('files'), 'files'),
  prepare: (world) => SmallDisk.mount(world, 'logs'),
  disturb: (world) => fillAgainAndAgain(world, 'logs'),
}

export const bufferDiskFull: Scenario = {
  name: 'disk-full-buffer',
  summary: 'no room for the buffer',
  config: (places) => configWith(places, bufferedFile('files', '100ms'), 'files'),
  prepare: (world) => SmallDisk.mount(world, 'data'),
  disturb: (world) => fillAgainAndAgain(world, 'data'),
}
