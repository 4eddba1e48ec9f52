/** What all events of a run begin with, as the twin makes it, laid into the kernel. */
import type { BulkLines, BulkRun } from '../bulk/bulk-lines.ts'
import type { BulkFormat } from '../bulk/format.ts'
import { EVENT_DIGITS } from '../bulk/ids.ts'
import { OTHER_FIELDS } from '../bulk/names.ts'
import { ByteWriter } from '../byte-writer.ts'
import { ENTRY_RECORD_OFFSET, writeEntryHead } from '../entry.ts'
import { ASIDE_BYTES, type Kernel } from './kernel.ts'

const RESERVED_BYTES = 256
const END_BYTES_MAX = 32
/** Names that need no escapes and have no dots; three of them are `RESERVED_BYTES` at most. */
const PLAIN_NAME = /^[\w@-]{1,64}$/
/** What may stand for a dot: one byte that is as it is in JSON, and no blank. */
const PLAIN_BYTE = /^[\w!#$%&'*+,/:;<=>?@^`|~-]$/
const NO_FIELDS = entryWithoutFields()

export class BulkTemplate {
  readonly #format: BulkFormat
  readonly #twin: BulkLines
  readonly #kernel: Kernel
  readonly #reserved: Uint8Array
  readonly #bytes = new ByteWriter(ASIDE_BYTES)
  #length = 0
  #endLength = 0
  #idOffset = 0
  #timeOffset = 0
  #run: BulkRun | null = null

  /** Ids and routing values that are made of each event are for the twin, and odd names. */
  static canDo({ id, routingPath, timeField, tagField, replaceDots }: BulkFormat): boolean {
    return (
      (id.type === 'place' || id.type === 'server') &&
      routingPath === null &&
      PLAIN_NAME.test(timeField) &&
      PLAIN_NAME.test(tagField ?? timeField) &&
      PLAIN_BYTE.test(replaceDots ?? '_')
    )
  }

  constructor(format: BulkFormat, twin: BulkLines, kernel: Kernel) {
    this.#format = format
    this.#twin = twin
    this.#kernel = kernel
    this.#reserved = reservedNames(format)
  }

  /** Has the kernel begin events as those of `run` do; false if it cannot. */
  use(run: BulkRun): boolean {
    const last = this.#run
    const isOurs = this.#kernel.bulkOwner === this
    const isAlike = last !== null && last.tag === run.tag && last.line === run.line
    if (isOurs && isAlike && last.idPrefix === run.idPrefix) return true
    if (!isAlike) this.#make(run)
    else if (this.#idOffset > 0) this.#setIdPrefix(run.idPrefix)
    this.#run = run
    if (this.#length + this.#endLength > ASIDE_BYTES || this.#endLength > END_BYTES_MAX)
      return false
    if (!isOurs) this.#startKernel()
    const { memory, aside, functions } = this.#kernel
    memory.set(this.#bytes.written(), aside)
    functions.useTemplate(aside, this.#length, this.#endLength, this.#idOffset, this.#timeOffset)
    return true
  }

  #startKernel(): void {
    const { memory, aside, functions } = this.#kernel
    const { replaceDots, fieldsMax, depthMax } = this.#format
    const dot = replaceDots === null ? 0 : replaceDots.charCodeAt(0)
    memory.set(this.#reserved, aside)
    functions.startBulk(aside, dot, fieldsMax, depthMax)
    this.#kernel.bulkOwner = this
  }

  #make(run: BulkRun): void {
    const bytes = this.#bytes
    bytes.clear()
    this.#twin.encodeAction(run, NO_FIELDS, 0, 0, bytes)
    const actionLength = bytes.length
    this.#twin.encodeDocument(run, NO_FIELDS, 0, bytes)
    this.#endLength = run.line.documentEnd.length
    this.#length = bytes.length - this.#endLength - 1
    // The brace between them comes from the kernel.
    bytes.bytes.copyWithin(this.#length, this.#length + 1, bytes.length--)
    const idEnd = actionLength - run.line.end.length - 1
    this.#idOffset = this.#format.id.type === 'place' ? idEnd - EVENT_DIGITS : 0
    this.#timeOffset = actionLength + `{"${this.#format.timeField}":"`.length
  }

  #setIdPrefix(prefix: string): void {
    const start = this.#idOffset - prefix.length
    for (let index = 0; index < prefix.length; index++) {
      this.#bytes.bytes[start + index] = prefix.charCodeAt(index)
    }
  }
}

/** Each with its length in a byte before it. */
function reservedNames({ timeField, tagField }: BulkFormat): Uint8Array {
  const bytes = new Uint8Array(RESERVED_BYTES)
  let position = 0
  for (const name of [OTHER_FIELDS, timeField, tagField]) {
    if (name === null) continue
    bytes[position++] = name.length
    bytes.set(Buffer.from(name), position)
    position += name.length
  }
  return bytes
}

/** At second 0. */
function entryWithoutFields(): Uint8Array {
  const bytes = new Uint8Array(ENTRY_RECORD_OFFSET + 1)
  bytes[writeEntryHead(bytes, 0, 0, 0)] = 0x80
  return bytes
}
