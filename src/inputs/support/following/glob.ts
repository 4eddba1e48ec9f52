/**
 * Path patterns as shells know them: `*`, `?`, `[a-z]`, `{one,other}`, and `**` for any number of
 * folders. A name that begins with a dot is found only by a pattern that has it.
 */
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { causeCode } from './cause-code.ts'
import { NamePattern } from './name-pattern.ts'

type Segment =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'pattern'; readonly pattern: NamePattern }
  /** `**` */
  | { readonly kind: 'folders' }

export interface GlobVisitor {
  /** Before the folder is read, so that whoever watches it misses nothing. */
  folder(path: string, isLast: boolean): void
  /** Something with a name that fits; it may be no file, or not there any more. */
  found(path: string): void
  failed(path: string, error: unknown): void
}

/** How many alternatives of braces a pattern may come to. */
const ALTERNATIVES_MAX = 1000
const SPECIAL = /[*?[\]{}\\]/

export class Glob {
  readonly #alternatives: readonly (readonly Segment[])[]

  /** Throws a TypeError that says what is wrong with `pattern`. */
  constructor(pattern: string) {
    this.#alternatives = alternatives(pattern).map((text) => splitAbsolute(text).map(readSegment))
  }

  /** Whether an absolute path is in it as it is, and does not only fit. */
  names(path: string): boolean {
    const names = path.slice(1).split('/')
    return this.#alternatives.some(
      (segments) => segments.every(({ kind }) => kind === 'name') && fitsNames(names, segments),
    )
  }

  /** Whether an absolute path fits. */
  fits(path: string): boolean {
    const names = path.slice(1).split('/')
    return this.#alternatives.some((segments) => fitsNames(names, segments))
  }

  /** Finds what fits now. Folders that `**` stands for are not entered through symbolic links. */
  async walk(visitor: GlobVisitor): Promise<void> {
    for (const segments of this.#alternatives) await walk('/', segments, 0, visitor)
  }
}

async function walk(
  folder: string,
  segments: readonly Segment[],
  index: number,
  visitor: GlobVisitor,
): Promise<void> {
  const segment = segments[index]!
  const isLast = index === segments.length - 1
  if (segment.kind === 'name') {
    const path = join(folder, segment.name)
    if (!isLast) return walk(path, segments, index + 1, visitor)
    visitor.folder(folder, true)
    return visitor.found(path)
  }
  visitor.folder(folder, isLast)
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (!['ENOENT', 'ENOTDIR'].includes(causeCode(error))) visitor.failed(folder, error)
    return []
  })
  if (segment.kind === 'folders') {
    await walk(folder, segments, index + 1, visitor)
    for (const entry of entries)
      if (entry.isDirectory() && !entry.name.startsWith('.'))
        await walk(join(folder, entry.name), segments, index, visitor)
    return
  }
  for (const entry of entries) {
    if (!segment.pattern.fits(entry.name)) continue
    const path = join(folder, entry.name)
    if (isLast) visitor.found(path)
    else if (entry.isDirectory() || entry.isSymbolicLink())
      await walk(path, segments, index + 1, visitor)
  }
}

/** The names of the absolute path; a pattern that ends in `**` means all that is below. */
function splitAbsolute(text: string): string[] {
  const names = resolve(text).split('/').filter(Boolean)
  if (names.length === 0) throw new TypeError('cannot read /: expected the path of a file')
  if (names.at(-1) === '**') names.push('*')
  return names
}

function readSegment(text: string): Segment {
  if (text === '**') return { kind: 'folders' }
  if (!SPECIAL.test(text)) return { kind: 'name', name: text }
  return { kind: 'pattern', pattern: new NamePattern(text) }
}

/** By all segments that may have been reached at once: no way is tried twice. */
function fitsNames(names: readonly string[], segments: readonly Segment[]): boolean {
  let reached = enter(new Set([0]), segments)
  for (const name of names) {
    const next = new Set<number>()
    for (const index of reached) {
      const segment = segments[index]
      if (segment === undefined) continue
      if (segment.kind === 'folders') {
        if (!name.startsWith('.')) next.add(index)
      } else if (fitsName(name, segment)) next.add(index + 1)
    }
    reached = enter(next, segments)
  }
  return reached.has(segments.length)
}

/** With those behind `**`, which may stand for no folder at all. */
function enter(reached: Set<number>, segments: readonly Segment[]): Set<number> {
  // A set is walked with what is added on the way.
  for (const index of reached) if (segments[index]?.kind === 'folders') reached.add(index + 1)
  return reached
}

function fitsName(name: string, segment: Exclude<Segment, { kind: 'folders' }>): boolean {
  return segment.kind === 'name' ? segment.name === name : segment.pattern.fits(name)
}

/** `{a,b}` written out, the innermost braces first. */
function alternatives(text: string): string[] {
  const done: string[] = []
  const open = [text]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const braces = /\{([^{}]*)\}/.exec(next)
    if (!braces) {
      if (/(^|[^\\])[{}]/.test(next))
        throw new TypeError(`cannot read a brace in ${text}: expected {one,other}`)
      done.push(next)
      continue
    }
    const before = next.slice(0, braces.index)
    const after = next.slice(braces.index + braces[0].length)
    for (const part of braces[1]!.split(',').toReversed()) open.push(before + part + after)
    if (open.length + done.length > ALTERNATIVES_MAX)
      throw new TypeError(`cannot read ${text}: expected at most ${ALTERNATIVES_MAX} alternatives`)
  }
  return done
}
