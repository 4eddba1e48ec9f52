/**
 * What a record's own `time` and `tag` are called in a line, which has an event's time and tag by
 * those names: `_time` and `_tag`, with more underscores where the record has those as well. Past
 * 31 underscores the name repeats one of the record's: names must not grow with what a sender
 * makes up, or a record of 1 MB becomes a line of 100 MB.
 */
import { isBin, isStr } from '../msgpack/format.ts'
import { mapBodyOffset, mapCount, payloadEnd, payloadStart, skipValue } from '../record.ts'

const UNDERSCORE = 0x5f
/** As many as a bit mask has bits for, beside the one for none. */
const UNDERSCORES_MAX = 31
const FIXSTR_3 = 0xa3
const FIXSTR_4 = 0xa4
const textEncoder = new TextEncoder()
const TIME = textEncoder.encode('time')
const TAG = textEncoder.encode('tag')

/** Names the fields of one record after another; looks a record through at most once per name. */
export class OwnNames {
  /** 0: not known yet. */
  #timeUnderscores = 0
  #tagUnderscores = 0

  /** To be called before each record. */
  startRecord(): void {
    this.#timeUnderscores = 0
    this.#tagUnderscores = 0
  }

  /** How many underscores the key at `keyOffset` gets: none unless it is `time` or `tag`. */
  underscoresFor(entries: Uint8Array, recordOffset: number, keyOffset: number): number {
    const type = entries[keyOffset]!
    // Fast path: nearly every key is a short str of another length.
    if (isFixstr(type) && type !== FIXSTR_3 && type !== FIXSTR_4) return 0
    if (underscoresBefore(entries, keyOffset, TIME) === 0) {
      this.#timeUnderscores ||= freeUnderscores(entries, recordOffset, TIME)
      return this.#timeUnderscores
    }
    if (underscoresBefore(entries, keyOffset, TAG) === 0) {
      this.#tagUnderscores ||= freeUnderscores(entries, recordOffset, TAG)
      return this.#tagUnderscores
    }
    return 0
  }
}

/** How many underscores the record's own `name` (`time` or `tag`) gets: mostly 1. */
export function freeUnderscores(
  entries: Uint8Array,
  recordOffset: number,
  name: Uint8Array,
): number {
  const taken = takenUnderscores(entries, recordOffset, name)
  let count = 1
  while (count < UNDERSCORES_MAX && (taken & (1 << count)) !== 0) count++
  return count
}

/** A bit mask: bit 2 is set when the record has a key `__time`. */
function takenUnderscores(entries: Uint8Array, recordOffset: number, name: Uint8Array): number {
  let taken = 0
  let position = mapBodyOffset(entries, recordOffset)
  for (let left = mapCount(entries, recordOffset); left > 0; left--) {
    const underscores = underscoresBefore(entries, position, name)
    if (underscores >= 0 && underscores <= UNDERSCORES_MAX) taken |= 1 << underscores
    position = skipValue(entries, skipValue(entries, position))
  }
  return taken
}

/** How many underscores, and nothing else, the str or bin has before `name`; -1 for all else. */
function underscoresBefore(entries: Uint8Array, offset: number, name: Uint8Array): number {
  const type = entries[offset]!
  if (!isStr(type) && !isBin(type)) return -1
  const start = payloadStart(entries, offset)
  const nameStart = payloadEnd(entries, offset) - name.length
  if (nameStart < start) return -1
  for (let index = 0; index < name.length; index++) {
    if (entries[nameStart + index] !== name[index]) return -1
  }
  for (let position = start; position < nameStart; position++) {
    if (entries[position] !== UNDERSCORE) return -1
  }
  return nameStart - start
}

function isFixstr(type: number): boolean {
  return (type & 0xe0) === 0xa0
}
