/**
 * Writes a parsed pattern for V8's linear engine, which knows no flag `i` (letters have become sets
 * by now), and repeats at most 16 times, nested repetitions multiplied: `x{40}` is written as
 * `x{16}x{16}x{8}`. That changes neither what matches nor which of several matches is found.
 */
import { ALL, type CharSet, complement } from './char-set.ts'
import { RegexpError } from './regexp-error.ts'
import type { RegexpNode, RepeatNode } from './tree.ts'

/** `kMaxReplicationFactor` of V8's experimental-compiler.cc. */
const REPEAT_AT_ONCE_MAX = 16
/** Characters and classes, counted as often as they are repeated: each may cost 30 ns per unit. */
const SIZE_MAX = 1000

interface Written {
  readonly text: string
  /** How often the innermost part is repeated, as V8 counts it. */
  readonly factor: number
  /** Characters and classes in it. */
  readonly size: number
  readonly hasCaptures: boolean
}

/** Throws a RegexpError if it becomes too long. */
export function writeRegexp(tree: RegexpNode): string {
  const { text, size } = write(tree)
  if (size <= SIZE_MAX) return text
  throw new RegexpError(`the pattern has ${size} characters; expected at most ${SIZE_MAX}`, 0)
}

function write(node: RegexpNode): Written {
  switch (node.kind) {
    case 'set':
      return { text: setText(node.set), factor: 1, size: 1, hasCaptures: false }
    case 'assertion':
      return { text: node.text, factor: 1, size: 1, hasCaptures: false }
    case 'sequence':
      return together(node.items.map(grouped), '')
    case 'choice':
      return together(node.options.map(write), '|')
    case 'capture':
      return captured(node.name, write(node.inner))
    case 'repeat':
      return repeated(node)
  }
}

function captured(name: string | null, inner: Written): Written {
  const text = name === null ? `(${inner.text})` : `(?<${name}>${inner.text})`
  return { ...inner, text, hasCaptures: true }
}

function together(parts: readonly Written[], separator: string): Written {
  return {
    text: parts.map(({ text }) => text).join(separator),
    factor: Math.max(1, ...parts.map(({ factor }) => factor)),
    size: parts.reduce((sum, { size }) => sum + size, 0),
    hasCaptures: parts.some(({ hasCaptures }) => hasCaptures),
  }
}

function grouped(node: RegexpNode): Written {
  const written = write(node)
  return node.kind === 'choice' ? { ...written, text: `(?:${written.text})` } : written
}

function repeated(node: RepeatNode): Written {
  const inner = write(node.inner)
  const isAtom = node.inner.kind === 'set' || node.inner.kind === 'capture'
  const atom = isAtom ? inner.text : `(?:${inner.text})`
  const { min, max, isLazy, position } = node
  const most = max === Infinity ? min : max
  const factor = Math.max(1, most)
  const size = inner.size * factor
  if (size > SIZE_MAX)
    throw new RegexpError('too many repetitions; expected smaller numbers', position)
  if (factor * inner.factor <= REPEAT_AT_ONCE_MAX) {
    const text = `${atom}${bounds(min, max)}${isLazy ? '?' : ''}`
    return { ...inner, text, factor: factor * inner.factor, size }
  }
  if (inner.hasCaptures) {
    const limit = `${REPEAT_AT_ONCE_MAX} times, nested repetitions multiplied`
    throw new RegexpError(`a group that captures is repeated more than ${limit}`, position)
  }
  const text = inPieces(node, atom, inner.factor)
  return { ...inner, text, factor: REPEAT_AT_ONCE_MAX, size }
}

/** First what must be there, then what may. */
function inPieces({ min, max, isLazy }: RepeatNode, atom: string, factor: number) {
  const size = Math.max(1, Math.floor(REPEAT_AT_ONCE_MAX / factor))
  const optional = max === Infinity ? 0 : max - min
  const lazy = isLazy ? '?' : ''
  let text = ''
  for (let left = min; left > 0; left -= size) text += `${atom}{${Math.min(left, size)}}`
  if (max === Infinity) return `${text}${atom}*${lazy}`
  for (let left = optional; left > 0; left -= size)
    text += `${atom}{0,${Math.min(left, size)}}${lazy}`
  return text
}

function bounds(min: number, max: number): string {
  if (max === Infinity) return min === 0 ? '*' : min === 1 ? '+' : `{${min},}`
  if (min === 0 && max === 1) return '?'
  return min === max ? `{${min}}` : `{${min},${max}}`
}

function setText(set: CharSet): string {
  if (set.length === 0) return '[]'
  if (set.length === 2 && set[0] === set[1]) return unitText(set[0]!)
  if (set.length === ALL.length && set.every((unit, index) => unit === ALL[index])) return '[^]'
  const rest = complement(set)
  return rest.length < set.length ? `[^${rangesText(rest)}]` : `[${rangesText(set)}]`
}

function rangesText(set: CharSet): string {
  let text = ''
  for (let at = 0; at < set.length; at += 2) {
    const [first, last] = [set[at]!, set[at + 1]!]
    text += first === last ? unitText(first) : `${unitText(first)}-${unitText(last)}`
  }
  return text
}

function unitText(unit: number): string {
  const char = String.fromCharCode(unit)
  return /[A-Za-z0-9_ ]/.test(char) ? char : `\\u${unit.toString(16).padStart(4, '0')}`
}
