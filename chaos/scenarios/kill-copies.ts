/** Copies to a plain output and to a buffered one: each must have everything. */
import { bufferedFile, configWith, fileOutput } from '../harness/configs.ts'
import { killAgainAndAgain, untilNoted } from '../harness/kills.ts'
import type { Scenario } from '../harness/scenario.ts'

export const killCopies: Scenario = {
  name: 'kill-copies',
  summary: 'kill -9 under load, copies to a file and to a buffered file',
  config: (places) => {
    const copy = bufferedFile('copy', '100ms', { folder: 'copy' })
    return configWith(places, `${fileOutput('files')}\n${copy}`, 'files, copy')
  },
  copies: [['logs'], ['copy']],
  disturb: killAgainAndAgain,
  repair: untilNoted,
}
