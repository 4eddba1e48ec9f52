/**
 * Where a field is in a record: `level`, `kubernetes.pod_name`, `labels["com.example/app"]`. A `$.`
 * before it says that it is a field, whatever it is called: `$.tag` is the record's own.
 */
import { ConditionError } from './condition-error.ts'

export interface FieldPath {
  /** As it was written. */
  readonly text: string
  /** From the outside in, as UTF-8; what `findNested` takes. */
  readonly keys: readonly Uint8Array[]
}

export interface ReadFieldPath extends FieldPath {
  /** Behind it. */
  readonly end: number
}

const NAME = /[A-Za-z_@$\u0080-\uffff][\w@$\-\u0080-\uffff]*/y
const INNER_NAME = /[\w@$\-\u0080-\uffff]+/y
const DEPTH_MAX = 32
const EXPECTED = 'a field: level, kubernetes.pod or labels["a.b"]'

/** `text` as a whole. Throws a ConditionError. */
export function parseFieldPath(text: string): FieldPath {
  const path = readFieldPath(text, 0)
  if (path.end === text.length) return path
  throw new ConditionError(`found ${text[path.end]}; expected ${EXPECTED}`, path.end)
}

/** The path that begins at `position`. Throws a ConditionError if none does. */
export function readFieldPath(text: string, position: number): ReadFieldPath {
  const start = position
  const keys: string[] = []
  let end = position
  if (text.startsWith('$.', position)) end += 2
  else if (text.startsWith('$[', position)) end += 1
  const first = text[end] === '[' ? readBracket(text, end) : readName(text, end, NAME)
  keys.push(first.key)
  end = first.end
  while (text[end] === '.' || text[end] === '[') {
    const next = text[end] === '[' ? readBracket(text, end) : readName(text, end + 1, INNER_NAME)
    keys.push(next.key)
    end = next.end
    if (keys.length > DEPTH_MAX)
      throw new ConditionError(`a field is at most ${DEPTH_MAX} levels deep`, start)
  }
  return { text: text.slice(start, end), keys: keys.map((key) => Buffer.from(key)), end }
}

function readName(text: string, position: number, form: RegExp): { key: string; end: number } {
  form.lastIndex = position
  const found = form.exec(text)
  if (!found) throw new ConditionError(`${foundAt(text, position)}; expected ${EXPECTED}`, position)
  return { key: found[0], end: form.lastIndex }
}

function readBracket(text: string, position: number): { key: string; end: number } {
  const quote = text[position + 1]
  if (quote !== '"' && quote !== "'")
    throw new ConditionError('expected a name in quotes: ["a.b"]', position + 1)
  const { value, end } = readQuoted(text, position + 1)
  if (text[end] !== ']') throw new ConditionError(`${foundAt(text, end)}; expected ]`, end)
  return { key: value, end: end + 1 }
}

/** The text in quotes that begins at `position`; `\"`, `\\`, `\n` and `\t` are known in it. */
export function readQuoted(text: string, position: number): { value: string; end: number } {
  const quote = text[position]!
  let value = ''
  for (let at = position + 1; at < text.length; at++) {
    const char = text[at]!
    if (char === quote) return { value, end: at + 1 }
    value += char === '\\' ? unescaped(text[++at] ?? '', at) : char
  }
  throw new ConditionError(`the text has no closing ${quote}`, position)
}

function unescaped(letter: string, position: number): string {
  if (letter === 'n') return '\n'
  if (letter === 't') return '\t'
  if (letter === 'r') return '\r'
  if (/["'\\/]/.test(letter)) return letter
  throw new ConditionError(`unknown escape \\${letter}; expected \\\\, \\" or \\n`, position - 1)
}

/** What stands at `position`, for messages. */
export function foundAt(text: string, position: number): string {
  if (position >= text.length) return 'found the end'
  return `found ${/^(\w+|.)/su.exec(text.slice(position))![0]}`
}
