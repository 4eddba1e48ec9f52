/** A plain `file` output: what is acknowledged is in the file. */
import { configWith, fileOutput } from '../harness/configs.ts'
import { killAgainAndAgain, untilNoted } from '../harness/kills.ts'
import type { Scenario } from '../harness/scenario.ts'

export const killFile: Scenario = {
  name: 'kill-file',
  summary: 'kill -9 under load, file output',
  config: (places) => configWith(places, fileOutput('files'), 'files'),
  disturb: killAgainAndAgain,
  repair: untilNoted,
}
