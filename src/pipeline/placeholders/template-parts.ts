/**
 * Reads the text of a template into its parts: of a tag, a path, whatever is made of an event.
 *
 *     ${tag}  ${tag[1]}  ${tag[-1]}  ${tag[1..]}  ${$.field}  ${$.a.b}  ${$['a.b']}  %Y … %%
 *
 * and names that mean something where the template is used, say `${facility}`.
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
  /** One of the names that mean something here. */
  | { readonly kind: 'named'; readonly name: string }

export interface PartsOptions {
  /** Placeholders of its own that the place has: `facility` for `${facility}`. */
  readonly names?: readonly string[]
  /** Whether `${host}` means the field `host`, as in Fluentd; else it must be `${$.host}`. */
  readonly plainFields?: boolean
}

const PLACEHOLDERS_EXPECTED =
  "${tag}, ${tag[1]}, ${tag[-1]}, ${tag[1..]}, ${$.field}, ${$.outer.inner} or ${$['a.b']}"

const PLACEHOLDER = /\$\{([^}]*)\}|%(.?)/gsu
const FIELD = /^\$(?:\.[^.[\]{}'"]+|\['[^']+'\])+$/u
/** As chunk keys are written for Fluentd. */
const PLAIN_FIELD = /^[-\w@]+$/u
const FIELD_KEY = /\.([^.[\]{}'"]+)|\['([^']+)'\]/gu

/** The parts, neighbouring literals joined. Throws a TypeError that says what is wrong. */
export function readParts(text: string, options: PartsOptions = {}): Part[] {
  const parts: Part[] = []
  let end = 0
  for (const match of text.matchAll(PLACEHOLDER)) {
    addLiteral(parts, text.slice(end, match.index))
    const [whole, placeholder, letter] = match
    if (letter === '%') addLiteral(parts, '%')
    else if (letter !== undefined) parts.push(readTime(whole, letter))
    else parts.push(readPlaceholder(placeholder!, options))
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

/** The keys of a record field, `$.a.b`, from the outside in; undefined for another text. */
export function readField(text: string): string[] | undefined {
  if (!FIELD.test(text)) return undefined
  return [...text.matchAll(FIELD_KEY)].map((match) => match[1] ?? match[2]!)
}

/** The same, and `a` for the field of that name. */
export function readPlainField(text: string): string[] | undefined {
  return PLAIN_FIELD.test(text) ? [text] : readField(text)
}

/** What would be read as that field. */
export function fieldText(keys: readonly string[]): string {
  return `$${keys.map((key) => (/[.[\]{}'"]/.test(key) ? `['${key}']` : `.${key}`)).join('')}`
}

function readPlaceholder(inside: string, { names = [], plainFields = false }: PartsOptions): Part {
  if (inside === 'tag') return { kind: 'tag' }
  if (names.includes(inside)) return { kind: 'named', name: inside }
  const part = /^tag\[(-?\d{1,3})(\.\.)?\]$/.exec(inside)
  if (part) return { kind: part[2] ? 'tag_rest' : 'tag_part', index: Number(part[1]) }
  const keys = plainFields ? readPlainField(inside) : readField(inside)
  if (keys) return { kind: 'field', keys }
  const own = names.map((name) => `\${${name}}, `).join('')
  throw new TypeError(`cannot read \${${inside}}: expected ${own}${PLACEHOLDERS_EXPECTED}`)
}
