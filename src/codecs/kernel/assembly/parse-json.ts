/**
 * Entries with a JSON object in one of their fields, to entries with its fields beside the others.
 * Entries without the field, or with no text in it, stay as they are. Whatever is not usual ends
 * the walk before its entry. Twin: ../../formats/entry-parser.ts.
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
  putFields,
  useNames,
  wantedKey,
} from './json-values'
import { putMapHeader } from './map-header'
import { BAD, isText, mapBody, mapCount, textLength, textStart, valueEnd } from './msgpack'

/** All bytes are used up. */
const DONE = 0
/** The next entry is for the twin. */
const UNUSUAL = 1
/** The target has no room for the next entry. */
const FULL = 3

const ENTRY_HEAD_BYTES: usize = 11
/** What `copy` may touch behind its end, and the header of a map. */
const SLACK: usize = 64
const NONE: usize = 0

/** What an entry gets beside its fields. */
const KEEPS_ORIGINAL: u32 = 1
const KEEPS_TIME: u32 = 2
const KEEPS_TIME_FIELD: u32 = 4

/** Of `startParsing`. */
let field: usize = 0
let fieldLength: usize = 0
let targetKey: usize = 0
let targetKeyLength: usize = 0
let keeps: u32 = 0

/** Set by `walk`: the field's key, its value, what is behind it, and where the record ends. */
let keyAt: usize = 0
let valueAt: usize = 0
let behindValue: usize = 0
let recordEnd: usize = 0
let recordFields: u32 = 0
let recordBody: usize = 0
let names: u64 = 0

/** How many entries of the last call had the field and could be parsed. */
let parsed: u32 = 0

export function parsedCount(): u32 {
  return parsed
}

/**
 * The field with the line, the str of the field that gets what is in it (length 0 for none), what
 * is put in front of its names, and the name of its time, one behind the other at `texts`. `way` is
 * how the time is written (field-time.ts); 0 without a time. Names have 1 to 31 bytes.
 */
export function startParsing(
  texts: usize,
  nameLength: usize,
  targetLength: usize,
  prefixLength: usize,
  timeLength: usize,
  way: u32,
  flags: u32,
): void {
  field = texts
  fieldLength = nameLength
  targetKey = texts + nameLength
  targetKeyLength = targetLength
  keeps = flags
  useTimeWay(way)
  const prefix = targetKey + targetLength
  useNames(prefix, prefixLength, prefix + prefixLength, timeLength)
}

/** As the last `startParsing` says. */
export function parseJson(start: usize, end: usize, target: usize, targetEnd: usize): i32 {
  let source = start
  let position = target
  let status = DONE
  let count: u32 = 0
  parsed = 0
  while (source < end) {
    if (!walk(source + ENTRY_HEAD_BYTES)) {
      status = UNUSUAL
      break
    }
    if (position + (recordEnd - source) + SLACK > targetEnd) {
      status = FULL
      break
    }
    if (valueAt == NONE || !isText(load<u8>(valueAt))) {
      copy(position, source, recordEnd - source)
      position += recordEnd - source
    } else {
      const next = putEntry(source, position, targetEnd)
      if (next == NONE) {
        status = isFull ? FULL : UNUSUAL
        break
      }
      position = next
      parsed++
    }
    source = recordEnd
    count++
  }
  report(source, position, count)
  return status
}

/** False for a record with names that are no short str, or the field twice: it is the twin's. */
function walk(record: usize): bool {
  recordFields = mapCount(record)
  recordBody = mapBody(record)
  valueAt = NONE
  names = 0
  let at = recordBody
  for (let left = recordFields; left > 0; left--) {
    const nameType = <u32>load<u8>(at)
    const length = <usize>(nameType & 0x1f)
    if ((nameType & 0xe0) != 0xa0 || length == 0) return false
    const value = at + 1 + length
    const next = valueEnd(value)
    const isField = length == fieldLength && isSame(at + 1, field, length)
    if (isField) {
      if (valueAt != NONE) return false
      keyAt = at
      valueAt = value
      behindValue = next
    }
    if (!isField || (keeps & KEEPS_ORIGINAL) != 0) names |= nameBit(at + 1, length)
    at = next
  }
  recordEnd = at
  return true
}

/** Whether a field put from `start` on has the name of another: that one has to be taken out. */
function overrides(start: usize, count: u32): bool {
  let at = start
  for (let left = count; left > 0; left--) {
    const type = <u32>load<u8>(at)
    const name = textStart(at, type)
    const length = <usize>textLength(at, type)
    if ((names & nameBit(name, length)) != 0 && isRecordName(name, length)) return true
    at = valueEnd(name + length)
  }
  return false
}

function isRecordName(name: usize, length: usize): bool {
  let at = recordBody
  for (let left = recordFields; left > 0; left--) {
    const other = <usize>((<u32>load<u8>(at)) & 0x1f)
    const isThere = at != keyAt || (keeps & KEEPS_ORIGINAL) != 0
    if (other == length && isThere && isSame(at + 1, name, length)) return true
    at = valueEnd(at + 1 + other)
  }
  return false
}

/** The offset behind the entry that is put, or NONE. */
function putEntry(source: usize, target: usize, targetEnd: usize): usize {
  const type = <u32>load<u8>(valueAt)
  const text = textStart(valueAt, type)
  const header = target + ENTRY_HEAD_BYTES
  // Its first eleven bytes are right, the header of the map is put when the count is known.
  v128.store(target, v128.load(source))
  let position = putOthers(header + 1)
  if (targetKeyLength != 0) {
    copy(position, targetKey, targetKeyLength)
    position += targetKeyLength + 1
  }
  if (!putFields(text, text + textLength(valueAt, type), position, targetEnd)) return NONE
  let end = fieldsEnd
  let count = fieldCount
  if (wantedKey != NONE) {
    const stays = (keeps & KEEPS_TIME_FIELD) != 0
    end = takeFieldTime(wantedKey, end, stays)
    if (end == BAD) return NONE
    if (!stays) count--
    if ((keeps & KEEPS_TIME) == 0) {
      store<u32>(target + 3, bswap<u32>(fieldSeconds()))
      store<u32>(target + 7, bswap<u32>(fieldNanoseconds()))
    }
  }
  if (targetKeyLength != 0) {
    if (mayHave(targetKey + 1, targetKeyLength - 1)) return NONE
    end = putMapHeader(position - 1, count, end)
    count = 1
  } else if ((fieldNames & names) != 0 && overrides(position, count)) return NONE
  if (end == NONE) return NONE
  return putMapHeader(header, recordFields - (keeps & KEEPS_ORIGINAL ? 0 : 1) + count, end)
}

/** The record's fields, but for the one with the line if it does not stay; where they end. */
function putOthers(at: usize): usize {
  if ((keeps & KEEPS_ORIGINAL) != 0) {
    copy(at, recordBody, recordEnd - recordBody)
    return at + (recordEnd - recordBody)
  }
  const before = keyAt - recordBody
  copy(at, recordBody, before)
  copy(at + before, behindValue, recordEnd - behindValue)
  return at + before + (recordEnd - behindValue)
}

function mayHave(name: usize, length: usize): bool {
  return (names & nameBit(name, length)) != 0 && isRecordName(name, length)
}
