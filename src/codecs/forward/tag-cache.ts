/**
 * Tags as text by their bytes. Senders repeat a few tags, in any order, and a text that is the same
 * object each time has its hash already, which all look-ups by tag on the way need.
 */
const SLOTS = 2048
/** Longer tags are made anew each time: they must not stay in memory. */
const CACHED_MAX_BYTES = 128
/** FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** A tag as it came and as text. */
export interface Tag {
  readonly bytes: Uint8Array
  readonly text: string
}

const cached = new Array<Tag | undefined>(SLOTS)

/** The tag whose UTF-8 lies from `start` to `end`; what is not UTF-8 becomes U+FFFD. */
export function tagOf(bytes: Uint8Array, start: number, end: number): Tag {
  if (end - start > CACHED_MAX_BYTES) return newTag(bytes, start, end)
  let hash = FNV_OFFSET
  for (let index = start; index < end; index++) hash = Math.imul(hash ^ bytes[index]!, FNV_PRIME)
  // The high bits are mixed better than the low ones.
  const slot = (hash ^ (hash >>> 16)) & (SLOTS - 1)
  const known = cached[slot]
  if (known && isSame(known.bytes, bytes, start, end)) return known
  return (cached[slot] = newTag(bytes, start, end))
}

function newTag(bytes: Uint8Array, start: number, end: number): Tag {
  const own = bytes.slice(start, end)
  return { bytes: own, text: decoder.decode(own) }
}

export function isSame(text: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== text.length) return false
  for (let index = 0; index < text.length; index++) {
    if (text[index] !== bytes[start + index]) return false
  }
  return true
}
