/**
 * Names of the fields of GELF messages, and the keys that they become. A sender writes the same
 * names in the same order, so each is compared first with the one that the last message had in its
 * place: two blocks of 16 bytes, and nothing is looked for. Twin: ../../gelf/names.ts.
 *
 *     0             4            8      16                48              96
 *     ├─────────────┼────────────┼──────┼─────────────────┼───────────────┤
 *     │ wire length │ key length │ kind │ wire: `name":`  │ key, as a str │
 *     └─────────────┴────────────┴──────┴─────────────────┴───────────────┘
 */
import { isSame } from './copy'
import { findSpecial } from './json-strings'
import { BAD } from './msgpack'
import { GELF_NAME_BYTES, GELF_NAMES, GELF_NAMES_MAX } from './scratch'

/** What a name has to do beside being a key. */
export const PLAIN: u32 = 0
export const TIME: u32 = 1
export const TAG: u32 = 2
export const LEVEL: u32 = 3
export const STREAM: u32 = 4
/** Who has it is Docker. */
export const CONTAINER: u32 = 5

/** Longest name, in a str of one byte of header. */
const NAME_MAX: usize = 31
/** What is behind a name: `":`. */
const WIRE_EXTRA: usize = 2
const WIRE_MAX: usize = 32
const WIRE: usize = 16
const KEY: usize = 48
/** For a name that is not compared: longer than two blocks, or of one field too many. */
const OTHER: usize = GELF_NAMES + GELF_NAMES_MAX * GELF_NAME_BYTES
/** What the names are kept for: the key of messages, and below it whether underscores go. */
const OPTIONS: usize = OTHER + GELF_NAME_BYTES

const QUOTE: u32 = 0x22
const UNDERSCORE: u32 = 0x5f
/** Names as they lie in memory: host, level, stream, version, timestamp … */
const HOST_WORD: u32 = 0x7473_6f68
const TAG_WORD: u32 = 0x6761_745f
const LEVEL_NAME = memory.data<u8>([0x6c, 0x65, 0x76, 0x65, 0x6c])
const STREAM_NAME = memory.data<u8>([0x73, 0x74, 0x72, 0x65, 0x61, 0x6d])
const VERSION = memory.data<u8>([0x76, 0x65, 0x72, 0x73, 0x69, 0x6f, 0x6e])
const TIMESTAMP = memory.data<u8>([0x74, 0x69, 0x6d, 0x65, 0x73, 0x74, 0x61, 0x6d, 0x70])
const FULL_MESSAGE = memory.data<u8>([
  0x66, 0x75, 0x6c, 0x6c, 0x5f, 0x6d, 0x65, 0x73, 0x73, 0x61, 0x67, 0x65,
])
const SHORT_MESSAGE = memory.data<u8>([
  0x73, 0x68, 0x6f, 0x72, 0x74, 0x5f, 0x6d, 0x65, 0x73, 0x73, 0x61, 0x67, 0x65,
])
const CONTAINER_ID = memory.data<u8>([
  0x5f, 0x63, 0x6f, 0x6e, 0x74, 0x61, 0x69, 0x6e, 0x65, 0x72, 0x5f, 0x69, 0x64,
])

/** Whether names lose their underscores, and the text comes under `messageKey`. */
let strips: bool = false
let messageKey: usize = 0
let messageKeyLength: usize = 0

/** Forgets names that were kept for other options; a message key has up to NAME_MAX bytes. */
export function startNames(isStripping: bool, key: usize, keyLength: usize): void {
  const isSameStripping = strips == isStripping && messageKeyLength == keyLength
  const areKept = isSameStripping && isSame(key, OPTIONS, keyLength)
  strips = isStripping
  messageKey = key
  messageKeyLength = keyLength
  if (areKept) return
  memory.copy(OPTIONS, key, keyLength)
  for (let slot = GELF_NAMES; slot < OTHER; slot += GELF_NAME_BYTES) store<u32>(slot, 0)
}

/**
 * Where the name is kept whose first byte is at `at`, the `index`th of its message; BAD if it is
 * for the twin.
 */
export function nameAt(index: usize, at: usize, end: usize): usize {
  if (index >= GELF_NAMES_MAX) return keepName(OTHER, at, end)
  const slot = GELF_NAMES + index * GELF_NAME_BYTES
  return isKept(slot, at, end) ? slot : keepName(slot, at, end)
}

