/** A `file` output behind a buffer on disk, for each way to sync it. */
import { bufferedFile, configWith } from '../harness/configs.ts'
import { killAgainAndAgain, untilNoted } from '../harness/kills.ts'
import type { Scenario } from '../harness/scenario.ts'

export const killBuffer: readonly Scenario[] = ['never', '100ms', 'always'].map((fsync) => ({
  name: `kill-buffer-${fsync}`,
  summary: `kill -9 under load, file output behind a buffer with fsync: ${fsync}`,
  config: (places) => configWith(places, bufferedFile('files', fsync), 'files'),
  disturb: killAgainAndAgain,
  repair: untilNoted,
}))
