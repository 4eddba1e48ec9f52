/**
 * Tag patterns as Fluentd reads them (lib/fluent/match.rb and event_router.rb of fluent/fluentd).
 * Several patterns stand side by side, separated by spaces or commas; a tag has to fit one of
 * them. `/…/` is a regular expression (tag-regexp.ts), everything else a glob (tag-glob.ts).
 */
import { compileTagGlob } from './tag-glob.ts'
import { TagPatternError } from './tag-pattern-error.ts'
import { compileTagRegexp } from './tag-regexp.ts'

export type TagPattern = (tag: string) => boolean

/** What a pattern may be made of, for messages. */
export const TAG_PATTERN_EXPECTED =
  '* for one part, ** for any number of parts, {a,b} for either, /regexp/, ' +
  'or several of these separated by spaces or commas'

/** Throws an Error that says what is wrong and at which column. */
export function compileTagPattern(text: string): TagPattern {
  try {
    return anyOf(splitPatterns(text).map((piece) => compileOne(text, piece)))
  } catch (error) {
    if (!(error instanceof TagPatternError)) throw error
    const where = `${error.message} at column ${error.position + 1}`
    const message = `cannot read tag pattern "${text}": ${where}; expected ${TAG_PATTERN_EXPECTED}`
    throw new Error(message, { cause: error })
  }
}

interface Piece {
  readonly start: number
  readonly end: number
}

function compileOne(text: string, { start, end }: Piece): TagPattern {
  const pattern = text.slice(start, end)
  if (pattern === '**') return matchesAll
  return pattern.startsWith('/') ? compileTagRegexp(pattern, start) : compileTagGlob(pattern, start)
}

function anyOf(patterns: readonly TagPattern[]): TagPattern {
  if (patterns.includes(matchesAll)) return matchesAll
  if (patterns.length === 1) return patterns[0]!
  return (tag) => patterns.some((matches) => matches(tag))
}

function matchesAll(): boolean {
  return true
}

function splitPatterns(text: string): Piece[] {
  const pieces: Piece[] = []
  let position = 0
  for (;;) {
    while (isSeparator(text, position)) position++
    if (position === text.length) break
    const end = text[position] === '/' ? regexpEnd(text, position) : globEnd(text, position)
    pieces.push({ start: position, end })
    position = end
  }
  if (pieces.length === 0) throw new TagPatternError('there is nothing in it', 0)
  return pieces
}

function isSeparator(text: string, position: number): boolean {
  return position < text.length && /[\s,]/.test(text[position]!)
}

/** Behind the first unescaped slash with which a pattern can end. */
function regexpEnd(text: string, start: number): number {
  for (let position = start + 1; position < text.length; position++) {
    const character = text[position]!
    const after = position + 1
    if (character === '\\') position++
    else if (character === '/' && (after === text.length || isSeparator(text, after))) return after
  }
  throw new TagPatternError('the regular expression has no closing /', start)
}

/** The first space, or the first comma outside braces. */
function globEnd(text: string, start: number): number {
  const open: number[] = []
  let position = start
  for (; position < text.length; position++) {
    const character = text[position]!
    if (character === '\\') position++
    else if (character === '{') open.push(position)
    else if (character === '}') open.pop()
    else if (isSeparator(text, position) && (open.length === 0 || character !== ',')) break
  }
  const unclosed = open.at(-1)
  if (unclosed !== undefined) throw new TagPatternError('{ has no closing }', unclosed)
  return Math.min(position, text.length)
}
