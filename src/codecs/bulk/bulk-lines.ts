/**
 * Events to the body of a bulk request, per event an action line and a line with its document:
 *
 *     {"create":{"_id":"q3ZB0dP1x-_kAAAAAAAHAAAB"}}
 *     {"@timestamp":"2026-11-26T10:00:00.123456789Z","tag":"docker.web1",…the record's fields}
 *
 * An `update` has the document inside `{"doc":…}`. Documents: document.ts; ids: ids.ts.
 */
import type { ByteWriter } from '../byte-writer.ts'
import { tagBytes } from '../lines/tag-bytes.ts'
import { entryEnd } from '../record.ts'
import { type ActionLine, actionLine } from './action.ts'
import { DocumentEncoder } from './document.ts'
import { FieldText } from './field-text.ts'
import type { BulkAction, BulkEncoder, BulkEvents, BulkFormat } from './format.ts'
import { contentId, idPrefix, placeId } from './ids.ts'

const textEncoder = new TextEncoder()

/** What does not change from event to event of a run. */
export interface BulkRun {
  readonly tag: Uint8Array
  readonly line: ActionLine
  readonly idPrefix: string
}

export class BulkLines {
  readonly #format: BulkFormat
  readonly #document: DocumentEncoder
  readonly #idField: FieldText | null
  readonly #routing: FieldText | null
  #lastAction: BulkAction | null = null
  #lastLine: ActionLine

  constructor(format: BulkFormat) {
    this.#format = format
    this.#document = new DocumentEncoder(format)
    this.#idField = format.id.type === 'field' ? new FieldText(format.id.path) : null
    this.#routing = format.routingPath === null ? null : new FieldText(format.routingPath)
    this.#lastLine = actionLine(format.operation, { index: null, pipeline: null, routing: null })
  }

  run(events: BulkEvents, action: BulkAction): BulkRun {
    return {
      tag: tagBytes(events.tag),
      line: this.#lineOf(action),
      idPrefix: idPrefix(events.buffer, events.sequence),
    }
  }

  /** Run after run mostly says the same. */
  #lineOf(action: BulkAction): ActionLine {
    const last = this.#lastAction
    const isSame =
      last !== null &&
      last.index === action.index &&
      last.pipeline === action.pipeline &&
      last.routing === action.routing
    if (!isSame) {
      this.#lastAction = action
      this.#lastLine = actionLine(this.#format.operation, action)
    }
    return this.#lastLine
  }

  /** Appends the lines of the entry at `offset`; returns the offset behind the entry. */
  encode(
    run: BulkRun,
    entries: Uint8Array,
    offset: number,
    place: number,
    body: ByteWriter,
  ): number {
    this.encodeAction(run, entries, offset, place, body)
    return this.encodeDocument(run, entries, offset, body)
  }

  /** Appends the action line; of an update also what comes before the document. */
  encodeAction(
    run: BulkRun,
    entries: Uint8Array,
    offset: number,
    place: number,
    body: ByteWriter,
  ): void {
    const { start, hasFields, end } = run.line
    const fields = this.#fields(run, entries, offset, place)
    const comma = hasFields && fields !== '' ? ',' : ''
    body.append(textEncoder.encode(start + comma + fields + end))
  }

  /** Appends the document and what comes behind it; returns the offset behind the entry. */
  encodeDocument(run: BulkRun, entries: Uint8Array, offset: number, body: ByteWriter): number {
    const end = this.#document.encode(run.tag, entries, offset, body)
    body.append(textEncoder.encode(run.line.documentEnd))
    return end
  }

  #fields(run: BulkRun, entries: Uint8Array, offset: number, place: number): string {
    const routing = this.#routing?.read(entries, offset) ?? null
    const id = this.#id(run, entries, offset, place)
    const fields: string[] = []
    if (routing !== null) fields.push(`"routing":${JSON.stringify(routing)}`)
    if (id !== null) fields.push(`"_id":${JSON.stringify(id)}`)
    return fields.join(',')
  }

  #id(run: BulkRun, entries: Uint8Array, offset: number, place: number): string | null {
    switch (this.#format.id.type) {
      case 'server':
        return null
      case 'content':
        return contentId(run.tag, entries, offset, entryEnd(entries, offset))
      case 'field':
        return this.#idField?.read(entries, offset) ?? placeId(run.idPrefix, place)
      case 'place':
        return placeId(run.idPrefix, place)
    }
  }
}

/** The twin of the kernel's. */
export function createBulkEncoder(format: BulkFormat): BulkEncoder {
  const lines = new BulkLines(format)
  return (events, action, body, starts) => {
    const run = lines.run(events, action)
    let place = events.firstEvent
    for (let offset = 0; offset < events.entries.length; place++) {
      starts.push(body.length)
      offset = lines.encode(run, events.entries, offset, place, body)
    }
  }
}
