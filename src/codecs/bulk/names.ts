/**
 * Names that the fields of a document can have, of the names that a record has. Servers refuse a
 * document with an empty name, one of blanks or dots only, a repeated one, `_id` and the like, and
 * `a` beside `a.b` unless `a` is an object: docs/specs/bulk-documents.md has what they say.
 */
import { isBin, isStr } from '../msgpack/format.ts'
import { ByteWriter } from '../byte-writer.ts'
import { encodeJsonKey } from '../json/value-encoder.ts'
import { mapBodyOffset, mapCount, payloadEnd, payloadStart, skipValue } from '../record.ts'
import type { BulkFormat } from './format.ts'

/** A field's name becomes part of the cluster's state: longer ones are no names. */
export const NAME_BYTES_MAX = 512
/** What could not be a field of its own, as JSON text. */
export const OTHER_FIELDS = 'other_fields'

/** How many names made longer by an underscore are tried; more repetitions have no name. */
const UNDERSCORES_MAX = 31
/** What servers keep for themselves at the root of a document, in one version or another. */
const METADATA_NAMES =
  '_data_stream_timestamp _doc_count _feature _field_names _id _ignored _ignored_source _index ' +
  '_index_mode _inference_fields _nested_path _primary_term _recovery_source _routing _seq_no ' +
  '_size _source _tier _tombstone _ts_routing_hash _tsid _type _uid _version'
/** As Java has it: beside what is blank here the four separators of ASCII. */
const BLANK = /^[\s\u001c-\u001f]*$/u
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

export class FieldNames {
  readonly #replaceDots: string | null
  readonly #depthMax: number
  readonly #reserved: ReadonlySet<string>
  readonly #keyWriter = new ByteWriter(256)

  constructor({ timeField, tagField, replaceDots, depthMax }: BulkFormat) {
    this.#replaceDots = replaceDots
    this.#depthMax = depthMax
    const own = tagField === null ? [timeField] : [timeField, tagField]
    this.#reserved = new Set([...METADATA_NAMES.split(' '), OTHER_FIELDS, ...own])
  }

  /**
   * The names of the fields of the map at `offset`, in their order; null for a field that can have
   * none. Of those with one name the last one keeps it, as for readers of JSON; those before it get
   * underscores in front. `level` is 1 at the root.
   */
  of(source: Uint8Array, offset: number, level: number): (string | null)[] {
    const names = this.#cleanNames(source, offset, level)
    if (this.#replaceDots === null) separatePaths(names)
    const taken = new Set<string>(names.filter((name) => name !== null))
    if (taken.size < names.length) this.#tellApart(names, taken)
    return names
  }

  #cleanNames(source: Uint8Array, offset: number, level: number): (string | null)[] {
    const names: (string | null)[] = []
    let position = mapBodyOffset(source, offset)
    for (let left = mapCount(source, offset); left > 0; left--) {
      const keyEnd = skipValue(source, position)
      names.push(this.#clean(this.#textOf(source, position), level))
      position = skipValue(source, keyEnd)
    }
    return names
  }

  /** Null when it is too long. */
  #textOf(source: Uint8Array, offset: number): string | null {
    const type = source[offset]!
    if (isStr(type) || isBin(type)) {
      const start = payloadStart(source, offset)
      const end = payloadEnd(source, offset)
      return end - start > NAME_BYTES_MAX ? null : decoder.decode(source.subarray(start, end))
    }
    this.#keyWriter.clear()
    encodeJsonKey(source, offset, this.#keyWriter)
    if (this.#keyWriter.length > NAME_BYTES_MAX) return null
    return JSON.parse(decoder.decode(this.#keyWriter.written())) as string
  }

  #clean(text: string | null, level: number): string | null {
    if (text === null) return null
    let name = text
    if (name.includes('.')) name = this.#cleanPath(name, level)
    else if (BLANK.test(name)) name = `_${name}`
    if (level > 1) return name
    const dot = name.indexOf('.')
    const rest = dot < 0 ? '' : name.slice(dot)
    let first = dot < 0 ? name : name.slice(0, dot)
    while (this.#reserved.has(first)) first = `_${first}`
    return first + rest
  }

  #cleanPath(name: string, level: number): string {
    if (this.#replaceDots !== null) return name.replaceAll('.', this.#replaceDots)
    const parts = name.split('.')
    if (level - 1 + parts.length > this.#depthMax) return parts.join('_')
    return parts.map((part) => (BLANK.test(part) ? `_${part}` : part)).join('.')
  }

  #tellApart(names: (string | null)[], taken: Set<string>): void {
    const given = new Set<string>()
    for (const name of [...taken]) addPaths(name, taken)
    for (let index = names.length - 1; index >= 0; index--) {
      const name = names[index] ?? null
      if (name === null) continue
      if (given.has(name)) names[index] = this.#freeName(name, taken)
      else given.add(name)
    }
  }

  #freeName(name: string, taken: Set<string>): string | null {
    let free = name.replaceAll('.', '_')
    for (let count = 0; count < UNDERSCORES_MAX; count++) {
      free = `_${free}`
      if (taken.has(free) || this.#reserved.has(free)) continue
      taken.add(free)
      return free
    }
    return null
  }
}

/** `a` and `a.b` of `a.b.c`, which are objects. */
function addPaths(name: string, paths: Set<string>): void {
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
    paths.add(name.slice(0, dot))
  }
}

/** `a.b` beside `a` becomes `a_b`: where the one is a value, the other cannot be in an object. */
function separatePaths(names: (string | null)[]): void {
  const all = new Set(names)
  for (const [index, name] of names.entries()) {
    if (name === null || !name.includes('.')) continue
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      if (!all.has(name.slice(0, dot))) continue
      names[index] = name.replaceAll('.', '_')
      break
    }
  }
}
