/**
 * Reads the text of a path template into its parts. What the parts mean: path-template.ts.
 *
 *     ${tag}  ${tag[1]}  ${tag[-1]}  ${tag[1..]}  ${$.field}  ${$.a.b}  ${$['a.b']}  %Y … %%
 */
import { DIRECTIVES, DIRECTIVES_EXPECTED } from './strftime.ts'

export type Part =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'time'; readonly letter: string }
  | { readonly kind: 'tag' }
  /** One part of the tag, counted from 0, or from the end when negative. */
  | { readonly kind: 'tag_part'; readonly index: number }
  /** The tag from a part to its end. */
  | { readonly kind: 'tag_rest'; readonly index: number }
  /** A record's field, by its keys from the outside in. */
  | { readonly kind: 'field'; readonly keys: readonly string[] }

const PLACEHOLDERS_EXPECTED =
  "${tag}, ${tag[1]}, ${tag[-1]}, ${tag[1..]}, ${$.field}, ${$.outer.inner} or ${$['a.b']}"

const PLACEHOLDER = /\$\{([^}]*)\}|%(.?)/gsu
const FIELD = /^\$(?:\.[^.[\]{}'"]+|\['[^']+'\])+$/u
const FIELD_KEY = /\.([^.[\]{}'"]+)|\['([^']+)'\]/gu

/** The parts, neighbouring literals joined. Throws a TypeError that says what is wrong. */
export function readParts(text: string): Part[] {
  const parts: Part[] = []
  let end = 0
  for (const match of text.matchAll(PLACEHOLDER)) {
    addLiteral(parts, text.slice(end, match.index))
    const [whole, placeholder, letter] = match
    if (letter === '%') addLiteral(parts, '%')
    else parts.push(letter === undefined ? readPlaceholder(placeholder!) : readTime(whole, letter))
    end = match.index + whole.length
  }
  addLiteral(parts, text.slice(end))
  return parts
}

function addLiteral(parts: Part[], text: string): void {
  if (text === '') return
  if (text.includes('${')) throw new TypeError('cannot read ${ without its }')
  const last = parts.at(-1)
  if (last?.kind === 'literal') parts[parts.length - 1] = { ...last, text: last.text + text }
  else parts.push({ kind: 'literal', text })
}

function readTime(whole: string, letter: string): Part {
  if (Object.hasOwn(DIRECTIVES, letter)) return { kind: 'time', letter }
  throw new TypeError(`cannot read ${whole}: expected ${DIRECTIVES_EXPECTED}`)
}

function readPlaceholder(inside: string): Part {
  if (inside === 'tag') return { kind: 'tag' }
  const part = /^tag\[(-?\d{1,3})(\.\.)?\]$/.exec(inside)
  if (part) return { kind: part[2] ? 'tag_rest' : 'tag_part', index: Number(part[1]) }
  if (FIELD.test(inside)) {
    const keys = [...inside.matchAll(FIELD_KEY)].map((match) => match[1] ?? match[2]!)
    return { kind: 'field', keys }
  }
  throw new TypeError(`cannot read \${${inside}}: expected ${PLACEHOLDERS_EXPECTED}`)
}
