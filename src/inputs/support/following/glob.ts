/**
 * Path patterns as shells know them: `*`, `?`, `[a-z]`, `{one,other}`, and `**` for any number of
 * folders. A name that begins with a dot is found only by a pattern that has it.
 */
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { causeCode } from './cause-code.ts'

type Segment =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'pattern'; readonly regexp: RegExp }
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
  readonly #regexps: readonly RegExp[]

  /** Throws a TypeError that says what is wrong with `pattern`. */
  constructor(pattern: string) {
    const texts = alternatives(pattern).map((text) => splitAbsolute(text))
    this.#alternatives = texts.map((names) => names.map(readSegment))
    this.#regexps = texts.map(wholeRegexp)
  }

  /** Whether an absolute path fits. */
  fits(path: string): boolean {
    return this.#regexps.some((regexp) => regexp.test(path))
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
    if (!segment.regexp.test(entry.name)) continue
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
  return { kind: 'pattern', regexp: new RegExp(`^${segmentPattern(text)}$`, 'su') }
}

function wholeRegexp(names: readonly string[]): RegExp {
  const parts = names.map((name) =>
    name === '**' ? '(?:/(?!\\.)[^/]+)*' : `/${segmentPattern(name)}`,
  )
  return new RegExp(`^${parts.join('')}$`, 'su')
}

function segmentPattern(text: string): string {
  let pattern = /^[*?[]/.test(text) ? '(?!\\.)' : ''
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!
    if (character === '*') pattern += '[^/]*'
    else if (character === '?') pattern += '[^/]'
    else if (character === '[') {
      const end = text.indexOf(']', index + 2)
      if (end < 0) throw new TypeError(`cannot read [ in ${text}: expected its ]`)
      pattern += characterClass(text.slice(index + 1, end))
      index = end
    } else if (character === '\\') pattern += literal(text[++index] ?? '\\')
    else pattern += literal(character)
  }
  return pattern
}

function characterClass(text: string): string {
  const isNegated = /^[!^]/.test(text)
  const inside = text.slice(isNegated ? 1 : 0).replaceAll(/[\\\]^[&]/g, '\\$&')
  return `[${isNegated ? '^/' : ''}${inside}]`
}

function literal(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character
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
