/**
 * Structured data of RFC 5424 as it usually is: up to seven elements of up to fifteen parameters,
 * no name twice, no backslash in a value. Twin: ../../syslog/structured-data.ts.
 */
import { isSame } from './copy'
import { findQuote, putStr } from './syslog-text'

const NONE: usize = 0
const ELEMENTS_MAX = 7
const PARAMS_MAX = 15
const SPACE: u32 = 0x20
const CLOSE: u32 = 0x5d
/** Where the names of elements, and of the parameters of one, start and end; 8 bytes each. */
const IDS = memory.data(ELEMENTS_MAX * 8)
const NAMES = memory.data(PARAMS_MAX * 8)
/** `extradata` with its header, as it lies in memory: eight bytes, and two. */
const KEY_START: u64 = 0x6164_6172_7478_65a9
const KEY_END: u16 = 0x6174

/** How many elements `structuredDataEnd` has passed over. */
let elements: u32 = 0

/** The offset behind the data at `start`, which is a `[`; NONE if it is for the twin. */
export function structuredDataEnd(start: usize, end: usize): usize {
  let at = start
  elements = 0
  while (at < end && load<u8>(at) == 0x5b) {
    const idEnd = nameEnd(at + 1, end)
    if (idEnd == at + 1 || elements == ELEMENTS_MAX) return NONE
    if (isRepeated(IDS, elements, at + 1, idEnd)) return NONE
    remember(IDS, elements, at + 1, idEnd)
    elements++
    at = paramsEnd(idEnd, end)
    if (at == NONE) return NONE
  }
  return at >= end || load<u8>(at) == SPACE ? at : NONE
}

/** The offset behind the `]` of the element whose name ends at `start`. */
function paramsEnd(start: usize, end: usize): usize {
  let at = start
  let params: u32 = 0
  while (at < end && load<u8>(at) == SPACE) {
    const name = at + 1
    const equals = nameEnd(name, end)
    // `="`
    if (equals == name || equals + 2 > end || load<u16>(equals) != 0x223d) return NONE
    if (params == PARAMS_MAX || isRepeated(NAMES, params, name, equals)) return NONE
    remember(NAMES, params, name, equals)
    params++
    const quote = findQuote(equals + 2, end)
    if (quote >= end || load<u8>(quote) != 0x22) return NONE
    at = quote + 1
  }
  return at < end && load<u8>(at) == CLOSE ? at + 1 : NONE
}

/** Puts what `structuredDataEnd` has passed over, with its key; returns the offset behind it. */
export function putStructuredData(start: usize, target: usize): usize {
  let at = start
  store<u64>(target, KEY_START)
  store<u16>(target + 8, KEY_END)
  store<u8>(target + 10, 0x80 | elements)
  let position = target + 11
  for (let element: u32 = 0; element < elements; element++) {
    const idEnd = nameEnd(at + 1, usize.MAX_VALUE)
    position = putStr(position, at + 1, idEnd - at - 1)
    const header = position++
    let params: u32 = 0
    at = idEnd
    while (load<u8>(at) == SPACE) {
      const equals = nameEnd(at + 1, usize.MAX_VALUE)
      const quote = findQuote(equals + 2, usize.MAX_VALUE - 16)
      position = putStr(position, at + 1, equals - at - 1)
      position = putStr(position, equals + 2, quote - equals - 2)
      at = quote + 1
      params++
    }
    store<u8>(header, 0x80 | params)
    at++
  }
  return position
}

function nameEnd(start: usize, end: usize): usize {
  let at = start
  while (at < end && isNameByte(load<u8>(at))) at++
  return at
}

function isNameByte(byte: u32): bool {
  return byte > SPACE && byte != 0x22 && byte != 0x3d && byte != CLOSE
}

function remember(list: usize, index: u32, start: usize, end: usize): void {
  store<u32>(list + ((<usize>index) << 3), <u32>start)
  store<u32>(list + ((<usize>index) << 3), <u32>end, 4)
}

function isRepeated(list: usize, count: u32, start: usize, end: usize): bool {
  for (let index: u32 = 0; index < count; index++) {
    const from = <usize>load<u32>(list + ((<usize>index) << 3))
    const to = <usize>load<u32>(list + ((<usize>index) << 3), 4)
    if (to - from == end - start && isSame(from, start, end - start)) return true
  }
  return false
}
