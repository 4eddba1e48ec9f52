/**
 * What is wrong with a configuration, where, and how that is shown:
 *
 *     logboom.yaml:4:5: error: inputs.docker: unknown key "lisen"; did you mean "listen"?
 *       4 |     lisen: tcp://127.0.0.1:24224
 *         |     ^^^^^
 */
import { relative } from 'node:path'

export interface SourceFile {
  /** Absolute path, or a name such as `<default>` for text that is in no file. */
  readonly name: string
  readonly text: string
}

/** A stretch of a source, as offsets in UTF-16 units. */
export interface Location {
  readonly source: SourceFile
  readonly start: number
  readonly end: number
}

export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly location?: Location
  /** Another place that has part in it, such as the first of two equal names. */
  readonly note?: { readonly message: string; readonly location: Location }
}

export interface Position {
  readonly line: number
  readonly column: number
}

const EXCERPT_COLUMNS = 100

/** A configuration that cannot be used; `diagnostics` says why. */
export class ConfigError extends Error {
  readonly diagnostics: readonly Diagnostic[]

  constructor(message: string, diagnostics: readonly Diagnostic[]) {
    super(message)
    this.name = 'ConfigError'
    this.diagnostics = diagnostics
  }
}

/** All diagnostics as text; values of `secretKeys` are hidden in the lines shown. */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  secretKeys: ReadonlySet<string> = new Set(),
): string {
  return diagnostics.map((diagnostic) => render(diagnostic, secretKeys)).join('\n')
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error')
}

/** Those of `found` that are not about a place of which something is `known`. */
export function elsewhere(
  found: readonly Diagnostic[],
  known: readonly Diagnostic[],
): Diagnostic[] {
  return found.filter((one) => !known.some((other) => isSamePlace(other, one)))
}

function isSamePlace({ location: a }: Diagnostic, { location: b }: Diagnostic): boolean {
  return a?.source === b?.source && a?.start === b?.start
}

/** In the order of the files, then from top to bottom. */
export function inReadingOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const files = [...new Set(diagnostics.map((diagnostic) => diagnostic.location?.source))]
  const rank = ({ location }: Diagnostic) => files.indexOf(location?.source)
  return distinct(diagnostics).sort(
    (a, b) => rank(a) - rank(b) || (a.location?.start ?? 0) - (b.location?.start ?? 0),
  )
}

/** What stands behind an anchor is read, and found wanting, once for each alias of it. */
function distinct(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const same = (a: Diagnostic, b: Diagnostic) =>
    a.message === b.message && a.location?.start === b.location?.start
  return diagnostics.filter(
    (diagnostic, index) => !diagnostics.slice(0, index).some((other) => same(diagnostic, other)),
  )
}

/** Line and column of an offset, both from 1; columns count characters. */
export function positionOf(source: SourceFile, offset: number): Position {
  const before = source.text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: [...before.slice(lineStart)].length + 1 }
}

function render({ severity, message, location, note }: Diagnostic, secrets: ReadonlySet<string>) {
  const lines = [`${location ? `${placeOf(location)}: ` : ''}${severity}: ${message}`]
  if (location) lines.push(...excerpt(location, secrets))
  if (note) {
    lines.push(`${placeOf(note.location)}: note: ${note.message}`)
    lines.push(...excerpt(note.location, secrets))
  }
  return lines.join('\n') + '\n'
}

export function placeOf({ source, start }: Location): string {
  const { line, column } = positionOf(source, start)
  return `${shortName(source.name)}:${line}:${column}`
}

/** Paths below the working folder are shown relative to it, others as they are. */
function shortName(name: string): string {
  if (!name.startsWith('/')) return name
  const short = relative(process.cwd(), name)
  return short.startsWith('..') ? name : short
}