/** Bytes of a name, its quote and colon. */
export function wireLength(name: usize): usize {
  return <usize>load<u32>(name)
}

export function kindOf(name: usize): u32 {
  return load<u32>(name, 8)
}

/** Puts the key, and up to 31 bytes behind what it returns. */
export function putKey(name: usize, target: usize): usize {
  v128.store(target, v128.load(name, KEY))
  v128.store(target + 16, v128.load(name, KEY + 16))
  return target + <usize>load<u32>(name, 4)
}

function isKept(slot: usize, at: usize, end: usize): bool {
  const length = load<u32>(slot)
  if (length == 0 || at + length >= end) return false
  const low = i8x16.bitmask(i8x16.eq(v128.load(at), v128.load(slot, WIRE)))
  const high = i8x16.bitmask(i8x16.eq(v128.load(at + 16), v128.load(slot, WIRE + 16)))
  return ~(low | (high << 16)) << (32 - length) == 0
}

/** Reads the name at `at` into `slot`, or into OTHER; where it is then, or BAD. */
function keepName(own: usize, at: usize, end: usize): usize {
  const close = findSpecial(at, end)
  if (close == BAD || load<u8>(close) != QUOTE) return BAD
  const length = close - at
  if (length > NAME_MAX || load<u8>(close + 1) != 0x3a) return BAD
  const slot = length + WIRE_EXTRA > WIRE_MAX ? OTHER : own
  // Until all of it is there, nothing is.
  store<u32>(slot, 0)
  const kind = kindOfName(at, length)
  store<u32>(slot, kind, 8)
  if (kind != TIME && kind != TAG && !keepKey(slot, at, length)) return BAD
  v128.store(slot, v128.load(at), WIRE)
  v128.store(slot, v128.load(at + 16), WIRE + 16)
  store<u32>(slot, <u32>(length + WIRE_EXTRA))
  return slot
}

function kindOfName(name: usize, length: usize): u32 {
  switch (<u32>length) {
    case 4:
      return load<u32>(name) == TAG_WORD ? TAG : PLAIN
    case 5:
      return isSame(name, LEVEL_NAME, 5) ? LEVEL : PLAIN
    case 6:
      return isSame(name, STREAM_NAME, 6) ? STREAM : PLAIN
    case 9:
      return isSame(name, TIMESTAMP, 9) ? TIME : PLAIN
    case 13:
      return isSame(name, CONTAINER_ID, 13) ? CONTAINER : PLAIN
    default:
      return PLAIN
  }
}

/** False if the name is for the twin. */
function keepKey(slot: usize, name: usize, length: usize): bool {
  if (!strips) return keepStr(slot, name, length)
  if (length == 13 && isSame(name, SHORT_MESSAGE, 13)) {
    return keepStr(slot, messageKey, messageKeyLength)
  }
  if (load<u8>(name) == UNDERSCORE && length > 0) {
    const rest = length - 1
    if (rest == 0 || isMessageKey(name + 1, rest) || isOwn(name + 1, rest)) return false
    return keepStr(slot, name + 1, rest)
  }
  return !isMessageKey(name, length) && keepStr(slot, name, length)
}

function isMessageKey(name: usize, length: usize): bool {
  return length == messageKeyLength && isSame(name, messageKey, length)
}

/** Whether it is a field that a record has beside the additional ones. */
function isOwn(name: usize, length: usize): bool {
  switch (<u32>length) {
    case 4:
      return load<u32>(name) == HOST_WORD
    case 5:
      return isSame(name, LEVEL_NAME, 5)
    case 6:
      return isSame(name, STREAM_NAME, 6)
    case 7:
      return isSame(name, VERSION, 7)
    case 9:
      return isSame(name, TIMESTAMP, 9)
    case 12:
      return isSame(name, FULL_MESSAGE, 12)
    case 13:
      return isSame(name, SHORT_MESSAGE, 13)
    default:
      return false
  }
}

/** A str of at most 31 bytes. */
function keepStr(slot: usize, text: usize, length: usize): bool {
  store<u8>(slot, 0xa0 | (<u32>length), KEY)
  v128.store(slot, v128.load(text), KEY + 1)
  v128.store(slot, v128.load(text + 16), KEY + 17)
  store<u32>(slot, <u32>length + 1, 4)
  return true
}
