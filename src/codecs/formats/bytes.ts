/** Small searches that the formats share; all stay between `start` and `end`. */

const SPACE = 0x20

/** Where `byte` is first, or `end`. */
export function findByte(bytes: Uint8Array, byte: number, start: number, end: number): number {
  let position = start
  while (position < end && bytes[position] !== byte) position++
  return Math.min(position, end)
}

/** The offset of the first byte that is no space. */
export function skipSpaces(bytes: Uint8Array, start: number, end: number): number {
  let position = start
  while (position < end && bytes[position] === SPACE) position++
  return Math.min(position, end)
}

export function startsWith(
  bytes: Uint8Array,
  start: number,
  end: number,
  text: Uint8Array,
): boolean {
  if (end - start < text.length) return false
  for (let index = 0; index < text.length; index++) {
    if (bytes[start + index] !== text[index]) return false
  }
  return true
}
