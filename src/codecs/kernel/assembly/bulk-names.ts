/**
 * Names of fields in documents. Twin: ../../bulk/names.ts. Here are names that stay as they are,
 * but for their dots; a record with another one is for the twin.
 *
 * Record after record has the same names in the same order. The plan is what became of those of the
 * last one: as long as names are as planned, they need no check, and are there to be copied.
 */
import { copy } from './copy'
import { OPEN_NAMES, PLAN_SLOTS as SLOTS } from './scratch'
import { putText } from './text'

/** A name in a plan has so many bytes at most, its msgpack header counted. */
const PLANNED_BYTES_MAX: usize = 64
/** Text may grow sixfold; and what stands around it. */
const SLOT_BYTES: usize = 512
const LENGTH_OFFSET: usize = 64
const RENDERED_OFFSET: usize = 80
const SLOTS_MAX: u32 = 64

/** Names that the document has for itself: the length of each in a byte before it; 0 ends them. */
const RESERVED_BYTES_MAX: usize = 256
const RESERVED = memory.data(256)

/** Of the maps around the one at hand: where each name is in the target, and its length. */
const OPEN_NAMES_MAX: u32 = 512
/** Every name is compared with all before it. */
const NAMES_MAX: u32 = 32

const DOT: u32 = 0x2e
const UNDERSCORE: u32 = 0x5f

let planned: u32 = 0
let openNames: u32 = 0
/** What stands for a dot; 0 if dots are kept. */
let dotByte: u32 = 0
let depthMax: u32 = 0

export function startNames(reserved: usize, dot: u32, depth: u32): void {
  memory.copy(RESERVED, reserved, RESERVED_BYTES_MAX)
  dotByte = dot
  depthMax = depth
  planned = 0
}

/** To be called before each record. */
export function closeNames(): void {
  openNames = 0
}

/**
 * The slot of the name at `source`, field `index` of its record; 0 if the name is for the twin. Its
 * header is fixstr or str 8.
 */
export function slotOf(index: u32, source: usize): usize {
  const slot = SLOTS + <usize>index * SLOT_BYTES
  if (index < planned && isPlanned(slot, source)) return slot
  if (index >= SLOTS_MAX) return 0
  planned = index
  if (!plan(slot, source)) return 0
  for (let other = SLOTS; other < slot; other += SLOT_BYTES) {
    if (isConflict(other, slot)) return 0
  }
  planned = index + 1
  return slot
}

/** Puts comma, name and colon; up to 15 bytes behind are touched as well. */
export function putPlanned(slot: usize, target: usize): usize {
  const length = <usize>load<u32>(slot, LENGTH_OFFSET)
  v128.store(target, v128.load(slot, RENDERED_OFFSET))
  v128.store(target + 16, v128.load(slot, RENDERED_OFFSET + 16))
  if (length > 32) copy(target, slot + RENDERED_OFFSET, length)
  return target + length
}

/** How many bytes the header and text of the name have; 0 if its header is another. */
export function nameBytes(source: usize): usize {
  const type = <u32>load<u8>(source)
  if ((type & 0xe0) == 0xa0) return 1 + (type & 0x1f)
  return type == 0xd9 ? 2 + <usize>load<u8>(source + 1) : 0
}

function isPlanned(slot: usize, source: usize): bool {
  const length = nameBytes(slot)
  let done: usize = 0
  for (; done + 8 <= length; done += 8) {
    if (load<u64>(slot + done) != load<u64>(source + done)) return false
  }
  const rest = length - done
  if (rest == 0) return true
  return (load<u64>(slot + done) ^ load<u64>(source + done)) << (64 - ((<u64>rest) << 3)) == 0
}

function plan(slot: usize, source: usize): bool {
  const length = nameBytes(source)
  if (length == 0 || length > PLANNED_BYTES_MAX) return false
  memory.copy(slot, source, length)
  const rendered = slot + RENDERED_OFFSET
  store<u8>(rendered, 0x2c)
  const end = putName(source, rendered + 1, true)
  if (end == 0) return false
  store<u8>(end, 0x3a)
  store<u32>(slot, <u32>(end + 1 - rendered), LENGTH_OFFSET)
  return !isReserved(rendered + 2, end - 1)
}

