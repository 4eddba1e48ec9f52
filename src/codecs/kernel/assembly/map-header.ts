/** The header of a map whose fields are there before their number is known. */

const NONE: usize = 0

/** At `at`, for which one byte was left; where the map, that ended at `end`, ends now, or NONE. */
export function putMapHeader(at: usize, count: u32, end: usize): usize {
  if (count < 16) {
    store<u8>(at, 0x80 | count)
    return end
  }
  if (count >= 0x1_0000) return NONE
  memory.copy(at + 3, at + 1, end - at - 1)
  store<u8>(at, 0xde)
  store<u16>(at + 1, bswap<u16>(<u16>count))
  return end + 2
}
