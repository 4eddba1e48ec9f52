/** The rules of `rewrite_tag`: which events, and what tag. */
import { ENTRY_RECORD_OFFSET, entryNanoseconds, entrySeconds } from '../../../codecs/entry.ts'
import { compileRegexp, type Regexp } from '../../../codecs/regexp/regexp.ts'
import type { Fault } from '../../component.ts'
import { compileCondition, type Condition } from '../../conditions/condition.ts'
import { parseFieldPath } from '../../conditions/field-path.ts'
import { EventFields } from '../../placeholders/event-fields.ts'
import { findNested, valueAsText } from '../../placeholders/field-value.ts'
import { Template } from '../../placeholders/template.ts'

export interface RuleConfig {
  readonly if?: string
  readonly field?: string
  readonly pattern?: string
  readonly tag: string
}

type Named = Readonly<Record<string, string>>

const UTC = { offsetAt: () => 0 }
const NO_GROUPS: Named = {}

export class Rule {
  readonly #condition: Condition | null
  readonly #keys: readonly Uint8Array[] | null
  readonly #regexp: Regexp | null
  readonly #template: Template
  readonly #fields: EventFields

  constructor({ if: condition, field, pattern, tag }: RuleConfig) {
    this.#condition = condition === undefined ? null : compileCondition(condition)
    this.#keys = field === undefined ? null : parseFieldPath(field).keys
    this.#regexp = pattern === undefined ? null : compileRegexp(pattern)
    this.#template = new Template(tag, { names: groupsOf(this.#regexp) })
    this.#fields = new EventFields(this.#template.fields)
  }

  /** The new tag of the entry at `entry`, or null if the rule is not for it. */
  tagFor(bytes: Uint8Array, entry: number, tag: string): string | null {
    if (this.#condition && !this.#condition.fits(bytes, entry, tag)) return null
    const named = this.#regexp ? this.#search(bytes, entry, tag, this.#regexp) : NO_GROUPS
    if (!named) return null
    const utcMs = entrySeconds(bytes, entry) * 1000 + entryNanoseconds(bytes, entry) / 1e6
    const fields = this.#fields.valuesAt(bytes, entry)
    return this.#template.render({ tag, utcMs, fields, named }, UTC)
  }

  #search(bytes: Uint8Array, entry: number, tag: string, regexp: Regexp): Named | null {
    const text = this.#keys ? textAt(bytes, entry, this.#keys) : tag
    const match = text === undefined ? null : regexp.exec(text)
    if (!match) return null
    const named: Record<string, string> = {}
    for (const [number, value] of match.entries()) {
      // A group of an alternative that was not taken is a part the event does not have.
      if (value === undefined) continue
      named[String(number)] = value
      const name = regexp.groupNames[number]
      if (name) named[name] = value
    }
    return named
  }
}

function textAt(bytes: Uint8Array, entry: number, keys: readonly Uint8Array[]) {
  const offset = findNested(bytes, entry + ENTRY_RECORD_OFFSET, keys)
  return offset < 0 ? undefined : valueAsText(bytes, offset)
}

function groupsOf(regexp: Regexp | null): string[] {
  return (regexp?.groupNames ?? []).flatMap((name, number) =>
    name === null ? [String(number)] : [String(number), name],
  )
}

/** What the schema cannot say. */
export function ruleFaults(rule: RuleConfig, index: number): Fault[] {
  const path = ['rules', String(index)]
  if (rule.field !== undefined && rule.pattern === undefined) {
    const message = 'cannot use "field" without "pattern"; expected what is to be found in it'
    return [{ path: [...path, 'field'], message }]
  }
  try {
    new Rule(rule)
    return []
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return [
      { path: [...path, 'tag'], message: `cannot use ${rule.tag} as a tag: ${error.message}` },
    ]
  }
}
