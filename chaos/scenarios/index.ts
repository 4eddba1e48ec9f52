/** All scenarios, in the order they run. */
import type { Scenario } from '../harness/scenario.ts'
import { clock } from './clock.ts'
import { dataRemoved } from './data-removed.ts'
import { diskFullAway } from './disk-full-away.ts'
import { bufferDiskFull, diskFull } from './disk-full.ts'
import { forwardPeer, killForward } from './forward.ts'
import { killBuffer } from './kill-buffer.ts'
import { killCopies } from './kill-copies.ts'
import { killFile } from './kill-file.ts'
import { killGelf, killHttp } from './kill-http.ts'
import { killTail } from './kill-tail.ts'
import { openFiles } from './open-files.ts'
import { outputAway } from './output-away.ts'
import { readOnly } from './read-only.ts'
import { reload, rename } from './reload.ts'
import { stopped } from './stopped.ts'

export const scenarios: readonly Scenario[] = [
  killFile,
  ...killBuffer,
  killCopies,
  killForward,
  killHttp,
  killGelf,
  killTail,
  forwardPeer,
  diskFull,
  bufferDiskFull,
  diskFullAway,
  readOnly,
  dataRemoved,
  openFiles,
  stopped,
  outputAway,
  reload,
  rename,
  clock,
]
