/** JSON strings to msgpack strs. Twin: ../../json/to-msgpack.ts. */
import { copy } from './copy'
import { escapeEnd, findSpecial, putEscape } from './json-strings'
import { BAD } from './msgpack'

const QUOTE: u32 = 0x22
const BACKSLASH: u32 = 0x5c
/** The longest header there is here: of a text of up to 64 KiB. */
const HEADER_BYTES_MAX: usize = 3

/** Set by `putStr` and `putPlainStr`: behind what they have put. */
export let strEnd: usize = 0
/** Set by them, too: whether they have failed for want of room. */
export let hasNoRoom: bool = false

/** Puts the string whose text begins at `at`; the offset behind its closing quote, or BAD. */
export function putStr(at: usize, end: usize, target: usize, limit: usize): usize {
  hasNoRoom = false
  const special = findSpecial(at, end)
  if (special == BAD) return BAD
  const byte = <u32>load<u8>(special)
  if (byte == BACKSLASH) return putEscaped(at, special, end, target, limit)
  if (byte != QUOTE || !putPlainStr(at, special - at, target, limit)) return BAD
  return special + 1
}

/** A str of a text that needs no change; false if there is no room or it is too long. */
export function putPlainStr(text: usize, length: usize, target: usize, limit: usize): bool {
  hasNoRoom = target + length > limit
  if (hasNoRoom) return false
  const header = putUsualStrHeader(length, target)
  if (header == 0) return false
  copy(target + header, text, length)
  strEnd = target + header + length
  return true
}

/** The header of a str; its width, or 0 if it is too long. */
export function putUsualStrHeader(length: usize, target: usize): usize {
  if (length < 32) {
    store<u8>(target, 0xa0 | (<u32>length))
    return 1
  }
  if (length < 0x100) {
    store<u8>(target, 0xd9)
    store<u8>(target + 1, <u32>length)
    return 2
  }
  if (length >= 0x1_0000) return 0
  store<u8>(target, 0xda)
  store<u16>(target + 1, bswap<u16>(<u16>length))
  return 3
}

/** With room for the longest header, and moved to the one it gets. */
function putEscaped(
  start: usize,
  firstSpecial: usize,
  end: usize,
  target: usize,
  limit: usize,
): usize {
  const text = target + HEADER_BYTES_MAX
  let position = text
  let from = start
  let special = firstSpecial
  while (true) {
    const plain = special - from
    hasNoRoom = position + plain > limit
    if (hasNoRoom) return BAD
    copy(position, from, plain)
    position += plain
    const byte = <u32>load<u8>(special)
    if (byte == QUOTE) break
    if (byte != BACKSLASH) return BAD
    from = putEscape(special, end, position)
    if (from == BAD) return BAD
    position = escapeEnd
    special = findSpecial(from, end)
    if (special == BAD) return BAD
  }
  const length = position - text
  const header = putUsualStrHeader(length, target)
  if (header == 0) return BAD
  if (header < HEADER_BYTES_MAX) memory.copy(target + header, text, length)
  strEnd = target + header + length
  return special + 1
}
