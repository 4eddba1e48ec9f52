/** How many events a frame carries whose content is not going to be read. */
import { isArray, isBin, isStr } from '../msgpack/format.ts'
import { MsgpackScanner } from '../msgpack/scanner.ts'
import { mapCount, payloadEnd, payloadStart } from '../record.ts'

/** By what is behind the tag, at `body`. At least one, which stands for the frame itself. */
export function eventCount(bytes: Uint8Array, body: number): number {
  const type = bytes[body]!
  if (isArray(type)) return Math.max(1, mapCount(bytes, body))
  if (!isStr(type) && !isBin(type)) return 1
  return Math.max(1, valueCount(bytes, payloadStart(bytes, body), payloadEnd(bytes, body)))
}

/** Values laid end to end; what is cut short or bad is one more, and nothing behind it counts. */
function valueCount(bytes: Uint8Array, start: number, end: number): number {
  const scanner = new MsgpackScanner({ depthMax: 1, valueMaxBytes: Infinity })
  let count = 0
  for (let position = start; position < end; count++) {
    const length = scanner.scan(bytes, position, end)
    if (length <= 0) return count + 1
    position += length
  }
  return count
}
