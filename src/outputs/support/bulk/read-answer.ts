/** Reads an answer's bytes, no more than a bound. */
import type { Readable } from 'node:stream'
import { Lease } from '../../../codecs/lease.ts'
import { TransportError } from './transport.ts'

export async function readAnswer(stream: Readable, bytesMax: number): Promise<Uint8Array> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of stream as AsyncIterable<Buffer>) {
    length += part.length
    if (length > bytesMax) {
      stream.destroy()
      const message = `the answer is larger than ${bytesMax} bytes (answer_max)`
      throw new TransportError('answer_too_large', message)
    }
    parts.push(part)
  }
  if (parts.length === 1) return parts[0]!
  const answer = Buffer.concat(parts, length)
  parts.forEach(giveBack)
  return answer
}

/**
 * Gives the memory of bytes back that nobody reads any more, if it is all theirs: answers are most
 * of what would be left to the garbage collector, which then runs up to twenty times as often.
 */
export function giveBack(bytes: Uint8Array): void {
  new Lease(bytes).release()
}
