/**
 * Tags made of what a message says: `syslog.${facility}.${severity}`. Which names there are is the
 * input's; what a message does not have is `unknown`. Grammar: pipeline/placeholders/.
 */
import { type Part, readParts } from '../../pipeline/placeholders/template-parts.ts'
import { MISSING } from '../../pipeline/placeholders/template.ts'
import type { Fault } from '../../pipeline/component.ts'

export type TagPart = Extract<Part, { kind: 'literal' | 'named' }>

/** Throws a TypeError that says what is wrong with `text`. */
export function parseTag(text: string, names: readonly string[]): readonly TagPart[] {
  const expected = names.map((name) => `\${${name}}`).join(', ')
  return readParts(text, { names }).map((part) => {
    if (part.kind === 'literal' || part.kind === 'named') return part
    throw new TypeError(`cannot make a tag of it: it has another placeholder than ${expected}`)
  })
}

/** What is wrong with a tag, for the `faults` of an input. */
export function tagFaults(text: string, names: readonly string[], key = 'tag'): Fault[] {
  try {
    parseTag(text, names)
    return []
  } catch (error) {
    return [{ path: [key], message: `is wrong: ${(error as Error).message}` }]
  }
}

/** `valueOf` answers the empty text for what there is not. */
export function renderTag(parts: readonly TagPart[], valueOf: (name: string) => string): string {
  let tag = ''
  for (const part of parts) {
    tag += part.kind === 'literal' ? part.text : valueOf(part.name) || MISSING
  }
  return tag
}
