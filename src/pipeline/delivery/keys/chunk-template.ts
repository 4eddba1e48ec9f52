/**
 * An option of an output with placeholders that hold for a whole chunk, and what they need: that
 * the events of a chunk agree in it, which is what chunk keys are for.
 *
 *     logs-${tag[1]}-%Y.%m.%d    ${$.host}  ${host}    ${chunk_id}
 */
import { UNIT_MS } from '../../placeholders/strftime.ts'
import { fieldText, type Part } from '../../placeholders/template-parts.ts'
import { MISSING, Template } from '../../placeholders/template.ts'
import type { Chunk } from '../chunk.ts'
import { nameOfField } from './chunk-key.ts'
import type { ChunkKeySettings } from './settings.ts'

/** Of all lengths that UNIT_MS has. */
const UNIT_NAMES: Readonly<Record<number, string>> = {
  1000: '1s',
  60_000: '1m',
  3_600_000: '1h',
  43_200_000: '12h',
  86_400_000: '1d',
  604_800_000: '7d',
}
const DIFFERENT = 'the events of a chunk may differ in it'
const UTC = { offsetAt: () => 0 }

export class ChunkTemplate {
  readonly #template: Template
  readonly #fieldNames: readonly string[]
  readonly #usesId: boolean

  /** Throws a TypeError that says what is wrong with `text`. */
  constructor(text: string) {
    this.#template = new Template(text, { names: ['chunk_id'], plainFields: true })
    this.#fieldNames = this.#template.fields.map(nameOfField)
    this.#usesId = this.#template.parts.some(({ kind }) => kind === 'named')
  }

  /** What the events of the chunk do not have is `unknown`. */
  render(chunk: Pick<Chunk, 'id' | 'key'>): string {
    const { key } = chunk
    const values = {
      tag: key?.tag ?? MISSING,
      utcMs: key?.time ?? 0,
      fields: this.#fieldNames.map((name) => key?.fields.get(name)),
      named: this.#usesId ? { chunk_id: chunk.id } : {},
    }
    return this.#template.render(values, key?.clock ?? UTC)
  }

  /** What it cannot say of the chunks of a buffer with these keys; each key that lacks once. */
  problemsWith(keys: ChunkKeySettings | null): string[] {
    const problems = new Map<string, string>()
    for (const part of this.#template.parts) {
      const problem = problemOf(part, keys)
      if (!problem || problems.has(problem.expected)) continue
      const { expected } = problem
      problems.set(expected, `cannot use ${partText(part)}: ${DIFFERENT}; expected ${expected}`)
    }
    return [...problems.values()]
  }
}

interface Problem {
  readonly expected: string
}

function problemOf(part: Part, keys: ChunkKeySettings | null): Problem | null {
  switch (part.kind) {
    case 'literal':
    case 'named':
      return null
    case 'time':
      return keys?.time ? sliceProblem(part.letter, keys.time.sliceMs) : missing('time')
    case 'field': {
      const name = nameOfField(part.keys)
      const isKey = keys?.fields.some((field) => nameOfField(field) === name) ?? false
      return isKey ? null : missing(fieldText(part.keys))
    }
    case 'tag':
    case 'tag_part':
    case 'tag_rest':
      return keys?.byTag ? null : missing('tag')
  }
}

function missing(key: string): Problem {
  return { expected: `"${key}" in buffer.chunk.keys` }
}

function sliceProblem(letter: string, sliceMs: number): Problem | null {
  const unitMs = UNIT_MS[letter]!
  if (unitMs % sliceMs === 0) return null
  return { expected: `a buffer.chunk.time.slice of ${UNIT_NAMES[unitMs]} or an even part of it` }
}

function partText(part: Part): string {
  switch (part.kind) {
    case 'literal':
      return part.text
    case 'time':
      return `%${part.letter}`
    case 'named':
      return `\${${part.name}}`
    case 'field':
      return `\${${fieldText(part.keys)}}`
    case 'tag':
      return '${tag}'
    case 'tag_part':
      return `\${tag[${part.index}]}`
    case 'tag_rest':
      return `\${tag[${part.index}..]}`
  }
}
