/** The operations of `modify`, each made once from its configuration. */
import { ByteWriter } from '../../../codecs/byte-writer.ts'
import { ENTRY_RECORD_OFFSET, entryNanoseconds, entrySeconds } from '../../../codecs/entry.ts'
import type { FieldEdit } from '../../../codecs/kernel/edit-fields.ts'
import {
  writeBoolean,
  writeInteger,
  writeMapHeader,
  writeStr,
  writeStrBytes,
} from '../../../codecs/msgpack/writer.ts'
import { isStrEqual, mapBodyOffset, mapCount, skipValue } from '../../../codecs/record.ts'
import { parseFieldPath } from '../../conditions/field-path.ts'
import type { Counter } from '../../metrics.ts'
import { EventFields } from '../../placeholders/event-fields.ts'
import { findNested } from '../../placeholders/field-value.ts'
import { Template } from '../../placeholders/template.ts'
import { countKey, type ValueBytes, writeWith, writeWithout } from '../support/map-edits.ts'
import { Cast } from './cast.ts'
import type { Operation } from '../support/entry-changes.ts'
import type { OperationConfig } from './schema.ts'
import { DeDot, Flatten, Nest } from './shapes.ts'

type Keys = readonly Uint8Array[]

/** An operation that the kernel can do as well, if it is about a field of the record itself. */
export interface Editing extends Operation {
  readonly edit: FieldEdit | null
}

export function isEditing(operation: Operation): operation is Editing & { edit: FieldEdit } {
  return 'edit' in operation && operation.edit !== null
}

/** `config` has exactly one key. */
export function createOperations(config: OperationConfig, castFailures: Counter): Operation[] {
  const { set, rename, copy, remove, keep, nest, flatten, de_dot, cast } = config
  if (set) return Object.entries(set).map(([path, value]) => createSet(path, value))
  if (rename)
    return pathPairs(rename)
      .filter(isAnother)
      .map(([from, to]) => createRename(from, to))
  if (copy) return pathPairs(copy).map(([from, to]) => new Copy(from, to))
  if (remove) return remove.map((path) => new Remove(keysOf(path)))
  if (keep) return [new Keep([...new Set(keep)].map((path) => keysOf(path)[0]!))]
  if (nest) return [new Nest(Buffer.from(nest.prefix), keysOf(nest.under))]
  if (flatten) return [new Flatten(keysOf(flatten.field), flatten)]
  if (cast)
    return Object.entries(cast).map(([path, type]) => new Cast(keysOf(path), type, castFailures))
  return [new DeDot(de_dot ?? '_')]
}

function keysOf(path: string): Keys {
  return parseFieldPath(path).keys
}

function pathPairs(paths: Readonly<Record<string, string>>): [Keys, Keys][] {
  return Object.entries(paths).map(([from, to]) => [keysOf(from), keysOf(to)])
}

function isAnother([from, to]: readonly [Keys, Keys]): boolean {
  const isSame = (key: Uint8Array, index: number) => Buffer.compare(key, to[index]!) === 0
  return from.length !== to.length || !from.every(isSame)
}

function createSet(path: string, value: string | number | boolean): Operation {
  const keys = keysOf(path)
  const writer = new ByteWriter(64)
  if (typeof value === 'number') writeInteger(writer, value)
  else if (typeof value === 'boolean') writeBoolean(writer, value)
  else {
    const template = new Template(value)
    if (template.parts.some(({ kind }) => kind !== 'literal')) return new SetText(keys, template)
    writeStr(writer, template.render({ tag: '', utcMs: 0, fields: [] }, UTC))
  }
  return new SetValue(keys, { bytes: writer.bytes, start: 0, end: writer.length })
}

const UTC = { offsetAt: () => 0 }

class SetValue implements Editing {
  readonly edit: FieldEdit | null
  readonly #path: { readonly keys: Keys }
  readonly #value: ValueBytes

  constructor(keys: Keys, value: ValueBytes) {
    this.#path = { keys }
    this.#value = value
    const [name, ...inner] = keys
    const bytes = value.bytes.subarray(value.start, value.end)
    this.edit = name && inner.length === 0 ? { kind: 'set', name, value: bytes } : null
  }

  apply(bytes: Uint8Array, entry: number, out: ByteWriter): boolean {
    writeWith(out, { bytes, offset: entry + ENTRY_RECORD_OFFSET }, this.#path, this.#value)
    return true
  }
}

class SetText implements Operation {
  readonly #path: { readonly keys: Keys }
  readonly #template: Template
  readonly #fields: EventFields
  readonly #text = new ByteWriter(256)

  constructor(keys: Keys, template: Template) {
    this.#path = { keys }
    this.#template = template
    this.#fields = new EventFields(template.fields)
  }