function excerpt({ source, start, end }: Location, secrets: ReadonlySet<string>): string[] {
  const lineStart = source.text.lastIndexOf('\n', start - 1) + 1
  const newline = source.text.indexOf('\n', start)
  const lineEnd = newline === -1 ? source.text.length : newline
  const line = source.text.slice(lineStart, lineEnd).trimEnd()
  const caretStart = Math.min(start - lineStart, line.length)
  const caretEnd = Math.max(Math.min(end - lineStart, line.length), caretStart + 1)
  const shown = isInSecretBlock(source.text.slice(0, lineStart), line, secrets)
    ? { text: indentOf(line) + '***', start: indentOf(line).length, end: line.length }
    : hideSecrets(line, caretStart, caretEnd, secrets)
  return numbered(positionOf(source, start).line, cropped(shown))
}

interface Shown {
  readonly text: string
  readonly start: number
  readonly end: number
}

/**
 * Hides the value after each secret key; moves the caret along with what became shorter. A key at
 * the start of a line owns all the rest of it: outside of { } and [ ] a value may hold any sign.
 */
function hideSecrets(line: string, start: number, end: number, keys: ReadonlySet<string>): Shown {
  const shown = { text: line, start, end }
  if (keys.size === 0) return shown
  const name = `["']?(?:${[...keys].join('|')})["']?\\s*:\\s*`
  const rest = new RegExp(`^(\\s*(?:- +)*${name})(\\S.*)$`, 'g')
  const quoted = `"(?:[^"\\\\]|\\\\.)*"?|'(?:[^']|'')*'?`
  const list = `\\[(?:${quoted}|[^\\]"'])*\\]?`
  const value = `${list}|${quoted}|[^\\s,}\\]][^,}\\]]*`
  const inFlow = new RegExp(`(?<![\\w-])(${name})(${value})`, 'g')
  const secret = rest.test(line) ? new RegExp(rest) : inFlow
  for (const match of [...line.matchAll(secret)].reverse()) {
    const from = match.index + match[1]!.length
    const to = match.index + match[0].length
    shown.text = shown.text.slice(0, from) + '***' + shown.text.slice(to)
    shown.start = moved(shown.start, from, to)
    shown.end = Math.max(moved(shown.end, from, to), shown.start + 1)
  }
  return shown
}

/** Whether the line behind `before` is part of what stands below a secret key, over many lines. */
function isInSecretBlock(before: string, line: string, keys: ReadonlySet<string>): boolean {
  if (keys.size === 0) return false
  let child = line
  for (const above of before.split('\n').reverse()) {
    if (!isParent(above, child)) continue
    const key = /^\s*(?:- +)*["']?([\w-]+)["']?\s*:/.exec(above)?.[1]
    if (key !== undefined && keys.has(key)) return true
    child = above
  }
  return false
}

/** Items of a list may stand as far to the left as their key. */
function isParent(above: string, child: string): boolean {
  if (/^\s*(#|$)/.test(above)) return false
  const [outer, inner] = [indentOf(above).length, indentOf(child).length]
  return outer < inner || (outer === inner && isItem(child) && !isItem(above))
}

function isItem(line: string): boolean {
  return /^\s*-(\s|$)/.test(line)
}

function indentOf(line: string): string {
  return /^\s*/.exec(line)![0]
}

function moved(offset: number, from: number, to: number): number {
  if (offset <= from) return offset
  return offset >= to ? offset - (to - from) + 3 : from + 3
}

/** A window around the caret, for lines that no terminal could show. */
function cropped({ text, start, end }: Shown): Shown {
  if (text.length <= EXCERPT_COLUMNS) return { text, start, end }
  const from = Math.max(0, Math.min(start - 40, text.length - EXCERPT_COLUMNS))
  const window = text.slice(from, from + EXCERPT_COLUMNS)
  const shownEnd = Math.min(end - from, EXCERPT_COLUMNS)
  if (from === 0) return { text: window + '…', start, end: shownEnd }
  return { text: `…${window}`, start: start - from + 1, end: shownEnd + 1 }
}

function numbered(lineNumber: number, { text, start, end }: Shown): string[] {
  const number = String(lineNumber).padStart(3)
  const indent = text.slice(0, start).replaceAll(/[^\t]/gu, ' ')
  const carets = '^'.repeat(Math.max(1, [...text.slice(start, end)].length))
  return [`${number} | ${text}`, `${' '.repeat(number.length)} | ${indent}${carets}`]
}
