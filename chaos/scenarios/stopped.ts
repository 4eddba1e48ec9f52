/** The process gets no time at all for a while, as on a machine that is suspended or swaps. */
import { bufferedFile, configWith, fileOutput } from '../harness/configs.ts'
import { readyAgain } from '../harness/held-back.ts'
import type { Scenario } from '../harness/scenario.ts'

export const stopped: Scenario = {
  name: 'stopped',
  summary: 'SIGSTOP, and SIGCONT after a second or two',
  config: (places) => {
    const copy = bufferedFile('copy', '100ms', { folder: 'copy' })
    return configWith(places, `${fileOutput('files')}\n${copy}`, 'files, copy')
  },
  copies: [['logs'], ['copy']],
  disturb: async (world) => {
    for (let round = 0; world.goesOn(round); round++) {
      await world.untilAcknowledged(500)
      await world.pause(0, 200)
      world.collector.signal('SIGSTOP')
      await world.untilHeldBack()
      await world.pause(0, 1000)
      world.collector.signal('SIGCONT')
      world.disturbed()
      await readyAgain(world)
    }
  },
}
