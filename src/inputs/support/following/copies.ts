/** Copies of a log beside it, as logrotate's `copytruncate` makes them. */
import { basename, dirname } from 'node:path'
import type { Clock } from '../../../pipeline/clock.ts'
import { beginningOf } from './beginning.ts'
import { type FileStat, fitsHead, HEAD_BYTES_SURE } from './identity.ts'
import type { Positions } from './positions.ts'
import { rotationSuffix } from './siblings.ts'
import type { TailedPath } from './tailed-path.ts'

/** A file that nobody has written to for so long is not about to become a copy. */
const COPY_MS = 2000
const NOTHING = new Uint8Array(0)

export interface CopiesOptions {
  readonly context: { readonly clock: Clock }
  readonly positions: Positions
  readonly paths: ReadonlyMap<string, TailedPath>
}

/**
 * Whether the file at `path`, which begins so, is a copy of a log beside it that is about to be
 * emptied: what the log does not have any more is read from it then. One of which too little is
 * there may be becoming one.
 */
export async function isCopy(
  path: string,
  stat: FileStat,
  beginning: Uint8Array,
  options: CopiesOptions,
): Promise<boolean> {
  const logs = [...options.paths.values()].filter(
    ({ path: log, current, realPath }) =>
      log !== path &&
      current?.key !== stat.key &&
      dirname(realPath) === dirname(path) &&
      rotationSuffix(basename(realPath), basename(path)) !== null,
  )
  if (logs.length === 0) return false
  if (beginning.length < HEAD_BYTES_SURE)
    return options.context.clock.now() - stat.modifiedMs < COPY_MS
  for (const log of logs) if (await isOf(log, beginning, options)) return true
  return false
}

/** Whether the log begins so, or a file that it was and that is not read to its end. */
async function isOf(
  { path, realPath, current }: TailedPath,
  beginning: Uint8Array,
  { positions }: CopiesOptions,
): Promise<boolean> {
  const there = await beginningOf(realPath).catch(() => NOTHING)
  if (isSameBeginning(there, beginning)) return true
  if (isSameBeginning(current?.beginning ?? NOTHING, beginning)) return true
  return positions.all.some(
    ({ of, isDone, head }) =>
      of === path && !isDone && head.length >= HEAD_BYTES_SURE && fitsHead(beginning, head),
  )
}

/** As far as both are there; of little it cannot be said. */
function isSameBeginning(one: Uint8Array, other: Uint8Array): boolean {
  const common = Math.min(one.length, other.length)
  if (common < HEAD_BYTES_SURE) return false
  return Buffer.compare(one.subarray(0, common), other.subarray(0, common)) === 0
}
