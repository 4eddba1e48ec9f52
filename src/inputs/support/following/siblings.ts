/**
 * The files that a log was before it was rotated: beside it, with its name and something more. What
 * is known of a file that has its name no more (its inode, how it began, how far it was read) finds
 * it again among them, also as a copy and compressed; those that were rotated after it were never
 * seen.
 */
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { beginningOf } from './beginning.ts'
import { COMPRESSED } from './compressed.ts'
import { type FileStat, fileStat, fitsHead, type Head, HEAD_BYTES_SURE } from './identity.ts'

export interface Sibling {
  readonly path: string
  readonly stat: FileStat
  /** What its name has more than that of the log, the ending of compression left out. */
  readonly suffix: string
}

/** What is known of a file. */
export interface Wanted {
  readonly key: string
  readonly head: Head
  /** It had at least so many bytes. */
  readonly sizeMin: number
  /** When it was read last, by the clock of files. */
  readonly seenMs: number
}

export interface Found {
  /** The file itself, a copy, or what it was compressed to; null if it is not there any more. */
  readonly old: Sibling | null
  /** Rotated after it, the oldest first. */
  readonly newer: readonly Sibling[]
}

/** How often a folder whose names change is listed. */
const ATTEMPTS = 10
/** The clock of files may be so much behind. */
const FILE_CLOCK_MS = 10

/** Begins as rotation marks do: `.1`, `-20261126`, `@2026-11-21T08-50-00.123Z`, `.old`. */
const SUFFIX = /^[.\-_@](\d[\dTZ:.@_+-]*|old|bak)$/
const NUMBER = /^[.\-_@]?(\d{1,6})$/

/** Rotated files of the log at `path`, the oldest first. */
export async function siblingsOf(path: string): Promise<Sibling[]> {
  const folder = dirname(path)
  const names = await readdir(folder).catch(() => [])
  const all = new Set(names)
  const found: Sibling[] = []
  for (const name of names) {
    const suffix = rotationSuffix(basename(path), name)
    if (suffix === null) continue
    // While it is being compressed the plain one has all of it.
    if (COMPRESSED.test(name) && all.has(name.replace(COMPRESSED, ''))) continue
    const file = await statOrNull(join(folder, name))
    if (file?.isFile) found.push({ path: join(folder, name), stat: file, suffix })
  }
  return found.sort(byAge)
}

/** What the name of a rotated file of `log` has more than it; null if `name` is none. */
export function rotationSuffix(log: string, name: string): string | null {
  const plain = name.replace(COMPRESSED, '')
  if (plain === log) return null
  if (plain.startsWith(log)) {
    const suffix = plain.slice(log.length)
    return SUFFIX.test(suffix) ? suffix : null
  }
  // The ending of the log may stay at the end: app-20261126.log.
  const extension = extname(log)
  const stem = log.slice(0, log.length - extension.length)
  if (extension === '' || !plain.startsWith(stem) || !plain.endsWith(extension)) return null
  if (plain.length < log.length) return null
  const suffix = plain.slice(stem.length, plain.length - extension.length)
  return SUFFIX.test(suffix) ? suffix : null
}

/**
 * Looks for a file among the rotated ones of the log at `path`, which is not looked at itself. A
 * folder cannot be listed at one moment: when names change meanwhile, it is listed again.
 */
export async function findRotated(path: string, wanted: Wanted): Promise<Found> {
  let listed = await listRotated(path)
  for (let attempt = 1; ; attempt++) {
    const { siblings } = listed
    const index = await indexOfWanted(siblings, wanted)
    const again = await listRotated(path)
    const isStable = again.summary === listed.summary
    if (!isStable && attempt < ATTEMPTS) {
      listed = again
      continue
    }
    if (index >= 0) return { old: siblings[index]!, newer: siblings.slice(index + 1) }
    return { old: null, newer: await newerThan(siblings, wanted) }
  }
}

/** Those that were written to since; not a copy that was made before the last of it was read. */
async function newerThan(siblings: readonly Sibling[], wanted: Wanted): Promise<Sibling[]> {
  const newer: Sibling[] = []
  for (const sibling of siblings) {
    const { modifiedMs } = sibling.stat
    if (modifiedMs <= wanted.seenMs - FILE_CLOCK_MS) continue
    if (!(await isWanted(sibling, { ...wanted, sizeMin: 0 }))) newer.push(sibling)
    else if (wanted.head.length < HEAD_BYTES_SURE) newer.push(sibling)
  }
  return newer
}

/** The log that the rotated file at `path` was; null if its name is not that of a rotated one. */
export function logOf(path: string): string | null {
  const plain = path.replace(COMPRESSED, '')
  const log = plain.replace(/[.\-_@](\d[\dTZ:@_+-]*|old|bak)$/, '')
  return log === plain || log.endsWith('/') ? null : log
}

interface Listed {
  readonly siblings: readonly Sibling[]
  /** Which file has which name. */
  readonly summary: string
}

async function listRotated(path: string): Promise<Listed> {
  const current = await statOrNull(path)
  const all = await siblingsOf(path)
  const summary = all.map((each) => `${each.path} ${each.stat.key}`).join('\n')
  return {
    siblings: all.filter(({ stat: { key } }) => key !== current?.key),
    summary: `${current?.key} ${summary}`,
  }
}

async function indexOfWanted(siblings: readonly Sibling[], wanted: Wanted): Promise<number> {
  const byInode = siblings.findIndex(({ stat: { key } }) => key === wanted.key)
  if (byInode >= 0 && (await isWanted(siblings[byInode]!, wanted))) return byInode
  if (wanted.head.length < HEAD_BYTES_SURE) return -1
  // The latest rotated one is the likeliest.
  for (let index = siblings.length - 1; index >= 0; index--)
    if (index !== byInode && (await isWanted(siblings[index]!, wanted))) return index
  return -1
}

async function isWanted({ path, stat: { size } }: Sibling, wanted: Wanted): Promise<boolean> {
  const isCompressed = COMPRESSED.test(path)
  if (!isCompressed && size < wanted.sizeMin) return false
  try {
    return fitsHead(await beginningOf(path), wanted.head)
  } catch (_unreadable) {
    // It cannot be the one that was read; if it is, that it is missing is logged by the caller.
    return false
  }
}

export async function statOrNull(path: string): Promise<FileStat | null> {
  try {
    return fileStat(await stat(path, { bigint: true }))
  } catch (_absent) {
    // Gone, or in a folder that may not be entered: there is nothing to be read either way.
    return null
  }
}

/** Numbers count up with age, the later date is the younger; else the file's own time counts. */
function byAge(one: Sibling, other: Sibling): number {
  const [a, b] = [NUMBER.exec(one.suffix), NUMBER.exec(other.suffix)]
  if (a && b) return Number(b[1]) - Number(a[1])
  if (!a && !b && one.suffix.length === other.suffix.length && one.suffix !== other.suffix)
    return one.suffix < other.suffix ? -1 : 1
  return one.stat.modifiedMs - other.stat.modifiedMs
}
