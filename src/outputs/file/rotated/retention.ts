/** Which rotated files of one active file are too many, too old or too large to keep. */
import type { KeepLimits } from '../settings.ts'

export interface RotatedFile {
  readonly path: string
  readonly rotatedAtMs: number
  readonly bytes: number
}

/** The files to delete; the newest are kept. The active file counts for no limit. */
export function filesToDelete(
  files: readonly RotatedFile[],
  keep: KeepLimits,
  nowMs: number,
): RotatedFile[] {
  const newestFirst = [...files].sort(
    (a, b) => b.rotatedAtMs - a.rotatedAtMs || a.path.localeCompare(b.path),
  )
  const doomed: RotatedFile[] = []
  const times = new Set<number>()
  let bytes = 0
  for (const file of newestFirst) {
    // A file and its compressed form, while both are there, count as one.
    times.add(file.rotatedAtMs)
    bytes += file.bytes
    const isTooMany = times.size > (keep.files ?? Infinity)
    const isTooOld = nowMs - file.rotatedAtMs > (keep.ageMs ?? Infinity)
    if (isTooMany || isTooOld || bytes > (keep.bytes ?? Infinity)) doomed.push(file)
  }
  return doomed
}
