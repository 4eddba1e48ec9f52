/**
 * JSON objects one after the other (lines of them, a list, or with nothing but white space between)
 * to entries. Whatever is not usual, not whole or not valid ends the walk before its object, and
 * the twin goes on from there: ../../records/line-body.ts, ../../records/json-body.ts.
 */
import { report } from './control'
import { copy, isSame } from './copy'
import { fieldNanoseconds, fieldSeconds, takeFieldTime, useTimeWay } from './field-time'
import {
  fieldCount,
  fieldNames,
  fieldsEnd,
  isFull,
  nameBit,
  putObject,
  skipSpace,
  useNames,
  wantedKey,
} from './json-values'
import { putMapHeader } from './map-header'
import { BAD, textLength, textStart, valueEnd } from './msgpack'
import { splat } from './splat'

/** All is used up that is whole; with COMMA and SPACE, the offset is behind an object. */
const DONE = 0
/** The next object is for the twin. */
const UNUSUAL = 1
/** The target has no room for the next entry. */
const FULL = 3

/** What is between two objects. */
const LINES: u32 = 0
const COMMA: u32 = 1

const OPEN_OBJECT: u32 = 0x7b
const ENTRY_HEAD_BYTES: usize = 11
/** Little-endian 0x92 0xd7 0x00. */
const ENTRY_HEAD: u32 = 0x00d792
/** What `copy` may touch behind its end, and the header of a map. */
const SLACK: usize = 64
const NONE: usize = 0

/** Of `startRecords`: fields for every record, as names and values, and a bit for each name. */
let added: usize = 0
let addedLength: usize = 0
let addedCount: u32 = 0
let addedNames: u64 = 0
let keepsTime: bool = false
let arrivalSeconds: u32 = 0
let arrivalNanoseconds: u32 = 0

/**
 * The name of the time (of length 0 for none) and the fields that are added to every record, one
 * behind the other at `texts`. `way` is how the time is written (field-time.ts); the entry gets
 * `seconds` and `nanoseconds` if the record does not say its own.
 */
export function startRecords(
  texts: usize,
  timeLength: usize,
  fieldsLength: usize,
  fields: u32,
  way: u32,
  keeps: bool,
  seconds: u32,
  nanoseconds: u32,
): void {
  added = texts + timeLength
  addedLength = fieldsLength
  addedCount = fields
  addedNames = namesOf(added, fields)
  keepsTime = keeps
  arrivalSeconds = seconds
  arrivalNanoseconds = nanoseconds
  useTimeWay(way)
  useNames(0, 0, texts, timeLength)
}

function namesOf(fields: usize, count: u32): u64 {
  let bits: u64 = 0
  let at = fields
  for (let left = count; left > 0; left--) {
    const type = <u32>load<u8>(at)
    const length = <usize>textLength(at, type)
    const name = textStart(at, type)
    bits |= nameBit(name, length)
    at = valueEnd(name + length)
  }
  return bits
}

/** As the last `startRecords` says; longer lines than `lineMax` are for the twin. */
export function readRecords(
  start: usize,
  end: usize,
  target: usize,
  targetEnd: usize,
  separator: u32,
  lineMax: usize,
): i32 {
  if (separator == LINES) return readLines(start, end, target, targetEnd, lineMax)
  let source = start
  let position = target
  let count: u32 = 0
  let status = UNUSUAL
  while (source < end && <u32>load<u8>(source) == OPEN_OBJECT) {
    if (!hasRoom(position, targetEnd)) {
      status = FULL
      break
    }
    const behind = putRecord(source, end, position, targetEnd)
    if (behind == BAD) {
      if (isFull) status = FULL
      break
    }
    position = recordEnd
    count++
    source = behind
    let next = skipSpace(behind, end)
    if (separator == COMMA && next < end) {
      next = <u32>load<u8>(next) == 0x2c ? skipSpace(next + 1, end) : end
    }
    if (next >= end || <u32>load<u8>(next) != OPEN_OBJECT) {
      status = DONE
      break
    }
    source = next
  }
  report(source, position, count)
  return status
}

function readLines(start: usize, end: usize, target: usize, targetEnd: usize, lineMax: usize): i32 {
  let source = start
  let position = target
  let count: u32 = 0
  let status = DONE
  while (source < end) {
    const lineEnd = findFeed(source, end)
    if (lineEnd == BAD) break
    const first = skipSpace(source, lineEnd)
    if (first < lineEnd) {
      if (!hasRoom(position, targetEnd)) {
        status = FULL
        break
      }
      const behind =
        lineEnd - source > lineMax || <u32>load<u8>(first) != OPEN_OBJECT
          ? BAD
          : putRecord(first, lineEnd, position, targetEnd)
      if (behind == BAD || skipSpace(behind, lineEnd) != lineEnd) {
        status = behind == BAD && isFull ? FULL : UNUSUAL
        break
      }
      position = recordEnd
      count++
    }
    source = lineEnd + 1
  }
  report(source, position, count)
  return status
}

/** For an entry of an object without fields; that of others is looked at while they are put. */
function hasRoom(position: usize, targetEnd: usize): bool {
  return position + ENTRY_HEAD_BYTES + addedLength + 2 * SLACK <= targetEnd
}

/** The next line feed, or BAD. Reads up to 15 bytes behind `end`. */
function findFeed(start: usize, end: usize): usize {
  const feed = splat(0x0a)
  for (let at = start; at < end; at += 16) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(at), feed))
    if (mask == 0) continue
    const found = at + ctz(mask)
    return found < end ? found : BAD
  }
  return BAD
}

/** Set by `putRecord`: behind the entry. */
let recordEnd: usize = 0

/** Puts the entry of the object at `at`; the offset behind its }, or BAD. */
function putRecord(at: usize, end: usize, target: usize, targetEnd: usize): usize {
  const header = target + ENTRY_HEAD_BYTES
  const behind = putObject(at, end, header + 1, targetEnd - addedLength - SLACK)
  if (behind == BAD) return BAD
  let position = fieldsEnd
  let count = fieldCount
  let seconds = arrivalSeconds
  let nanoseconds = arrivalNanoseconds
  if (wantedKey != NONE) {
    position = takeFieldTime(wantedKey, position, keepsTime)
    if (position == BAD) return BAD
    if (!keepsTime) count--
    seconds = fieldSeconds()
    nanoseconds = fieldNanoseconds()
  }
  if ((fieldNames & addedNames) != 0 && hasAdded(header + 1, count)) return BAD
  copy(position, added, addedLength)
  recordEnd = putMapHeader(header, count + addedCount, position + addedLength)
  if (recordEnd == NONE) return BAD
  store<u32>(target, ENTRY_HEAD)
  store<u32>(target + 3, bswap<u32>(seconds))
  store<u32>(target + 7, bswap<u32>(nanoseconds))
  return behind
}

/** Whether one of the `count` fields from `start` on has the name of one that is added. */
function hasAdded(start: usize, count: u32): bool {
  let field = added
  for (let left = addedCount; left > 0; left--) {
    const type = <u32>load<u8>(field)
    const name = textStart(field, type)
    const length = <usize>textLength(field, type)
    if (hasName(start, count, name, length)) return true
    field = valueEnd(name + length)
  }
  return false
}

function hasName(start: usize, count: u32, name: usize, length: usize): bool {
  let at = start
  for (let left = count; left > 0; left--) {
    const type = <u32>load<u8>(at)
    const text = textStart(at, type)
    const bytes = <usize>textLength(at, type)
    if (bytes == length && isSame(text, name, length)) return true
    at = valueEnd(text + bytes)
  }
  return false
}
