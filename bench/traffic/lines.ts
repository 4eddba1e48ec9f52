/**
 * The same records as lines: JSON with their time in one POST of any length, in chunks (RFC 9112
 * section 7.1), their log alone over TCP, or as Docker's json-file driver writes them.
 */
import type { MsgpackWriter } from './msgpack.ts'
import type { Records, Value } from './records.ts'

export const LINE_MODES = ['http-ndjson', 'tcp-lines', 'json-file'] as const
export type LineMode = (typeof LINE_MODES)[number]

const CHUNK_BYTES = 64 * 1024

export class Lines {
  readonly #mode: LineMode
  readonly #out: MsgpackWriter
  #lines: string[] = []
  #bytes = 0

  constructor(mode: LineMode, out: MsgpackWriter) {
    this.#mode = mode
    this.#out = out
  }

  begin(tag: string): void {
    if (this.#mode !== 'http-ndjson') return
    this.#out.text(
      `POST /${tag} HTTP/1.1\r\nHost: bench\r\nTransfer-Encoding: chunked\r\n` +
        'Content-Type: application/x-ndjson\r\n\r\n',
    )
  }

  /** Appends one record and returns the fields of it that arrive. */
  add(records: Records): Readonly<Record<string, Value>> {
    if (this.#mode === 'tcp-lines') {
      const log = String(records.value('log')).replaceAll('\n', ' ')
      this.#out.text(`${log}\n`)
      return { log }
    }
    if (this.#mode === 'json-file') return this.#addJsonFile(records)
    const fields: Record<string, Value> = {}
    for (const [index, name] of records.names.entries()) fields[name] = records.values[index]!
    const line = `${JSON.stringify({ time: records.time, ...fields })}\n`
    this.#lines.push(line)
    this.#bytes += Buffer.byteLength(line)
    if (this.#bytes >= CHUNK_BYTES) this.#flush()
    return fields
  }

  end(): void {
    if (this.#mode !== 'http-ndjson') return
    if (this.#bytes > 0) this.#flush()
    this.#out.text('0\r\n\r\n')
  }

  /** Go writes three characters of HTML as escapes. */
  #addJsonFile(records: Records): Readonly<Record<string, Value>> {
    const fields = { log: String(records.value('log')), stream: records.value('source') }
    const { time } = records
    const line = JSON.stringify({ ...fields, log: `${fields.log}\n`, time })
    const escaped = line.replaceAll(/[<>&]/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`)
    this.#out.text(`${escaped}\n`)
    return fields
  }

  #flush(): void {
    this.#out.text(`${this.#bytes.toString(16)}\r\n${this.#lines.join('')}\r\n`)
    this.#lines = []
    this.#bytes = 0
  }
}
