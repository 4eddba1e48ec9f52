/** A JSON object per line (RFC 8259): its fields as they come, nested ones too. */
import { JsonToMsgpack } from '../json/to-msgpack.ts'
import type { LineFormat, ParsedLine } from './format.ts'

/** Deeper than any log goes, and no deeper than the pipeline takes records (64 levels). */
const DEPTH_MAX = 64

export class JsonFormat implements LineFormat {
  readonly type = 'json'
  readonly reasons: readonly string[] = ['invalid_json', 'not_an_object', 'depth_exceeded']
  readonly depthMax: number
  readonly #transcoder: JsonToMsgpack

  /** `depthMax`: levels that a line may have, its own object included. */
  constructor(depthMax = DEPTH_MAX) {
    this.depthMax = depthMax
    this.#transcoder = new JsonToMsgpack(depthMax)
  }

  parse(bytes: Uint8Array, start: number, end: number, line: ParsedLine): boolean {
    const transcoder = this.#transcoder
    const fault = transcoder.transcodeFields(bytes, start, end, line.writer)
    if (fault !== null) return line.fail(fault.reason, fault.offset)
    line.fieldCount = transcoder.fieldCount
    return true
  }
}
