/** Acknowledgements as they must come over the wire, byte for byte. */

/** `{"ack": chunk}` of each chunk, laid end to end. */
export function ack(...chunks: readonly string[]): Buffer {
  return Buffer.concat(chunks.map(ackOf))
}

function ackOf(chunk: string): Buffer {
  const bytes = Buffer.from(chunk)
  const short = bytes.length < 32
  const head = short ? [0xa0 | bytes.length] : [0xd9, bytes.length]
  return Buffer.concat([Buffer.from([0x81, 0xa3]), Buffer.from('ack'), Buffer.from(head), bytes])
}
