/** Copies of a log beside it, as logrotate's `copytruncate` makes them. */
import type { Clock } from '../../../pipeline/clock.ts'
import { Contents } from './contents.ts'
import { type FileStat, HEAD_BYTES_SURE } from './identity.ts'
import { statOrNull } from './siblings.ts'

/** A file that nobody has written to for so long is not about to become a copy. */
const COPY_MS = 2000

/** Whether too little is there yet to say whether it is becoming a copy. */
export function isUnclear({ size, modifiedMs }: FileStat, clock: Clock): boolean {
  return size < HEAD_BYTES_SURE && clock.now() - modifiedMs < COPY_MS
}

/** Whether it is a copy of what one of the logs at these paths has now. */
export async function isCopyOf(contents: Contents, logs: readonly string[]): Promise<boolean> {
  for (const path of logs) {
    const stat = await statOrNull(path)
    if (!stat?.isFile || stat.key === contents.stat.key) continue
    const log = await Contents.of(path, stat).catch(() => null)
    if (log && (await contents.isLike(log).catch(() => false))) return true
  }
  return false
}
