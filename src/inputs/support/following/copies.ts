/** Copies of a log beside it, as logrotate's `copytruncate` makes them. */
import { basename, dirname } from 'node:path'
import type { Clock } from '../../../pipeline/clock.ts'
import { Contents } from './contents.ts'
import { type FileStat, HEAD_BYTES_SURE } from './identity.ts'
import { rotationSuffix, statOrNull } from './siblings.ts'
import type { TailedPath } from './tailed-path.ts'

/** A file that nobody has written to for so long is not about to become a copy. */
const COPY_MS = 2000

/** The paths of which the one at `path` is a rotated file by its name. */
export function logsBeside(
  path: string,
  paths: Iterable<TailedPath>,
): readonly Pick<TailedPath, 'realPath'>[] {
  return [...paths].filter(
    ({ realPath: log }) =>
      log !== path &&
      dirname(log) === dirname(path) &&
      rotationSuffix(basename(log), basename(path)) !== null,
  )
}

/** Whether too little is there yet to say whether it is becoming a copy. */
export function isUnclear({ size, modifiedMs }: FileStat, clock: Clock): boolean {
  return size < HEAD_BYTES_SURE && clock.now() - modifiedMs < COPY_MS
}

/** Whether it is a copy of what one of the logs has now. */
export async function isCopyOf(
  contents: Contents,
  logs: readonly Pick<TailedPath, 'realPath'>[],
): Promise<boolean> {
  for (const { realPath } of logs) {
    const stat = await statOrNull(realPath)
    if (!stat?.isFile || stat.key === contents.stat.key) continue
    const log = await Contents.of(realPath, stat).catch(() => null)
    if (log && (await contents.isLike(log).catch(() => false))) return true
  }
  return false
}
