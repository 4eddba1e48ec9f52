/** What a whole GELF message over UDP or HTTP is packed in, told by its first bytes. */

export type Packing = 'gzip' | 'zlib' | 'zstd' | 'plain'

/** RFC 1952, RFC 1950, RFC 8878; what is none of them is taken to be JSON. */
export function packingOf(bytes: Uint8Array): Packing {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes
  if (first === 0x1f && second === 0x8b) return 'gzip'
  if (first === 0x78 && ((first << 8) | second) % 31 === 0) return 'zlib'
  const isZstd = first === 0x28 && second === 0xb5 && third === 0x2f && fourth === 0xfd
  return isZstd ? 'zstd' : 'plain'
}
