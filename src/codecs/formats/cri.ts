/**
 * A line of the container runtime interface, as containerd and CRI-O write it (kubernetes,
 * pkg/kubelet/kuberuntime/logs): `2026-11-21T08:50:00.123456789Z stdout F text`. Behind F, or P
 * for a part of a longer line, further tags may follow with colons between.
 */
import { writeStrBytes } from '../msgpack/writer.ts'
import { readRfc3339 } from '../time/rfc3339.ts'
import { findByte } from './bytes.ts'
import type { LineFormat, ParsedLine } from './format.ts'
import { columnOf, putColumn } from './text-fields.ts'

const SPACE = 0x20
const COLON = 0x3a
const FULL = 0x46
const PARTIAL = 0x50
const STREAM = columnOf('stream')
const LOG = columnOf('log')

export class CriFormat implements LineFormat {
  readonly type = 'cri'
  readonly reasons: readonly string[] = ['not_cri']
  readonly #instant = { seconds: 0, nanoseconds: 0 }

  parse(bytes: Uint8Array, start: number, end: number, line: ParsedLine): boolean {
    const timeEnd = readRfc3339(bytes, start, end, this.#instant)
    if (timeEnd < 0 || timeEnd >= end || bytes[timeEnd] !== SPACE)
      return line.fail('not_cri', start)
    const streamEnd = findByte(bytes, SPACE, timeEnd + 1, end)
    const tag = streamEnd + 1
    if (streamEnd === timeEnd + 1 || tag >= end) return line.fail('not_cri', streamEnd)
    const isPartial = bytes[tag] === PARTIAL
    const tagsEnd = findByte(bytes, SPACE, tag, end)
    if (!isPartial && bytes[tag] !== FULL) return line.fail('not_cri', tag)
    if (tagsEnd > tag + 1 && bytes[tag + 1] !== COLON) return line.fail('not_cri', tag)
    putColumn(line, STREAM, bytes, timeEnd + 1, streamEnd)
    line.writer.append(LOG.key)
    writeStrBytes(line.writer, bytes, Math.min(tagsEnd + 1, end), end)
    line.fieldCount = 2
    line.isPartial = isPartial
    return (
      line.setTime(this.#instant.seconds, this.#instant.nanoseconds) || line.fail('not_cri', start)
    )
  }
}
