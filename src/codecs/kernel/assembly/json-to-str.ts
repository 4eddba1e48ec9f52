/** JSON strings to msgpack strs. Twin: ../../json/to-msgpack.ts. */
import { copy } from './copy'
import { escapeEnd, findSpecial, putEscape, specialBytes } from './json-strings'
import { BAD } from './msgpack'

const QUOTE: u32 = 0x22
const BACKSLASH: u32 = 0x5c
/** The longest header there is here: of a text of up to 64 KiB. */
const HEADER_BYTES_MAX: usize = 3

/** Set by `putStr` and `putPlainStr`: behind what they have put. */
export let strEnd: usize = 0
/** Set by them, too: whether they have failed for want of room. */
export let hasNoRoom: bool = false

/** Looked for at once: what is put before it is known whether there is room. */
const BLOCK: usize = 32

/** Puts the string whose text begins at `at`; the offset behind its closing quote, or BAD. */
export function putStr(at: usize, end: usize, target: usize, limit: usize): usize {
  hasNoRoom = target + BLOCK > limit
  if (hasNoRoom) return BAD
  // Fast path: up to 31 bytes, which are put as they are looked at.
  const special = specialBytes(at) | (specialBytes(at + 16) << 16)
  if (special == 0) return putLongStr(at, end, target, limit)
  const length = <usize>ctz(special)
  const close = at + length
  if (close >= end) return BAD
  const byte = <u32>load<u8>(close)
  if (byte == QUOTE) {
    store<u8>(target, 0xa0 | (<u32>length))
    v128.store(target + 1, v128.load(at))
    v128.store(target + 17, v128.load(at + 16))
    strEnd = target + 1 + length
    return close + 1
  }
  return byte == BACKSLASH ? putEscaped(at, close, end, target, limit) : BAD
}

/** Of 32 bytes or more: put behind a header of two bytes, which most of them get. */
function putLongStr(at: usize, end: usize, target: usize, limit: usize): usize {
  const text = target + 2
  const shift = text - at
  v128.store(text, v128.load(at))
  v128.store(text + 16, v128.load(at + 16))
  for (let source = at + BLOCK; source < end; source += 16) {
    hasNoRoom = source + shift > limit
    if (hasNoRoom) return BAD
    const special = specialBytes(source)
    v128.store(source + shift, v128.load(source))
    if (special == 0) continue
    const close = source + ctz(special)
    if (close >= end) return BAD
    const byte = <u32>load<u8>(close)
    if (byte == QUOTE) return endLongStr(target, close - at) ? close + 1 : BAD
    return byte == BACKSLASH ? putEscaped(at, close, end, target, limit) : BAD
  }
  return BAD
}

/** Puts the header before a text that is behind two bytes; false if it is too long. */
function endLongStr(target: usize, length: usize): bool {
  if (length >= 0x100) {
    if (length >= 0x1_0000) return false
    memory.copy(target + HEADER_BYTES_MAX, target + 2, length)
  }
  strEnd = target + putUsualStrHeader(length, target) + length
  return true
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
  if (header < HEADER_BYTES_MAX) copy(target + header, text, length)
  strEnd = target + header + length
  return special + 1
}
