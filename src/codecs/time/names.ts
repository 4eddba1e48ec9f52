/** Names in times, in English: months, days of the week, and the zones that need no guessing. */

export const MONTH_NAMES =
  'january february march april may june july august september october november december'.split(' ')
export const DAY_NAMES = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ')
const SHORT_LENGTH = 3

/** RFC 822's, and others that mean one thing in the logs of the world; minutes east of UTC. */
const ZONE_MINUTES = new Map<string, number>([
  ['z', 0],
  ['ut', 0],
  ['utc', 0],
  ['gmt', 0],
  ['wet', 0],
  ['west', 60],
  ['cet', 60],
  ['cest', 120],
  ['eet', 120],
  ['eest', 180],
  ['msk', 180],
  ['jst', 540],
  ['est', -300],
  ['edt', -240],
  ['cst', -360],
  ['cdt', -300],
  ['mst', -420],
  ['mdt', -360],
  ['pst', -480],
  ['pdt', -420],
])
const ZONE_LENGTH_MAX = 4

/** Set by the functions below. */
let lastValue = 0

/** What the last name read stands for: a position in its list, or minutes east of UTC. */
export function lastNameValue(): number {
  return lastValue
}

/** The offset behind the name, whole or its first three letters, that stands at `start`, or -1. */
export function readName(
  bytes: Uint8Array,
  start: number,
  end: number,
  names: readonly string[],
): number {
  for (let index = 0; index < names.length; index++) {
    const name = names[index]!
    const length = commonLength(bytes, start, end, name)
    if (length < SHORT_LENGTH) continue
    lastValue = index
    return start + (length === name.length ? length : SHORT_LENGTH)
  }
  return -1
}

/** The offset behind the name of a zone at `start`, or -1. */
export function readZoneName(bytes: Uint8Array, start: number, end: number): number {
  let name = ''
  let position = start
  while (position < end && isLetter(bytes[position]!) && position - start <= ZONE_LENGTH_MAX) {
    name += String.fromCharCode(bytes[position]! | 0x20)
    position++
  }
  const minutes = ZONE_MINUTES.get(name)
  if (minutes === undefined) return -1
  lastValue = minutes
  return position
}

/** How many letters of `name` stand at `start`, large or small. */
function commonLength(bytes: Uint8Array, start: number, end: number, name: string): number {
  let length = 0
  while (
    length < name.length &&
    start + length < end &&
    (bytes[start + length]! | 0x20) === name.charCodeAt(length)
  ) {
    length++
  }
  return length
}

function isLetter(byte: number): boolean {
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x7a
}