  apply(bytes: Uint8Array, entry: number, out: ByteWriter, tag: string): boolean {
    const utcMs = entrySeconds(bytes, entry) * 1000 + entryNanoseconds(bytes, entry) / 1e6
    const values = { tag, utcMs, fields: this.#fields.valuesAt(bytes, entry) }
    this.#text.clear()
    writeStr(this.#text, this.#template.render(values, UTC))
    const value = { bytes: this.#text.bytes, start: 0, end: this.#text.length }
    writeWith(out, { bytes, offset: entry + ENTRY_RECORD_OFFSET }, this.#path, value)
    return true
  }
}

class Remove implements Editing {
  readonly edit: FieldEdit | null
  readonly #keys: Keys

  constructor(keys: Keys) {
    this.#keys = keys
    const [name, ...inner] = keys
    this.edit = name && inner.length === 0 ? { kind: 'remove', name } : null
  }

  apply(bytes: Uint8Array, entry: number, out: ByteWriter): boolean {
    const record = entry + ENTRY_RECORD_OFFSET
    if (findNested(bytes, record, this.#keys) < 0) return false
    writeWithout(out, bytes, record, this.#keys)
    return true
  }
}

class Copy implements Operation {
  readonly #from: Keys
  readonly #to: { readonly keys: Keys }

  constructor(from: Keys, to: Keys) {
    this.#from = from
    this.#to = { keys: to }
  }

  apply(bytes: Uint8Array, entry: number, out: ByteWriter): boolean {
    const record = entry + ENTRY_RECORD_OFFSET
    const start = findNested(bytes, record, this.#from)
    if (start < 0) return false
    const value = { bytes, start, end: skipValue(bytes, start) }
    writeWith(out, { bytes, offset: record }, this.#to, value)
    return true
  }
}

function createRename(from: Keys, to: Keys): Operation {
  const isAtTop = from.length === 1 && to.length === 1
  return isAtTop ? new RenameAtTop(from[0]!, to[0]!) : new Move(from, to)
}

/** Into, out of or between maps. */
class Move implements Operation {
  readonly #from: Keys
  readonly #to: { readonly keys: Keys }
  readonly #rest = new ByteWriter(4096)

  constructor(from: Keys, to: Keys) {
    this.#from = from
    this.#to = { keys: to }
  }

  apply(bytes: Uint8Array, entry: number, out: ByteWriter): boolean {
    const record = entry + ENTRY_RECORD_OFFSET
    const start = findNested(bytes, record, this.#from)
    if (start < 0) return false
    this.#rest.clear()
    writeWithout(this.#rest, bytes, record, this.#from)
    const value = { bytes, start, end: skipValue(bytes, start) }
    writeWith(out, { bytes: this.#rest.bytes, offset: 0 }, this.#to, value)
    return true
  }
}

/** The field stays in its place. */
class RenameAtTop implements Editing {
  readonly edit: FieldEdit
  readonly #from: Uint8Array
  readonly #to: Uint8Array

  constructor(from: Uint8Array, to: Uint8Array) {
    this.#from = from
    this.#to = to
    this.edit = { kind: 'rename', name: from, to }
  }

  apply(bytes: Uint8Array, entry: number, out: ByteWriter): boolean {
    const record = entry + ENTRY_RECORD_OFFSET
    if (countKey(bytes, record, this.#from) === 0) return false
    const count = mapCount(bytes, record)
    writeMapHeader(out, count - countKey(bytes, record, this.#to))
    let position = mapBodyOffset(bytes, record)
    for (let left = count; left > 0; left--) {
      const value = skipValue(bytes, position)
      const next = skipValue(bytes, value)
      if (isStrEqual(bytes, position, this.#from)) {
        writeStrBytes(out, this.#to, 0, this.#to.length)
        out.appendRange(bytes, value, next)
      } else if (!isStrEqual(bytes, position, this.#to)) out.appendRange(bytes, position, next)
      position = next
    }
    return true
  }
}

class Keep implements Editing {
  readonly edit: FieldEdit | null
  readonly #keys: Keys

  constructor(keys: Keys) {
    this.#keys = keys
    this.edit = keys.length > 0 ? { kind: 'keep', names: keys } : null
  }

  apply(bytes: Uint8Array, entry: number, out: ByteWriter): boolean {
    const record = entry + ENTRY_RECORD_OFFSET
    const count = mapCount(bytes, record)
    let kept = 0
    for (const key of this.#keys) kept += countKey(bytes, record, key)
    if (kept === count) return false
    writeMapHeader(out, kept)
    let position = mapBodyOffset(bytes, record)
    for (let left = count; left > 0; left--) {
      const next = skipValue(bytes, skipValue(bytes, position))
      if (this.#has(bytes, position)) out.appendRange(bytes, position, next)
      position = next
    }
    return true
  }

  #has(bytes: Uint8Array, position: number): boolean {
    for (const key of this.#keys) if (isStrEqual(bytes, position, key)) return true
    return false
  }
}
