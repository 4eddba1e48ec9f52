/**
 * Tags as text by their bytes. Senders repeat a few tags, in any order, and a text that is the same
 * object each time has its hash already, which all look-ups by tag on the way need.
 */
const CACHED_MAX = 16_384
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

/** By a hash of the bytes. */
const cached = new Map<number, Tag>()

/** The tag whose UTF-8 lies from `start` to `end`; what is not UTF-8 becomes U+FFFD. */
export function tagOf(bytes: Uint8Array, start: number, end: number): Tag {
  if (end - start > CACHED_MAX_BYTES) return newTag(bytes, start, end)
  let hash = FNV_OFFSET
  for (let index = start; index < end; index++) hash = Math.imul(hash ^ bytes[index]!, FNV_PRIME)
  const known = cached.get(hash)
  if (known && isSame(known.bytes, bytes, start, end)) return known
  const tag = newTag(bytes, start, end)
  if (cached.size >= CACHED_MAX) cached.clear()
  cached.set(hash, tag)
  return tag
}

function newTag(bytes: Uint8Array, start: number, end: number): Tag {
  // A copy, which the slice of a Buffer would not be.
  const own = new Uint8Array(bytes.subarray(start, end))
  return { bytes: own, text: decoder.decode(own) }
}

export function isSame(text: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== text.length) return false
  for (let index = 0; index < text.length; index++) {
    if (text[index] !== bytes[start + index]) return false
  }
  return true
}
