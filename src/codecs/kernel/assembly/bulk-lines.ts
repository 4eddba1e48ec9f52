/**
 * Entries to bodies of bulk requests. Twin: ../../bulk/bulk-lines.ts. Every event begins with the
 * same bytes, the template, but for the last digits of its id and its time. What is rare ends the
 * walk before its entry, which the twin encodes.
 */
import { closeNames, nameBytes, putKnown, slotOf, startNames } from './bulk-names'
import {
  allowFields,
  FULL,
  next,
  putValue,
  ROOM,
  startValues,
  stop,
  stopped,
  takeFields,
  UNUSUAL,
} from './bulk-values'
import { report } from './control'
import { copy } from './copy'
import { putDateTime } from './date-time'
import { readU16, readU32 } from './msgpack'
import { putNineDigits } from './numbers'
import { LINE_STARTS as STARTS } from './scratch'

const ENTRY_HEAD_BYTES: usize = 11
/** `2026-11-21T08:50:00.` */
const NANOSECONDS_OFFSET: usize = 20
/** A name of the table, which may grow sixfold, and a short value behind it. */
const KNOWN_ROOM: usize = 64 * 6 + 64

const TEMPLATE = memory.data(1024 + 16)
/** What ends an event, and its length. */
const END_BYTES_MAX: usize = 32
const END = memory.data(32 + 16)

const ID_DIGITS = memory.data<u8>([
  0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f, 0x50,
  0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66,
  0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76,
  0x77, 0x78, 0x79, 0x7a, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x2d, 0x5f,
])

/** Where the lines of events begin, from the target on. */
const STARTS_MAX: u32 = 4096

let templateLength: usize = 0
let endLength: usize = 0
/** Where in the template the four digits are; 0 if there are none. */
let idOffset: usize = 0
let timeOffset: usize = 0
/** The second that the template has. */
let templateSeconds: u32 = 0
let fieldsMax: i32 = 0
let depthMax: u32 = 0
/** Where the target ends, and the entry that was put last. */
let limit: usize = 0
let entryEnd: usize = 0

export function bulkStarts(): usize {
  return STARTS
}

/** `reserved`, names of the document's own (bulk-names.ts), is 256 bytes long. */
export function startBulk(reserved: usize, dot: u32, fields: i32, depth: u32): void {
  startNames(reserved, dot, depth)
  fieldsMax = fields
  depthMax = depth
}

/** The template is one of second 0, and up to 1024 bytes long; the end, behind it, up to 32. */
export function useTemplate(
  template: usize,
  length: usize,
  endBytes: usize,
  id: usize,
  time: usize,
): void {
  copy(TEMPLATE, template, length)
  memory.copy(END, template + length, min(endBytes, END_BYTES_MAX))
  templateLength = length
  endLength = endBytes
  idOffset = id
  timeOffset = time
  templateSeconds = 0
}

/** Lines of the entries from `start` to `end`; the first is at `place` in its batch. */
export function putBulkLines(
  start: usize,
  end: usize,
  target: usize,
  targetEnd: usize,
  place: u32,
): i32 {
  let source = start
  let position = target
  let count: u32 = 0
  limit = targetEnd
  startValues(targetEnd, depthMax)
  while (source < end) {
    if (count == STARTS_MAX) {
      stop(FULL, position)
      break
    }
    const lineEnd = putEvent(source, position, place + count)
    if (stopped != 0) break
    store<u32>(STARTS + ((<usize>count) << 2), <u32>(position - target))
    count++
    position = lineEnd
    source = entryEnd
  }
  report(source, position, count)
  return stopped
}

function putEvent(entry: usize, target: usize, place: u32): usize {
  if (target + templateLength + ROOM > limit) return stop(FULL, target)
  const seconds = readU32(entry + 3)
  if (seconds != templateSeconds) {
    putDateTime(TEMPLATE + timeOffset, seconds)
    templateSeconds = seconds
  }
  copy(target, TEMPLATE, templateLength)
  if (idOffset != 0) putPlace(target + idOffset, place)
  putNineDigits(target + timeOffset + NANOSECONDS_OFFSET, readU32(entry + 7))
  const position = putFields(entry + ENTRY_HEAD_BYTES, target + templateLength)
  if (stopped != 0) return position
  store<u8>(position, 0x7d)
  copy(position + 1, END, endLength)
  return position + 1 + endLength
}

/** Four digits of base 64. */
function putPlace(target: usize, place: u32): void {
  store<u8>(target, load<u8>(ID_DIGITS + ((place >> 18) & 63)))
  store<u8>(target + 1, load<u8>(ID_DIGITS + ((place >> 12) & 63)))
  store<u8>(target + 2, load<u8>(ID_DIGITS + ((place >> 6) & 63)))
  store<u8>(target + 3, load<u8>(ID_DIGITS + (place & 63)))
}

function putFields(record: usize, target: usize): usize {
  const type = <u32>load<u8>(record)
  let count = type & 0x0f
  let source = record + 1
  if (type == 0xde) {
    count = readU16(record + 1)
    source += 2
  } else if (type == 0xdf) {
    count = readU32(record + 1)
    source += 4
  }
  closeNames()
  // Those that the document has anyway count as well.
  allowFields(fieldsMax - 3)
  if (!takeFields(count)) return stop(UNUSUAL, target)
  let position = target
  for (; count > 0; count--) {
    const slot = slotOf(source)
    if (slot == 0) return stop(UNUSUAL, position)
    if (position + KNOWN_ROOM > limit) return stop(FULL, position)
    position = putKnown(slot, position)
    position = putValue(source + nameBytes(slot), position, 2)
    if (stopped != 0) return position
    source = next
  }
  entryEnd = source
  return position
}
