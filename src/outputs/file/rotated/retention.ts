/** Which rotated files of one active file are too many, too old or too large to keep. */
import type { KeepLimits } from '../settings.ts'
import { withoutEnding } from './rotated-name.ts'

export interface RotatedFile {
  readonly path: string
  /** Orders files by the time in their path, before that of their rotation. */
  readonly rank: string
  readonly rotatedAtMs: number
  readonly bytes: number
}

/** The files to delete; the newest are kept. The active file counts for no limit. */
export function filesToDelete(
  files: readonly RotatedFile[],
  keep: KeepLimits,
  nowMs: number,
): RotatedFile[] {
  const newestFirst = [...files].sort(byAge)
  const doomed: RotatedFile[] = []
  const names = new Set<string>()
  let bytes = 0
  for (const file of newestFirst) {
    // A file and its compressed form, while both are there, count as one.
    names.add(withoutEnding(file.path))
    bytes += file.bytes
    const isTooMany = names.size > (keep.files ?? Infinity)
    const isTooOld = nowMs - file.rotatedAtMs > (keep.ageMs ?? Infinity)
    if (isTooMany || isTooOld || bytes > (keep.bytes ?? Infinity)) doomed.push(file)
  }
  return doomed
}

/** The newest first. */
function byAge(a: RotatedFile, b: RotatedFile): number {
  if (a.rank !== b.rank) return a.rank < b.rank ? 1 : -1
  return b.rotatedAtMs - a.rotatedAtMs || a.path.localeCompare(b.path)
}
