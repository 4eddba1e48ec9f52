/** The record fields a template uses, read in place from trusted entries. */
import { ENTRY_RECORD_OFFSET } from '../../codecs/entry.ts'
import { skipValue } from '../../codecs/record.ts'
import { findNested, valueAsText } from './field-value.ts'

export class EventFields {
  readonly #fields: readonly (readonly Uint8Array[])[]

  /** Each by its keys from the outside in. */
  constructor(fields: readonly (readonly string[])[]) {
    this.#fields = fields.map((keys) => keys.map((key) => Buffer.from(key)))
  }

  /** Of the entry at `offset`, in the order of the fields; undefined for one it does not have. */
  valuesAt(entries: Uint8Array, offset: number): (string | undefined)[] {
    return this.#fields.map((keys) => {
      const at = findNested(entries, offset + ENTRY_RECORD_OFFSET, keys)
      return at < 0 ? undefined : valueAsText(entries, at)
    })
  }

  /** Whether two entries agree in all of them, byte by byte; allocates nothing. */
  areSame(entries: Uint8Array, one: number, other: number): boolean {
    for (const keys of this.#fields) {
      const a = findNested(entries, one + ENTRY_RECORD_OFFSET, keys)
      const b = findNested(entries, other + ENTRY_RECORD_OFFSET, keys)
      if (!isSameValue(entries, a, b)) return false
    }
    return true
  }
}

function isSameValue(bytes: Uint8Array, one: number, other: number): boolean {
  if (one < 0 || other < 0) return one === other
  const length = skipValue(bytes, one) - one
  if (skipValue(bytes, other) - other !== length) return false
  for (let index = 0; index < length; index++) {
    if (bytes[one + index] !== bytes[other + index]) return false
  }
  return true
}
