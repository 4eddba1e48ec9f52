/**
 * Changes to the fields of records, not to what is inside them: a table of where the fields of a
 * record are is changed step by step, then the record is put as the table says. Twin: the
 * operations of ../../../pipeline/filters/modify/operations.ts. Records with very many fields, or
 * the same one twice, end the walk before their entry.
 */
import { report } from './control'
import { copy, isSame } from './copy'
import { isStr, mapBody, mapCount, textLength, textStart, valueEnd } from './msgpack'
import { FIELD_ROWS, FIELD_ROWS_MAX } from './scratch'

const DONE = 0
/** The next entry is for the twin. */
const UNUSUAL = 1
/** The target has no room for the next entry. */
const FULL = 3

const ENTRY_HEAD_BYTES: usize = 11
/** What `copy` may touch behind its end, and the header of a map. */
const SLACK: usize = 64

/**
 * A row of the table of fields: where the bytes of the name are (length NO_TEXT if it is no text),
 * and the two runs of bytes to put: the key, and the value. For a field that is as it came they
 * follow each other.
 */
const ROW_BYTES: usize = 24
const NAME: usize = 0
const NAME_LENGTH: usize = 4
const KEY: usize = 8
const KEY_END: usize = 12
const VALUE: usize = 16
const VALUE_END: usize = 20
const NO_TEXT: u32 = 0xffff_ffff

/**
 * A step, six u32: what to do; the name it is about and its length; the bytes to put, for SET a
 * key and a value, for RENAME a key, up to where the key and all end.
 */
const STEP_BYTES: usize = 24
const SET: u32 = 0
const RENAME: u32 = 1
const REMOVE: u32 = 2
/** The first of so many (in place of the key) that say names that stay; the others follow it. */
const KEEP: u32 = 3

let steps: usize = 0
let stepsEnd: usize = 0
/** What they add to a record at most. */
let growth: usize = 0

/** Fields of the record at hand. */
let rows: u32 = 0
let bodyEnd: usize = 0
let hasChanged: bool = false
/** How many entries the last call has changed. */
let changed: u32 = 0

export function changedCount(): u32 {
  return changed
}

/** `count` steps at `at`; they hold until the next call. */
export function startEdits(at: usize, count: u32, growthMax: usize): void {
  steps = at
  stepsEnd = at + <usize>count * STEP_BYTES
  growth = growthMax
}

/** Entries as the steps make them. */
export function editFields(start: usize, end: usize, target: usize, targetEnd: usize): i32 {
  let source = start
  let position = target
  let count: u32 = 0
  let status = DONE
  changed = 0
  while (source < end) {
    if (!readFields(source + ENTRY_HEAD_BYTES)) {
      status = UNUSUAL
      break
    }
    if (position + (bodyEnd - source) + growth + SLACK > targetEnd) {
      status = FULL
      break
    }
    if (!applySteps()) {
      status = UNUSUAL
      break
    }
    if (hasChanged) {
      position = putRecord(source, position)
      changed++
    } else {
      copy(position, source, bodyEnd - source)
      position += bodyEnd - source
    }
    source = bodyEnd
    count++
  }
  report(source, position, count)
  return status
}

/** False for a record with too many. */
function readFields(record: usize): bool {
  let at = mapBody(record)
  rows = mapCount(record)
  if (rows > FIELD_ROWS_MAX) return false
  let row = FIELD_ROWS
  for (let left = rows; left > 0; left--) {
    const nameType = <u32>load<u8>(at)
    let value: usize
    if (isStr(nameType)) {
      const name = textStart(at, nameType)
      const length = textLength(at, nameType)
      value = name + length
      store<u32>(row, <u32>name, NAME)
      store<u32>(row, length, NAME_LENGTH)
    } else {
      value = valueEnd(at)
      store<u32>(row, NO_TEXT, NAME_LENGTH)
    }
    store<u32>(row, <u32>at, KEY)
    store<u32>(row, <u32>value, KEY_END)
    store<u32>(row, <u32>value, VALUE)
    at = valueEnd(value)
    store<u32>(row, <u32>at, VALUE_END)
    row += ROW_BYTES
  }
  bodyEnd = at
  return true
}

/** False if the table is full, or a name that is set or renamed is there twice. */
function applySteps(): bool {
  hasChanged = false
  for (let step = steps; step < stepsEnd; step += STEP_BYTES) {
    const kind = load<u32>(step)
    if (kind == SET) {
      if (!set(step)) return false
    } else if (kind == RENAME) {
      if (!rename(step)) return false
    } else if (kind == REMOVE) remove(load<u32>(step, 4), load<u32>(step, 8))
    else {
      const names = load<u32>(step, 12)
      keep(step, names)
      if (names > 1) step += <usize>(names - 1) * STEP_BYTES
    }
  }
  return true
}

