/** Reads an answer's bytes, no more than a bound. */
import type { Readable } from 'node:stream'
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
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts, length)
}
