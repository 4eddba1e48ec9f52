/**
 * What a record's own `time` and `tag` are called in a line, which has an event's by those names.
 * Twin: ../../lines/own-names.ts.
 */
import { isText, mapBody, mapCount, textLength, textStart, valueEnd } from './msgpack'

/** `time` and `tag` as they lie in memory; of `tag` the fourth byte is the header before it. */
const TIME: u32 = 0x656d_6974
const TAG: u32 = 0x6761_7400
/** `tag` with its header. */
const SHORT_TAG: u32 = 0x6761_74a3
const UNDERSCORE: u32 = 0x5f
/** As many as a bit mask has bits for, beside the one for none. */
const UNDERSCORES_MAX: u32 = 31

/** Of the record at hand; 0 when not known yet. */
let timeUnderscores: u32 = 0
let tagUnderscores: u32 = 0

/** To be called before each record. */
export function startNames(): void {
  timeUnderscores = 0
  tagUnderscores = 0
}

/** Whether the key at `key` is a short str, as nearly all are, and neither `time` nor `tag`. */
export function isUsualName(key: usize, type: u32): bool {
  if ((type & 0xe0) != 0xa0 || load<u32>(key) == SHORT_TAG) return false
  return type != 0xa4 || load<u32>(key + 1) != TIME
}

/** How many underscores the key at `key`, a text, gets: none unless it is `time` or `tag`. */
export function underscoresFor(record: usize, key: usize, type: u32): u32 {
  if (isUsualName(key, type)) return 0
  if (underscoresBefore(key, true) == 0) {
    if (timeUnderscores == 0) timeUnderscores = freeUnderscores(record, true)
    return timeUnderscores
  }
  if (underscoresBefore(key, false) == 0) {
    if (tagUnderscores == 0) tagUnderscores = freeUnderscores(record, false)
    return tagUnderscores
  }
  return 0
}

function freeUnderscores(record: usize, isTime: bool): u32 {
  const taken = takenUnderscores(record, isTime)
  let count: u32 = 1
  while (count < UNDERSCORES_MAX && (taken & (1 << count)) != 0) count++
  return count
}

/** A bit mask: bit 2 is set when the record has a key `__time`. */
function takenUnderscores(record: usize, isTime: bool): u32 {
  let position = mapBody(record)
  let taken: u32 = 0
  for (let left = mapCount(record); left > 0; left--) {
    const underscores = underscoresBefore(position, isTime)
    if (underscores >= 0 && <u32>underscores <= UNDERSCORES_MAX) taken |= 1 << underscores
    position = valueEnd(valueEnd(position))
  }
  return taken
}

/** How many underscores, and nothing else, a text has before the name; -1 for all else. */
function underscoresBefore(key: usize, isTime: bool): i32 {
  const type = <u32>load<u8>(key)
  if (!isText(type)) return -1
  const nameLength: u32 = isTime ? 4 : 3
  const length = textLength(key, type)
  if (length < nameLength) return -1
  const start = textStart(key, type)
  const count = length - nameLength
  const name = start + count
  const isName = isTime ? load<u32>(name) == TIME : (load<u32>(name - 1) & 0xffff_ff00) == TAG
  if (!isName) return -1
  for (let position = start; position < name; position++) {
    if (<u32>load<u8>(position) != UNDERSCORE) return -1
  }
  return <i32>min(count, 0x7fff_ffff)
}
