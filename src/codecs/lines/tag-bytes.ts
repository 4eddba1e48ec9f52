/** A tag's UTF-8, remembered: batch after batch has one of a few tags. */
const TAGS_MAX = 16_384
/** Longer tags are encoded each time: they must not stay in memory. */
const TAG_LENGTH_MAX = 256

const textEncoder = new TextEncoder()
const known = new Map<string, Uint8Array>()
let lastTag = ''
let lastBytes: Uint8Array = new Uint8Array(0)

/** Lone surrogates become U+FFFD. The bytes are shared: do not change them. */
export function tagBytes(tag: string): Uint8Array {
  if (tag === lastTag) return lastBytes
  lastBytes = known.get(tag) ?? encode(tag)
  lastTag = tag
  return lastBytes
}

function encode(tag: string): Uint8Array {
  const bytes = textEncoder.encode(tag)
  if (tag.length > TAG_LENGTH_MAX) return bytes
  if (known.size >= TAGS_MAX) known.clear()
  known.set(tag, bytes)
  return bytes
}
