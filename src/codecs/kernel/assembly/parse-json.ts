/**
 * Entries with a JSON object in one of their fields, to entries with its fields beside the others.
 * Entries without the field, or with no text in it, stay as they are. Whatever is not usual ends
 * the walk before its entry. Twin: ../../formats/entry-parser.ts.
 */
import { report } from './control'
import { copy, isSame } from './copy'
import { fieldCount, fieldNames, fieldsEnd, isFull, nameBit, putFields } from './json-values'
import { isText, readU16, readU32, textLength, textStart, valueEnd } from './msgpack'

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

/** `key` has 1 to 31 bytes. */
export function parseJson(
  start: usize,
  end: usize,
  target: usize,
  targetEnd: usize,
  key: usize,
  keyLength: usize,
): i32 {
  let source = start
  let position = target
  let status = DONE
  let count: u32 = 0
  parsed = 0
  while (source < end) {
    if (!walk(source + ENTRY_HEAD_BYTES, key, keyLength)) {
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
function walk(record: usize, key: usize, keyLength: usize): bool {
  const type = <u32>load<u8>(record)
  recordFields = type & 0x0f
  recordBody = record + 1
  if (type == 0xde) {
    recordFields = readU16(record + 1)
    recordBody += 2
  } else if (type == 0xdf) {
    recordFields = readU32(record + 1)
    recordBody += 4
  }
  valueAt = NONE
  names = 0
  let at = recordBody
  for (let left = recordFields; left > 0; left--) {
    const nameType = <u32>load<u8>(at)
    const length = <usize>(nameType & 0x1f)
    if ((nameType & 0xe0) != 0xa0 || length == 0) return false
    const value = at + 1 + length
    const next = valueEnd(value)
    if (length == keyLength && isSame(at + 1, key, length)) {
      if (valueAt != NONE) return false
      keyAt = at
      valueAt = value
      behindValue = next
    } else {
      names |= nameBit(at + 1, length)
    }
    at = next
  }
  recordEnd = at
  return true
}

/** Whether a field put from `start` on has the name of another: that one has to be taken out. */
function overrides(start: usize): bool {
  let at = start
  for (let left = fieldCount; left > 0; left--) {
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
    if (other == length && at != keyAt && isSame(at + 1, name, length)) return true
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
  let position = header + 1
  copy(position, recordBody, keyAt - recordBody)
  position += keyAt - recordBody
  copy(position, behindValue, recordEnd - behindValue)
  position += recordEnd - behindValue
  if (!putFields(text, text + textLength(valueAt, type), position, targetEnd)) return NONE
  if ((fieldNames & names) != 0 && overrides(position)) return NONE
  const count = recordFields - 1 + fieldCount
  if (count < 16) {
    store<u8>(header, 0x80 | count)
    return fieldsEnd
  }
  if (count >= 0x1_0000) return NONE
  memory.copy(header + 3, header + 1, fieldsEnd - header - 1)
  store<u8>(header, 0xde)
  store<u16>(header + 1, bswap<u16>(<u16>count))
  return fieldsEnd + 2
}