/** Puts the name between quotes; 0 if it is for the twin. There is room for six times as much. */
function putName(source: usize, target: usize, mayHaveDots: bool): usize {
  const length = nameBytes(source)
  if (length == 0) return 0
  const start = source + (load<u8>(source) == 0xd9 ? 2 : 1)
  const sourceEnd = source + length
  if (start == sourceEnd || isMaybeBlank(load<u8>(start))) return 0
  store<u8>(target, 0x22)
  const end = putText(start, sourceEnd, target + 1)
  store<u8>(end, 0x22)
  if (dotByte == 0) return isUsualPath(target + 1, end, mayHaveDots) ? end + 1 : 0
  for (let at = target + 1; at < end; at++) {
    if (load<u8>(at) == DOT) store<u8>(at, dotByte)
  }
  return end + 1
}

/** Whether text that begins with this byte could be nothing but blanks. */
function isMaybeBlank(byte: u32): bool {
  if (byte < 0x80) return byte <= 0x20 || byte == 0x7f
  // Leads of U+0085, U+00A0, U+1680, U+2000 …, U+3000 and U+FEFF, and what is no lead.
  return byte < 0xc3 || (byte >= 0xe0 && byte <= 0xe3) || byte >= 0xee
}

/** Dots that are kept: between parts of visible ASCII, and not too many. */
function isUsualPath(start: usize, end: usize, mayHaveDots: bool): bool {
  let dots: u32 = 0
  let isPlain = true
  let last = DOT
  for (let at = start; at < end; at++) {
    const byte = <u32>load<u8>(at)
    if (byte <= 0x20 || byte >= 0x7f || byte == 0x5c) isPlain = false
    if (byte == DOT) {
      if (last == DOT) return false
      dots++
    }
    last = byte
  }
  if (dots == 0) return true
  return mayHaveDots && isPlain && last != DOT && dots < depthMax
}

/** What the first part of a name must not be: `_` and a small letter, or a reserved name. */
function isReserved(start: usize, end: usize): bool {
  if (load<u8>(start) == UNDERSCORE && <u32>load<u8>(start + 1) - 0x61 < 26) return true
  let length: usize = 0
  while (start + length < end && load<u8>(start + length) != DOT) length++
  for (let name = RESERVED; load<u8>(name) != 0; name += 1 + <usize>load<u8>(name)) {
    if (load<u8>(name) == length && isEqual(name + 1, start, length)) return true
  }
  return false
}

/** Whether the names are one, or the one would be an object that the other is in. */
function isConflict(slot: usize, other: usize): bool {
  // Without the comma and the quote before, and the quote and the colon behind.
  const length = <usize>load<u32>(slot, LENGTH_OFFSET) - 4
  const otherLength = <usize>load<u32>(other, LENGTH_OFFSET) - 4
  const shorter = min(length, otherLength)
  const text = slot + RENDERED_OFFSET + 2
  const otherText = other + RENDERED_OFFSET + 2
  if (!isEqual(text, otherText, shorter)) return false
  if (length == otherLength) return true
  return load<u8>((length > shorter ? text : otherText) + shorter) == DOT
}

/** How many names are open; to be given to `closeMap` behind the map that begins. */
export function openMap(): u32 {
  return openNames
}

export function closeMap(before: u32): void {
  openNames = before
}

/**
 * Puts a name of a map whose names are open since `before`, with quotes and colon; 0 if the map is
 * for the twin.
 */
export function putInnerName(source: usize, target: usize, before: u32): usize {
  const end = putName(source, target, false)
  if (end == 0 || openNames == OPEN_NAMES_MAX || openNames - before == NAMES_MAX) return 0
  const length = <u32>(end - target)
  for (let index = before; index < openNames; index++) {
    const other = OPEN_NAMES + ((<usize>index) << 3)
    if (load<u32>(other, 4) == length && isEqual(load<u32>(other), target, length)) return 0
  }
  store<u32>(OPEN_NAMES + ((<usize>openNames) << 3), <u32>target)
  store<u32>(OPEN_NAMES + ((<usize>openNames) << 3), length, 4)
  openNames++
  store<u8>(end, 0x3a)
  return end + 1
}

function isEqual(one: usize, other: usize, length: usize): bool {
  for (let done: usize = 0; done < length; done++) {
    if (load<u8>(one + done) != load<u8>(other + done)) return false
  }
  return true
}
