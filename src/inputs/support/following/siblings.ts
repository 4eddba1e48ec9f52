/**
 * The files that a log was before it was rotated: beside it, with its name and something more.
 * Which of the known ones they are is not said here.
 */
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { COMPRESSED } from './compressed.ts'
import { type FileStat, fileStat } from './identity.ts'

export interface Sibling {
  readonly path: string
  readonly stat: FileStat
  /** What its name has more than that of the log, the ending of compression left out. */
  readonly suffix: string
}

/** Begins as rotation marks do: `.1`, `-20261126`, `@2026-11-21T08-50-00.123Z`, `.old`. */
const SUFFIX = /^[.\-_@](\d[\dTZ:.@_+-]*|old|bak)$/
/** The same at the end of a name, and before its ending: `app-20261126.log`. */
const MARK_AT_END = /(.)[.\-_@](\d[\dTZ:@_+-]*|old|bak)$/
const MARK_BEFORE_ENDING = /^(.+?)[.\-_@](?:\d[\dTZ:.@_+-]*|old|bak)(\.[A-Za-z]\w*)$/
/** Where a mark may begin, behind one character at least. */
const MARK = /(?!^)[.\-_@](?=\d|old|bak)/g
const NUMBER = /^[.\-_@]?(\d{1,6})$/

/** Rotated files of the log at `path`, the oldest first. */
export async function siblingsOf(path: string): Promise<Sibling[]> {
  const folder = dirname(path)
  const names = await readdir(folder).catch(() => [])
  const all = new Set(names)
  const found = names.map(async (name) => {
    const suffix = rotationSuffix(basename(path), name)
    if (suffix === null) return null
    // While it is being compressed the plain one has all of it.
    if (COMPRESSED.test(name) && all.has(name.replace(COMPRESSED, ''))) return null
    const file = await statOrNull(join(folder, name))
    return file?.isFile ? { path: join(folder, name), stat: file, suffix } : null
  })
  // At once: the sooner it is done, the less has changed meanwhile.
  return inOrder((await Promise.all(found)).filter((each) => each !== null))
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

/** The log that the rotated file at `path` was; null if its name is not that of a rotated one. */
export function logOf(path: string): string | null {
  const folder = dirname(path)
  const name = basename(path).replace(COMPRESSED, '')
  const log = name.replace(MARK_BEFORE_ENDING, '$1$2').replace(MARK_AT_END, '$1')
  return log === name || log === '' ? null : join(folder, log)
}

/**
 * All that the one at `path` may be a rotated file of, by its name, as `rotationSuffix` says: in
 * its folder, and in the one above, as with logrotate's `olddir`.
 */
export function logsOf(path: string): string[] {
  const name = basename(path)
  const plain = name.replace(COMPRESSED, '')
  const logs = new Set<string>()
  for (const { index } of plain.matchAll(MARK)) {
    const [log, rest] = [plain.slice(0, index), plain.slice(index)]
    logs.add(log)
    for (const { index: ending } of rest.matchAll(/(?!^)\./g)) logs.add(log + rest.slice(ending))
  }
  const fitting = [...logs].filter((log) => rotationSuffix(log, name) !== null)
  const folder = dirname(path)
  return [folder, dirname(folder)].flatMap((each) => fitting.map((log) => join(each, log)))
}

/** The name of a rotated file is longer than that of its log. */
export function logsFirst(one: string, other: string): number {
  return one.length - other.length || (one < other ? -1 : 1)
}

/** What lies beside a log. */
export interface Family {
  /** Rotated files of the path, the oldest first. */
  readonly siblings: readonly Sibling[]
  /** Of the log that the path itself is a rotated file of. */
  readonly relatives: readonly Sibling[]
  /** Which file has which name. */
  readonly summary: string
}

/** What lies beside the log at `path`, which is not looked at itself. */
export async function familyOf(path: string): Promise<Family> {
  const current = await statOrNull(path)
  const isOther = ({ stat: { key } }: Sibling) => key !== current?.key
  const siblings = (await siblingsOf(path)).filter(isOther)
  const log = logOf(path)
  const kin = log === null ? [] : (await siblingsOf(log)).filter(isOther)
  const own = new Set(siblings.map((each) => each.path))
  const relatives = kin.filter((each) => !own.has(each.path))
  const names = [...siblings, ...relatives].map((each) => `${each.path} ${each.stat.key}`)
  return { siblings, relatives, summary: [current?.key, ...names].join('\n') }
}

export async function statOrNull(path: string): Promise<FileStat | null> {
  try {
    return fileStat(await stat(path, { bigint: true }))
  } catch (_absent) {
    // Gone, or in a folder that may not be entered: there is nothing to be read either way.
    return null
  }
}

/**
 * Of one form, numbers count up with age, and the later date is the younger. Where a folder has
 * several forms, the order within each is kept, and the files' own times say how they mix.
 */
function inOrder(found: readonly Sibling[]): Sibling[] {
  const forms = Map.groupBy(found, formOf)
  const sorted = [...forms.values()].map((each) => each.toSorted(byAge))
  return sorted.reduce((all, each) => mixed(all, each), [])
}

function formOf({ suffix }: Sibling): string {
  if (NUMBER.test(suffix)) return 'number'
  return /\d/.test(suffix) ? `date ${suffix.length}` : 'word'
}

function byAge(one: Sibling, other: Sibling): number {
  const [a, b] = [NUMBER.exec(one.suffix), NUMBER.exec(other.suffix)]
  const isWord = !/\d/.test(one.suffix)
  if (one.suffix === other.suffix || isWord) return one.stat.modifiedMs - other.stat.modifiedMs
  if (a && b) return Number(b[1]) - Number(a[1])
  return one.suffix < other.suffix ? -1 : 1
}

/** Both are in order and stay so. */
function mixed(some: readonly Sibling[], others: readonly Sibling[]): Sibling[] {
  const result: Sibling[] = []
  let [taken, index] = [0, 0]
  while (taken < some.length && index < others.length) {
    const isFirst = some[taken]!.stat.modifiedMs <= others[index]!.stat.modifiedMs
    result.push(isFirst ? some[taken++]! : others[index++]!)
  }
  return [...result, ...some.slice(taken), ...others.slice(index)]
}
