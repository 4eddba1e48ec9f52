/**
 * The path of an event's file: fixed folders, then folders and a name with placeholders.
 *
 *     ./logs/app/${tag[0]}/${$.host}-%Y%m%d.log
 *     └──root──┘└─────── components ──────────┘
 *
 * Values are encoded (value-encoding.ts), so nothing an event holds can leave `root`. The grammar
 * of placeholders and times is that of all templates (src/pipeline/placeholders/).
 */
import { resolve } from 'node:path'
import { compileRegexp, type Regexp } from '../../../codecs/regexp/regexp.ts'
import { DIRECTIVES, type WallClock } from '../../../pipeline/placeholders/strftime.ts'
import { readParts, type Part } from '../../../pipeline/placeholders/template-parts.ts'
import {
  type EventValues,
  fieldsOf,
  MISSING,
  sliceMsOf,
  tagValue,
} from '../../../pipeline/placeholders/template.ts'
import { encodeValue, shortenEncoded, VALUE_BYTES_MIN } from './value-encoding.ts'

/** A file name has 255 bytes at most; this leaves room for `@<time>`, `.zst.tmp` and `.torn`. */
export const NAME_BYTES_MAX = 255 - 40
/** No directive renders more than this. */
const TIME_BYTES_MAX = 16

/** One folder or the file name of a template. */
interface Component {
  readonly parts: readonly Part[]
  /** Bytes each value in it may take. */
  readonly valueBytesMax: number
  /** What it renders to; a group per value, so that the groups name a file but for its time. */
  readonly pattern: Regexp
}

export class PathTemplate {
  /** The folder, absolute, below which everything stays. */
  readonly root: string
  /** Names below `root`, from the outside in; the last is the file's. */
  readonly components: readonly Component[]
  /** The ending of the file name: `.log`, or empty. */
  readonly extension: string
  /** Keys of the record fields it uses. */
  readonly fields: readonly (readonly string[])[]
  /** A rendered path holds for one slice of UTC of this length; 0 when no time is in it. */
  readonly sliceMs: number
  /** The template with `*` for whatever varies: what the output claims. */
  readonly claim: string
  readonly #prefix: string

  /** Throws a TypeError that says what is wrong with `text`. */
  constructor(text: string) {
    const { root, components } = splitComponents(readParts(text))
    this.root = resolve(root)
    this.#prefix = this.root === '/' ? '' : this.root
    this.components = components.map(compileComponent)
    const parts = components.flat()
    this.extension = extensionOf(components.at(-1)!)
    this.fields = fieldsOf(parts)
    this.sliceMs = sliceMsOf(parts)
    this.claim = [this.#prefix, ...components.map(starred)].join('/')
  }

  /** Whether some event could have this absolute path. */
  fits(path: string): boolean {
    const names = this.namesIn(path)
    if (!names) return false
    return this.components.every(({ pattern }, index) => pattern.test(names[index]!))
  }

  /** The names below the root, if the path has as many as the template. */
  namesIn(path: string): string[] | undefined {
    if (!path.startsWith(`${this.#prefix}/`)) return undefined
    const names = path.slice(this.#prefix.length + 1).split('/')
    return names.length === this.components.length ? names : undefined
  }

  /** The absolute path for an event. */
  render(values: EventValues, clock: WallClock): string {
    const offset = clock.offsetAt(values.utcMs)
    const wall = new Date(values.utcMs + offset)
    let fieldIndex = 0
    let path = this.#prefix
    for (const component of this.components) {
      path += '/'
      for (const part of component.parts) {
        if (part.kind === 'literal') path += part.text
        else if (part.kind === 'time')
          path += DIRECTIVES[part.letter]!.render(wall, values.utcMs, offset)
        else {
          const field = part.kind === 'field' ? values.fields[fieldIndex++] : undefined
          const value = part.kind === 'field' ? field : tagValue(part, values.tag)
          path += shortenEncoded(encodeValue(value ?? MISSING), component.valueBytesMax)
        }
      }
    }
    return path
  }
}

/** Takes the template apart at its slashes; the root is all that is fixed, but for the name. */
function splitComponents(parts: readonly Part[]): { root: string; components: Part[][] } {
  const components: Part[][] = [[]]
  for (const part of parts) {
    if (part.kind !== 'literal') components.at(-1)!.push(part)
    else
      for (const [index, text] of part.text.split('/').entries()) addText(components, index, text)
  }
  const firstVarying = components.findIndex((parts) =>
    parts.some((part) => part.kind !== 'literal'),
  )
  const at = firstVarying < 0 ? components.length - 1 : firstVarying
  const root = components.slice(0, at).map(literalText).join('/')
  // `/x.log` splits into an empty root, which would resolve to the current folder.
  return { root: root === '' && at > 0 ? '/' : root, components: components.slice(at) }
}

function addText(components: Part[][], index: number, text: string): void {
  if (index > 0) components.push([])
  if (text !== '') components.at(-1)!.push({ kind: 'literal', text })
}

function compileComponent(parts: readonly Part[], index: number, all: readonly Part[][]) {
  const text = literalText(parts)
  const isFixed = parts.every((part) => part.kind === 'literal')
  const isName = index === all.length - 1
  if (isFixed && ['', '.', '..'].includes(text))
    throw new TypeError(`cannot read "${text}" between slashes: expected the name of a file`)
  if (text.includes('\0')) throw new TypeError('cannot read NUL: expected a path')
  if (isName && text.includes('@'))
    throw new TypeError('cannot read @ in a file name: it is kept for the names of rotated files')
  const values = parts.filter((part) => part.kind !== 'literal' && part.kind !== 'time').length
  const times = parts.filter((part) => part.kind === 'time').length
  const room = NAME_BYTES_MAX - Buffer.byteLength(text) - times * TIME_BYTES_MAX
  const valueBytesMax = Math.floor(room / Math.max(values, 1))
  if (values > 0 ? valueBytesMax < VALUE_BYTES_MIN : room < 0)
    throw new TypeError(`cannot use a name this long: expected ${NAME_BYTES_MAX} bytes at most`)
  const pattern = compilePattern(parts, '([^@/]+?)', (letter) => DIRECTIVES[letter]!.pattern)
  return { parts, valueBytesMax, pattern }
}

/**
 * What a component renders to, with these patterns for its values and for its times. Whoever writes
 * into the folder chooses the names it is asked about, so it is one that cannot hang.
 */
export function compilePattern(
  parts: readonly Part[],
  value: string,
  timeOf: (letter: string) => string,
): Regexp {
  const patterns = parts.map((part) => {
    if (part.kind === 'literal') return part.text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
    return part.kind === 'time' ? timeOf(part.letter) : value
  })
  return compileRegexp(`^${patterns.join('')}$`, 's')
}

function literalText(parts: readonly Part[]): string {
  return parts.map((part) => (part.kind === 'literal' ? part.text : '')).join('')
}

function starred(parts: readonly Part[]): string {
  return parts.map((part) => (part.kind === 'literal' ? part.text : '*')).join('')
}

/** From the last dot of the literal text at the end of the name, unless the name starts there. */
function extensionOf(name: readonly Part[]): string {
  const last = name.at(-1)
  if (last?.kind !== 'literal') return ''
  const dot = last.text.lastIndexOf('.')
  return dot < 0 || (dot === 0 && name.length === 1) ? '' : last.text.slice(dot)
}
