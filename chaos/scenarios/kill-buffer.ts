/** A `file` output behind a buffer on disk, for each way to sync it, and compressed. */
import { bufferedFile, configWith } from '../harness/configs.ts'
import { killAgainAndAgain, untilNoted } from '../harness/kills.ts'
import type { Scenario } from '../harness/scenario.ts'

const WAYS = [
  { name: 'never', fsync: 'never', compress: 'none' },
  { name: '100ms', fsync: '100ms', compress: 'none' },
  { name: 'always', fsync: 'always', compress: 'none' },
  { name: 'zstd', fsync: '100ms', compress: 'zstd' },
] as const

export const killBuffer: readonly Scenario[] = WAYS.map(({ name, fsync, compress }) => ({
  name: `kill-buffer-${name}`,
  summary: `kill -9 under load, file output, disk buffer, fsync: ${fsync}, compress: ${compress}`,
  config: (places) => configWith(places, bufferedFile('files', fsync, { compress }), 'files'),
  disturb: killAgainAndAgain,
  repair: untilNoted,
}))
