/** The process may open no more files (EMFILE) while files have to be rotated. */
import { runWell } from '../../test/support/child.ts'
import { bufferedFile, configWith, fileOutput } from '../harness/configs.ts'
import { readyAgain } from '../harness/held-back.ts'
import type { Scenario, World } from '../harness/scenario.ts'

const ROTATE = { more: ', rotate: { size: 32KiB }' }
/** Below those that are open: not even one that was closed before can be opened. */
const NONE = 3
const MANY = 4096

async function limit(world: World, files: number): Promise<void> {
  await runWell('prlimit', ['--pid', String(world.collector.id), `--nofile=${files}:`])
}

export const openFiles: Scenario = {
  name: 'open-files',
  summary: 'no more files may be opened while files are rotated',
  config: (places) => {
    const copy = bufferedFile('copy', '100ms', { ...ROTATE, folder: 'copy' })
    return configWith(places, `${fileOutput('files', ROTATE)}\n${copy}`, 'files, copy')
  },
  copies: [['logs'], ['copy']],
  disturb: async (world) => {
    for (let round = 0; world.goesOn(round); round++) {
      await world.untilAcknowledged(500)
      await limit(world, NONE)
      await world.untilHeldBack()
      world.disturbed()
      await limit(world, MANY)
      await readyAgain(world)
    }
  },
}
