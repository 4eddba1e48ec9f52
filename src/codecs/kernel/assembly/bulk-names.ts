/**
 * Names of fields in documents. Twin: ../../bulk/names.ts. Here are names that stay as they are,
 * but for their dots; a record with another one is for the twin.
 *
 * Record after record has the same names, if in another order (Docker's Go walks maps at random).
 * Those that were seen are kept in a table: a name that is there needs no check, is there to be
 * copied, and has a bit for each other one that it cannot stand beside.
 */
import { copy } from './copy'
import { NAME_PLACES as PLACES, NAME_SLOTS as SLOTS, OPEN_NAMES } from './scratch'
import { putText } from './text'

/** A name in the table has so many bytes at most, its msgpack header counted. */
const KNOWN_BYTES_MAX: usize = 64
/** The bytes as they came; conflicts; length and text as they go, which may have grown sixfold. */
const SLOT_BYTES: usize = 512
const CONFLICTS_OFFSET: usize = 64
const LENGTH_OFFSET: usize = 72
const RENDERED_OFFSET: usize = 80
/** As many as a bit mask has bits. */
const SLOTS_MAX: u32 = 64
/** Numbers of slots, from 1 on, by the hash of the name; the next free place, if it is taken. */
const PLACES_BYTES: usize = 256
/** Of the hash of a name: odd, and without a pattern. */
const MIX_HEAD: u64 = 0x9e37_79b9_7f4a_7c15
const MIX_TAIL: u64 = 0xc2b2_ae3d_27d4_eb4f

/** Names that the document has for itself: the length of each in a byte before it; 0 ends them. */
const RESERVED_BYTES_MAX: usize = 256
const RESERVED = memory.data(256)

/** Of the maps around the one at hand: where each name is in the target, and its length. */
const OPEN_NAMES_MAX: u32 = 512
/** Every name is compared with all before it. */
const NAMES_MAX: u32 = 32

const DOT: u32 = 0x2e
const UNDERSCORE: u32 = 0x5f

let known: u32 = 0
/** The slots whose names the record has so far. */
let present: u64 = 0
let openNames: u32 = 0
/** What stands for a dot; 0 if dots are kept. */
let dotByte: u32 = 0
let depthMax: u32 = 0

export function startNames(reserved: usize, dot: u32, depth: u32): void {
  memory.copy(RESERVED, reserved, RESERVED_BYTES_MAX)
  dotByte = dot
  depthMax = depth
  forgetNames()
}

/** To be called before each record. */
export function closeNames(): void {
  openNames = 0
  present = 0
  // There is no telling which of them come no more.
  if (known == SLOTS_MAX) forgetNames()
}

function forgetNames(): void {
  known = 0
  memory.fill(PLACES, 0, PLACES_BYTES)
}

/**
 * The slot of the name at `source`, the next one of its record; 0 if the name is for the twin. Its
 * header is fixstr or str 8.
 */
export function slotOf(source: usize): usize {
  const length = nameBytes(source)
  if (length == 0) return 0
  let place = hashOf(source, length)
  let number = <u32>load<u8>(PLACES + place)
  while (number != 0 && !isName(SLOTS + <usize>(number - 1) * SLOT_BYTES, source, length)) {
    place = (place + 1) & (PLACES_BYTES - 1)
    number = load<u8>(PLACES + place)
  }
  if (number == 0) {
    number = known + 1
    if (known == SLOTS_MAX || !learn(source, length)) return 0
    store<u8>(PLACES + place, number)
  }
  const slot = SLOTS + <usize>(number - 1) * SLOT_BYTES
  const bit = (<u64>1) << (number - 1)
  if ((present & (bit | load<u64>(slot, CONFLICTS_OFFSET))) != 0) return 0
  present |= bit
  return slot
}

/** Puts comma, name and colon; up to 31 bytes behind are touched as well. */
export function putKnown(slot: usize, target: usize): usize {
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

/** Of its length, which its header says, its first bytes and its last. */
function hashOf(source: usize, length: usize): usize {
  const head = load<u64>(source)
  const mixed =
    length < 8
      ? (head << (64 - ((<u64>length) << 3))) * MIX_HEAD
      : (head * MIX_HEAD) ^ (load<u64>(source + length - 8) * MIX_TAIL)
  return <usize>(mixed >> 56)
}

/** Whether the name of the slot is the one at `source`, of so many bytes. */
function isName(slot: usize, source: usize, length: usize): bool {
  let done: usize = 0
  for (; done + 8 <= length; done += 8) {
    if (load<u64>(slot + done) != load<u64>(source + done)) return false
  }
  const rest = length - done
  if (rest == 0) return true
  return (load<u64>(slot + done) ^ load<u64>(source + done)) << (64 - ((<u64>rest) << 3)) == 0
}

/** Fills the next slot; false if the name is for the twin. */
function learn(source: usize, length: usize): bool {
  if (length > KNOWN_BYTES_MAX) return false
  const slot = SLOTS + <usize>known * SLOT_BYTES
  memory.copy(slot, source, length)
  const rendered = slot + RENDERED_OFFSET
  store<u8>(rendered, 0x2c)
  const end = putName(source, rendered + 1, true)
  if (end == 0) return false
  store<u8>(end, 0x3a)
  store<u32>(slot, <u32>(end + 1 - rendered), LENGTH_OFFSET)
  if (isReserved(rendered + 2, end - 1)) return false
  findConflicts(slot)
  known++
  return true
}

/** Notes at the slot and at those before it which of them cannot stand in one record. */
function findConflicts(slot: usize): void {
  let conflicts: u64 = 0
  for (let other: u32 = 0; other < known; other++) {
    const otherSlot = SLOTS + <usize>other * SLOT_BYTES
    if (!isConflict(otherSlot, slot)) continue
    conflicts |= (<u64>1) << other
    const both = load<u64>(otherSlot, CONFLICTS_OFFSET) | ((<u64>1) << known)
    store<u64>(otherSlot, both, CONFLICTS_OFFSET)
  }
  store<u64>(slot, conflicts, CONFLICTS_OFFSET)
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
