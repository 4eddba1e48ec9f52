/**
 * Cuts the text of a query into tokens. A word is whatever stands between white space, brackets,
 * quotes and `:`; a backslash takes the meaning from the character behind it.
 */
import { QueryError, type WildcardPart } from './query.ts'

type Symbol = '(' | ')' | '[' | ']' | '{' | '}' | ':' | '-' | '>' | '>=' | '<' | '<='

export type Token = Place &
  (
    | { readonly kind: 'symbol'; readonly symbol: Symbol }
    | { readonly kind: 'word'; readonly text: string; readonly parts: readonly WildcardPart[] }
    | { readonly kind: 'phrase'; readonly text: string }
    | { readonly kind: 'end' }
  )

interface Place {
  readonly start: number
  readonly end: number
}

const SINGLE = '()[]{}:'
/** End a word; `-`, `<` and `>` are symbols at its beginning only. */
const ENDS_WORD = /[\s()[\]{}:"]/u

/** All tokens, the last of which is `end`; throws a `QueryError`. */
export function tokensOf(query: string): Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < query.length;) {
    if (/\s/u.test(query[at]!)) {
      at++
      continue
    }
    const token = symbolAt(query, at) ?? phraseAt(query, at) ?? wordAt(query, at)
    tokens.push(token)
    at = token.end
  }
  tokens.push({ kind: 'end', start: query.length, end: query.length })
  return tokens
}

function symbolAt(query: string, start: number): Token | null {
  const char = query[start]!
  if (SINGLE.includes(char)) return symbol(char as Symbol, start)
  if (char === '<' || char === '>') {
    return symbol(query[start + 1] === '=' ? `${char}=` : char, start)
  }
  // A dash on its own, or before white space, is a word like others.
  const next = query[start + 1]
  return char === '-' && next !== undefined && !/\s/u.test(next) ? symbol('-', start) : null
}

function symbol(text: Symbol, start: number): Token {
  return { kind: 'symbol', symbol: text, start, end: start + text.length }
}

function phraseAt(query: string, start: number): Token | null {
  if (query[start] !== '"') return null
  let text = ''
  for (let at = start + 1; at < query.length; at++) {
    const char = query[at]!
    if (char === '"') return { kind: 'phrase', text, start, end: at + 1 }
    if (char === '\\' && at + 1 < query.length) at++
    text += query[at]!
  }
  throw new QueryError(
    query,
    start,
    query.length,
    'the phrase does not end; expected a " behind it',
  )
}

function wordAt(query: string, start: number): Token {
  const parts: WildcardPart[] = []
  let literal = ''
  let text = ''
  let at = start
  for (; at < query.length && !ENDS_WORD.test(query[at]!); at++) {
    const char = query[at]!
    if (char === '*' || char === '?') {
      if (literal !== '') parts.push({ text: literal })
      if (char !== '*' || parts.at(-1) !== '*') parts.push(char)
      literal = ''
      text += char
      continue
    }
    if (char === '\\') at = escaped(query, at)
    literal += query[at]!
    text += query[at]!
  }
  if (literal !== '') parts.push({ text: literal })
  return { kind: 'word', text, parts, start, end: at }
}

/** The place of the character that the backslash at `at` stands before. */
function escaped(query: string, at: number): number {
  if (at + 1 < query.length) return at + 1
  throw new QueryError(query, at, at + 1, 'the backslash has nothing behind it')
}
