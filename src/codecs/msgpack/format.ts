/**
 * The msgpack type byte, as tables: https://github.com/msgpack/msgpack/blob/master/spec.md.
 * One look-up says how far a value reaches, so walkers need no branch per type.
 * Walkers: msgpack/scanner.ts (peers, checks everything) and record.ts (trusted entries).
 */

/** 0xc1, the one type byte that the specification never uses. */
export const NEVER_USED = 0xc1

/** Bytes of a value without what its length field counts: header, ext type, fixed payload. */
export const FIXED_BYTES = new Uint8Array(256)
/** Width of the length field behind the type byte: 0, 1, 2 or 4. */
export const LENGTH_BYTES = new Uint8Array(256)
/** Values that follow a fixarray or fixmap header (a map's pairs count twice). */
export const CHILDREN = new Uint8Array(256)

fillTables()

/** True when the length field of `type` counts values (array and map), not bytes. */
export function countsValues(type: number): boolean {
  return type >= 0xdc
}

/** The value of a length field at `offset`, `width` bytes wide (1, 2 or 4). */
export function readLength(bytes: Uint8Array, offset: number, width: number): number {
  if (width === 1) return bytes[offset]!
  if (width === 2) return (bytes[offset]! << 8) | bytes[offset + 1]!
  return readUint32(bytes, offset)
}

export function readUint32(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset]! << 24) |
      (bytes[offset + 1]! << 16) |
      (bytes[offset + 2]! << 8) |
      bytes[offset + 3]!) >>>
    0
  )
}

export function isMap(type: number): boolean {
  return (type & 0xf0) === 0x80 || type === 0xde || type === 0xdf
}

export function isArray(type: number): boolean {
  return (type & 0xf0) === 0x90 || type === 0xdc || type === 0xdd
}

export function isStr(type: number): boolean {
  return (type & 0xe0) === 0xa0 || (type >= 0xd9 && type <= 0xdb)
}

export function isBin(type: number): boolean {
  return type >= 0xc4 && type <= 0xc6
}

/** What a type byte announces, in the words of the specification. */
export function typeName(type: number): string {
  if (type < 0x80) return 'positive fixint'
  if (type < 0x90) return 'fixmap'
  if (type < 0xa0) return 'fixarray'
  if (type < 0xc0) return 'fixstr'
  return type >= 0xe0 ? 'negative fixint' : NAMES[type - 0xc0]!
}

const NAMES = (
  'nil,never used (0xc1),false,true,bin 8,bin 16,bin 32,ext 8,ext 16,ext 32,float 32,float 64,' +
  'uint 8,uint 16,uint 32,uint 64,int 8,int 16,int 32,int 64,' +
  'fixext 1,fixext 2,fixext 4,fixext 8,fixext 16,str 8,str 16,str 32,' +
  'array 16,array 32,map 16,map 32'
).split(',')

function fillTables(): void {
  FIXED_BYTES.fill(1)
  for (let low = 0; low < 16; low++) {
    CHILDREN[0x80 + low] = low * 2
    CHILDREN[0x90 + low] = low
  }
  for (let length = 0; length < 32; length++) FIXED_BYTES[0xa0 + length] = 1 + length
  setFixed(0xca, [5, 9, 2, 3, 5, 9, 2, 3, 5, 9, 3, 4, 6, 10, 18])
  setLength(0xc4, [1, 2, 4], 0)
  setLength(0xc7, [1, 2, 4], 1)
  setLength(0xd9, [1, 2, 4], 0)
  setLength(0xdc, [2, 4, 2, 4], 0)
}

function setFixed(firstType: number, sizes: readonly number[]): void {
  for (const [index, size] of sizes.entries()) FIXED_BYTES[firstType + index] = size
}

function setLength(firstType: number, widths: readonly number[], extTypeBytes: number): void {
  for (const [index, width] of widths.entries()) {
    LENGTH_BYTES[firstType + index] = width
    FIXED_BYTES[firstType + index] = 1 + width + extTypeBytes
  }
}
