/**
 * Structured data of RFC 5424 as it usually is: up to seven elements of up to fifteen parameters,
 * no name twice, no backslash in a value. Twin: ../../syslog/structured-data.ts.
 */
import { isSame } from './copy'
import { findNameEnd, findQuote, putStr } from './syslog-text'

const NONE: usize = 0
const ELEMENTS_MAX = 7
const PARAMS_MAX = 15
const SPACE: u32 = 0x20
const CLOSE: u32 = 0x5d
/** Where the names of elements, and of the parameters of one, start and end; 8 bytes each. */
const IDS = memory.data(ELEMENTS_MAX * 8)
const NAMES = memory.data(PARAMS_MAX * 8)

/** Where the data ends that `putStructuredData` has put. */
let dataEnd: usize = 0

export function structuredDataEnd(): usize {
  return dataEnd
}

/**
 * Puts the data at `start`, which is a `[`, as a map; returns the offset behind what it put,
 * or NONE if it is for the twin.
 */
export function putStructuredData(start: usize, end: usize, target: usize): usize {
  let position = target + 1
  let elements: u32 = 0
  dataEnd = start
  while (dataEnd < end && load<u8>(dataEnd) == 0x5b) {
    const id = dataEnd + 1
    const idEnd = findNameEnd(id, end)
    if (idEnd == id || elements == ELEMENTS_MAX) return NONE
    if (isRepeated(IDS, elements, id, idEnd)) return NONE
    remember(IDS, elements, id, idEnd)
    elements++
    position = putParams(idEnd, end, putStr(position, id, idEnd - id))
    if (position == NONE) return NONE
  }
  if (dataEnd < end && load<u8>(dataEnd) != SPACE) return NONE
  store<u8>(target, 0x80 | elements)
  return position
}

/** Those of the element whose name ends at `start`, as a map; ends the data behind its `]`. */
function putParams(start: usize, end: usize, target: usize): usize {
  let at = start
  let position = target + 1
  let params: u32 = 0
  while (at < end && load<u8>(at) == SPACE) {
    const name = at + 1
    const equals = findNameEnd(name, end)
    // `="`
    if (equals == name || equals + 2 > end || load<u16>(equals) != 0x223d) return NONE
    if (params == PARAMS_MAX || isRepeated(NAMES, params, name, equals)) return NONE
    remember(NAMES, params, name, equals)
    params++
    const value = equals + 2
    const quote = findQuote(value, end)
    if (quote >= end || load<u8>(quote) != 0x22) return NONE
    position = putStr(position, name, equals - name)
    position = putStr(position, value, quote - value)
    at = quote + 1
  }
  if (at >= end || load<u8>(at) != CLOSE) return NONE
  store<u8>(target, 0x80 | params)
  dataEnd = at + 1
  return position
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
