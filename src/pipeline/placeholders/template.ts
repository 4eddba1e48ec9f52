/**
 * A text with placeholders, and what it becomes for an event. The grammar is in template-parts.ts,
 * the times are in strftime.ts.
 */
import { DIRECTIVES, type WallClock } from './strftime.ts'
import { type Part, type PartsOptions, readParts } from './template-parts.ts'

/** Stands for what an event does not have: a field, or a part of its tag. */
export const MISSING = 'unknown'

export interface EventValues {
  readonly tag: string
  readonly utcMs: number
  /** The values of the template's `fields`, in their order; undefined when there is none. */
  readonly fields: readonly (string | undefined)[]
  /** Of the template's `names`. */
  readonly named?: Readonly<Record<string, string>>
}

export class Template {
  readonly parts: readonly Part[]
  /** Record fields it uses, each by its keys from the outside in; one may come twice. */
  readonly fields: readonly (readonly string[])[]
  /** What it renders to holds for one slice of UTC of this length; 0 when no time is in it. */
  readonly sliceMs: number

  /** Throws a TypeError that says what is wrong with `text`. */
  constructor(text: string, options: PartsOptions = {}) {
    this.parts = readParts(text, options)
    this.fields = fieldsOf(this.parts)
    this.sliceMs = sliceMsOf(this.parts)
  }

  render(values: EventValues, clock: WallClock): string {
    const offset = this.sliceMs === 0 ? 0 : clock.offsetAt(values.utcMs)
    const wall = new Date(values.utcMs + offset)
    let fieldIndex = 0
    let text = ''
    for (const part of this.parts) {
      if (part.kind === 'literal') text += part.text
      else if (part.kind === 'time')
        text += DIRECTIVES[part.letter]!.render(wall, values.utcMs, offset)
      else if (part.kind === 'field') text += values.fields[fieldIndex++] ?? MISSING
      else if (part.kind === 'named') text += values.named?.[part.name] ?? MISSING
      else text += tagValue(part, values.tag) ?? MISSING
    }
    return text
  }
}

export function fieldsOf(parts: readonly Part[]): (readonly string[])[] {
  return parts.filter((part) => part.kind === 'field').map((part) => part.keys)
}

/** How long the times in it stay the same at least, aligned to UTC; 0 when there are none. */
export function sliceMsOf(parts: readonly Part[]): number {
  const slices = parts.flatMap((part) =>
    part.kind === 'time' ? [DIRECTIVES[part.letter]!.sliceMs] : [],
  )
  return slices.length === 0 ? 0 : Math.min(...slices)
}

/** What a part takes of the tag; undefined when the tag has no such piece. */
export function tagValue(part: Part, tag: string): string | undefined {
  if (part.kind === 'tag') return tag
  const pieces = tag.split('.')
  if (part.kind === 'tag_part') return pieces.at(part.index)
  if (part.kind !== 'tag_rest') return undefined
  const rest = pieces.slice(part.index)
  return rest.length === 0 ? undefined : rest.join('.')
}