function has(row: usize, name: usize, length: u32): bool {
  return load<u32>(row, NAME_LENGTH) == length && isSame(load<u32>(row, NAME), name, length)
}

function set(step: usize): bool {
  const name = <usize>load<u32>(step, 4)
  const length = load<u32>(step, 8)
  const end = FIELD_ROWS + <usize>rows * ROW_BYTES
  let isThere = false
  hasChanged = true
  for (let row = FIELD_ROWS; row < end; row += ROW_BYTES) {
    if (!has(row, name, length)) continue
    if (isThere) return false
    isThere = true
    store<u32>(row, load<u32>(step, 16), VALUE)
    store<u32>(row, load<u32>(step, 20), VALUE_END)
  }
  if (isThere) return true
  if (rows == FIELD_ROWS_MAX) return false
  store<u32>(end, <u32>name, NAME)
  store<u32>(end, length, NAME_LENGTH)
  store<u32>(end, load<u32>(step, 12), KEY)
  store<u32>(end, load<u32>(step, 16), KEY_END)
  store<u32>(end, load<u32>(step, 16), VALUE)
  store<u32>(end, load<u32>(step, 20), VALUE_END)
  rows++
  return true
}

/** In its place; a field that has the new name, which is another, gives way. */
function rename(step: usize): bool {
  const name = <usize>load<u32>(step, 4)
  const length = load<u32>(step, 8)
  const key = load<u32>(step, 12)
  const type = <u32>load<u8>(key)
  const newName = textStart(key, type)
  const newLength = textLength(key, type)
  if (countName(name, length) == 0) return true
  remove(newName, newLength)
  if (countName(name, length) > 1) return false
  const end = FIELD_ROWS + <usize>rows * ROW_BYTES
  hasChanged = true
  for (let row = FIELD_ROWS; row < end; row += ROW_BYTES) {
    if (!has(row, name, length)) continue
    store<u32>(row, <u32>newName, NAME)
    store<u32>(row, newLength, NAME_LENGTH)
    store<u32>(row, key, KEY)
    store<u32>(row, load<u32>(step, 16), KEY_END)
  }
  return true
}

function countName(name: usize, length: u32): u32 {
  const end = FIELD_ROWS + <usize>rows * ROW_BYTES
  let found: u32 = 0
  for (let row = FIELD_ROWS; row < end; row += ROW_BYTES) if (has(row, name, length)) found++
  return found
}

function remove(name: usize, length: u32): void {
  const end = FIELD_ROWS + <usize>rows * ROW_BYTES
  let kept = FIELD_ROWS
  for (let row = FIELD_ROWS; row < end; row += ROW_BYTES) {
    if (!has(row, name, length)) kept = keepRow(kept, row)
  }
  endRows(kept)
}

function keep(step: usize, names: u32): void {
  const end = FIELD_ROWS + <usize>rows * ROW_BYTES
  let kept = FIELD_ROWS
  for (let row = FIELD_ROWS; row < end; row += ROW_BYTES) {
    let at = step
    for (let left = names; left > 0; left--) {
      if (has(row, load<u32>(at, 4), load<u32>(at, 8))) {
        kept = keepRow(kept, row)
        break
      }
      at += STEP_BYTES
    }
  }
  endRows(kept)
}

function keepRow(target: usize, row: usize): usize {
  if (target != row) {
    v128.store(target, v128.load(row))
    store<u64>(target, load<u64>(row, 16), 16)
  }
  return target + ROW_BYTES
}

function endRows(end: usize): void {
  const left = <u32>((end - FIELD_ROWS) / ROW_BYTES)
  if (left == rows) return
  rows = left
  hasChanged = true
}

/** The entry at `source` with the fields of the table; where it ends. */
function putRecord(source: usize, target: usize): usize {
  v128.store(target, v128.load(source))
  let position = target + ENTRY_HEAD_BYTES
  if (rows < 16) {
    store<u8>(position, 0x80 | rows)
    position += 1
  } else {
    store<u8>(position, 0xde)
    store<u16>(position + 1, bswap<u16>(<u16>rows))
    position += 3
  }
  const end = FIELD_ROWS + <usize>rows * ROW_BYTES
  // What lies side by side is copied at once.
  let from: usize = 0
  let to: usize = 0
  for (let row = FIELD_ROWS; row < end; row += ROW_BYTES) {
    const key = <usize>load<u32>(row, KEY)
    const keyEnd = <usize>load<u32>(row, KEY_END)
    const value = <usize>load<u32>(row, VALUE)
    if (key != to) {
      copy(position, from, to - from)
      position += to - from
      from = key
    }
    if (keyEnd != value) {
      copy(position, from, keyEnd - from)
      position += keyEnd - from
      from = value
    }
    to = load<u32>(row, VALUE_END)
  }
  copy(position, from, to - from)
  return position + (to - from)
}
