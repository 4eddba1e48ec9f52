/** Datagrams of chunked GELF. */

/** The chunk `sequence` of `count` of the message with that id. */
export function gelfChunk(
  data: string | Uint8Array,
  sequence: number,
  count: number,
  id = 0,
): Uint8Array {
  const head = Buffer.alloc(12)
  head.writeUInt16BE(0x1e0f, 0)
  head.writeUInt32BE(id, 6)
  head[10] = sequence
  head[11] = count
  return new Uint8Array(Buffer.concat([head, Buffer.from(data)]))
}

/** As Docker cuts them: a message that fills its chunks to the byte gets an empty one more. */
export function gelfChunks(message: Uint8Array, id: number, size = 1408): Uint8Array[] {
  const count = Math.floor(message.length / size) + 1
  return Array.from({ length: count }, (_none, index) =>
    gelfChunk(message.subarray(index * size, (index + 1) * size), index, count, id),
  )
}
