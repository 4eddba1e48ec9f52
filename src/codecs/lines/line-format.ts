/**
 * The formats a file or a stream can be written in, one file each in this folder; all take entries
 * (entry.ts) and append bytes.
 */
import type { ByteWriter } from '../byte-writer.ts'
import { encodeJsonLines } from '../kernel/json-lines.ts'
import { createCsvEncoder } from './csv.ts'
import type { EntryEncoder } from './entry-encoder.ts'
import { encodeLtsv } from './ltsv.ts'
import { createOutFileEncoder } from './out-file.ts'
import { createRawEncoder } from './raw.ts'

export type FormatConfig =
  | { readonly type: 'json' }
  | { readonly type: 'out_file'; readonly subsecond: boolean }
  | { readonly type: 'ltsv' }
  | { readonly type: 'csv'; readonly fields: readonly string[]; readonly delimiter: string }
  | { readonly type: 'raw'; readonly field: string }
  | { readonly type: 'msgpack' }

export interface LineFormat {
  readonly encode: EntryEncoder
  /**
   * True when every event ends in a newline, so that bytes behind the last one are a torn event.
   * With `csv` and `raw` a value may hold newlines too: a tear inside such a value leaves the
   * lines of it that were complete.
   */
  readonly lineBased: boolean
}

export function createEncoder(config: FormatConfig): LineFormat {
  switch (config.type) {
    case 'json':
      return { encode: encodeJsonLines, lineBased: true }
    case 'out_file':
      return { encode: createOutFileEncoder(config.subsecond), lineBased: true }
    case 'ltsv':
      return { encode: encodeLtsv, lineBased: true }
    case 'csv':
      return { encode: createCsvEncoder(config), lineBased: true }
    case 'raw':
      return { encode: createRawEncoder(config.field), lineBased: true }
    case 'msgpack':
      return { encode: copyEntries, lineBased: false }
  }
}

/**
 * `msgpack`: entries as they are, `[EventTime, record]` end to end, as Fluentd's forward protocol
 * packs them. Fluentd's own formatter leaves out the time as well as the tag.
 */
function copyEntries(_tag: string, entries: Uint8Array, writer: ByteWriter): void {
  writer.append(entries)
}
