/**
 * Names of rotated files: `docker.web1.log` becomes `docker.web1@2026-11-21T08-50-00.123Z.log`,
 * with `.gz` or `.zst` behind it once compressed. The time is when it was rotated, in UTC, so names
 * sort by time. `@` is in no encoded value, so no event can write to such a name.
 */
import { basename, dirname, join } from 'node:path'
import { statIfThere, type FileSystem } from '../file-system.ts'

export const COMPRESSED_ENDINGS = { gzip: '.gz', zstd: '.zst' } as const
export type Compression = keyof typeof COMPRESSED_ENDINGS
/** Behind the name of a compressed file that is still being written. */
export const UNFINISHED_ENDING = '.tmp'

const TIME = '\\d{4}-\\d{2}-\\d{2}T\\d{2}-\\d{2}-\\d{2}\\.\\d{3}Z'
const ROTATED = new RegExp(`^([^@]+)@(${TIME})(.*?)(\\.gz|\\.zst)?(\\.tmp)?$`, 's')

export interface RotatedName {
  /** The name of the active file it was. */
  readonly activeName: string
  readonly rotatedAtMs: number
  readonly isCompressed: boolean
  /** Left by a compression that did not end. */
  readonly isUnfinished: boolean
}

/** What a file name says if it is one of a rotated file with this extension, else undefined. */
export function parseRotatedName(name: string, extension: string): RotatedName | undefined {
  const match = ROTATED.exec(name)
  if (match?.[3] !== extension) return undefined
  const rotatedAtMs = Date.parse(match[2]!.replace(/T(\d\d)-(\d\d)-/, 'T$1:$2:'))
  const isCompressed = match[4] !== undefined
  if (Number.isNaN(rotatedAtMs) || (match[5] !== undefined && !isCompressed)) return undefined
  return {
    activeName: match[1]! + extension,
    rotatedAtMs,
    isCompressed,
    isUnfinished: match[5] !== undefined,
  }
}

/** The path of a rotated file before it was compressed. */
export function withoutEnding(path: string): string {
  const ending = Object.values(COMPRESSED_ENDINGS).find((ending) => path.endsWith(ending))
  return ending === undefined ? path : path.slice(0, -ending.length)
}

/** The path of an active file once rotated at `atMs`. */
export function rotatedPath(activePath: string, extension: string, atMs: number): string {
  const stem = basename(activePath).slice(0, basename(activePath).length - extension.length)
  const time = new Date(atMs).toISOString().replaceAll(':', '-')
  return join(dirname(activePath), `${stem}@${time}${extension}`)
}

/** As `rotatedPath`, a few milliseconds later if need be: it never names a file that exists. */
export async function freeRotatedPath(
  fileSystem: FileSystem,
  active: { readonly path: string; readonly extension: string },
  nowMs: number,
): Promise<string> {
  for (let atMs = nowMs; ; atMs++) {
    const path = rotatedPath(active.path, active.extension, atMs)
    const taken = await Promise.all(
      ['', ...Object.values(COMPRESSED_ENDINGS)].map((ending) =>
        statIfThere(fileSystem, path + ending),
      ),
    )
    if (taken.every((stats) => stats === undefined)) return path
  }
}
