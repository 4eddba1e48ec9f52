/** Items of answers to bulk requests. Twin: ../../bulk/stored-items.ts. */
import { report } from './control'
import { isSame } from './copy'
import { isDigit } from './numbers'

const ID_BYTES_MAX: usize = 512
/** `"_id":"`, and what masks the byte behind it. */
const ID_KEY: u64 = 0x22_3a22_6469_5f22
const SEVEN_BYTES: u64 = 0x00ff_ffff_ffff_ffff
/** `"status"` and `:2` */
const STATUS: u64 = 0x2273_7574_6174_7322
const COLON_TWO: u32 = 0x323a
/** `",` and `}}` */
const ID_END: u32 = 0x2c22
const ITEM_END: u32 = 0x7d7d

/**
 * Reads items up to the first that says something else, or is not all there. `prefix` is what each
 * begins with, a comma before it; the first has one, too.
 */
export function readStored(start: usize, end: usize, prefix: usize, prefixLength: usize): void {
  let position = start
  let count: u32 = 0
  for (;;) {
    const next = itemEnd(position, prefix, prefixLength)
    if (next == 0 || next > end) break
    position = next
    count++
  }
  report(position, 0, count)
}

/** 0 if the item says something else. Looks up to 600 bytes ahead. */
function itemEnd(start: usize, prefix: usize, prefixLength: usize): usize {
  if (!isSame(start, prefix, prefixLength)) return 0
  let at = start + prefixLength
  if ((load<u64>(at) & SEVEN_BYTES) == ID_KEY) {
    at = textEnd(at + 7)
    if (at == 0 || <u32>load<u16>(at) != ID_END) return 0
    at += 2
  }
  if (load<u64>(at) != STATUS || <u32>load<u16>(at + 8) != COLON_TWO) return 0
  if (!isDigit(at + 10) || !isDigit(at + 11)) return 0
  return <u32>load<u16>(at + 12) == ITEM_END ? at + 14 : 0
}

/** Where the quote is that ends a text without escapes; 0 if it has some, or is too long. */
function textEnd(start: usize): usize {
  for (let at = start; at <= start + ID_BYTES_MAX; at += 16) {
    const block = v128.load(at)
    const quotes = i8x16.eq(block, i8x16.splat(0x22))
    const backslashes = i8x16.eq(block, i8x16.splat(0x5c))
    const special = i8x16.bitmask(v128.or(quotes, backslashes))
    if (special == 0) continue
    const end = at + <usize>ctz(special)
    return <u32>load<u8>(end) == 0x22 && end - start <= ID_BYTES_MAX ? end : 0
  }
  return 0
}
