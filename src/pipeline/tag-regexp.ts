/**
 * A tag pattern between slashes. Fluentd writes it as `\A` + pattern + `\z`, without a group, and
 * so do we: `/a|b/` fits what starts with `a` or ends with `b`. No tag can hang it: what cannot be
 * had in linear time is refused, but for looking ahead at the beginning, which is a search of its
 * own (docs/decisions/regexp.md).
 */
import { compileRegexp, type Regexp, RegexpError } from '../codecs/regexp/regexp.ts'
import { TagPatternError } from './tag-pattern-error.ts'

interface Look {
  readonly source: string
  /** Where it begins in the pattern. */
  readonly position: number
  readonly isWanted: boolean
}

/** `pattern` with its slashes; `start` is where it begins, for error positions. */
export function compileTagRegexp(pattern: string, start: number): (tag: string) => boolean {
  const inner = pattern.slice(1, -1)
  const { looks, end } = looksAhead(inner)
  const rest = inner.slice(end)
  if (looks.length > 0 && hasAlternatives(rest)) {
    const message = 'looking ahead needs ( ) around the alternatives behind it'
    throw new TagPatternError(message, start + 1 + end)
  }
  const whole = compileAt('^', rest, '$', start + 1 + end)
  const ahead = looks.map(({ source, position, isWanted }) => {
    return { regexp: compileAt('^(?:', source, ')', start + 1 + position), isWanted }
  })
  if (ahead.length === 0) return (tag) => whole.test(tag)
  return (tag) => ahead.every((look) => look.regexp.test(tag) === look.isWanted) && whole.test(tag)
}

/** `position` is where the source begins, for error positions. */
function compileAt(before: string, source: string, behind: string, position: number): Regexp {
  try {
    return compileRegexp(before + source + behind)
  } catch (error) {
    if (!(error instanceof RegexpError)) throw error
    const place = Math.min(Math.max(0, error.position - before.length), source.length)
    throw new TagPatternError(error.message, position + place)
  }
}

/** `(?=…)` and `(?!…)` with which the pattern begins, and where they end. */
function looksAhead(inner: string): { readonly looks: readonly Look[]; readonly end: number } {
  const looks: Look[] = []
  let end = 0
  for (;;) {
    const opening = /^(?:\^|\\A)*\(\?([=!])/.exec(inner.slice(end))
    if (!opening) return { looks, end }
    const position = end + opening[0].length
    const close = groupEnd(inner, position)
    // Without its end it is for the error of the whole.
    if (close < 0 || /^[*+?{]/.test(inner.slice(close + 1))) return { looks, end }
    looks.push({ source: inner.slice(position, close), position, isWanted: opening[1] === '=' })
    end = close + 1
  }
}

/** Where the parenthesis is that closes the group whose inside begins at `start`, or -1. */
function groupEnd(source: string, start: number): number {
  let depth = 1
  for (const { character, position } of signs(source, start)) {
    if (character === '(') depth++
    if (character === ')' && --depth === 0) return position
  }
  return -1
}

function hasAlternatives(source: string): boolean {
  let depth = 0
  for (const { character } of signs(source, 0)) {
    if (character === '(') depth++
    if (character === ')') depth--
    if (character === '|' && depth === 0) return true
  }
  return false
}

/** The characters that are neither escaped nor in a set. */
function* signs(source: string, start: number) {
  let isInSet = false
  for (let position = start; position < source.length; position++) {
    const character = source[position]!
    if (character === '\\') position++
    else if (character === '[') isInSet = true
    else if (character === ']') isInSet = false
    else if (!isInSet) yield { character, position }
  }
}
