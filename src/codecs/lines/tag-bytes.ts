/** A tag's UTF-8; the last one is kept, as batch after batch has the same tag. */
const textEncoder = new TextEncoder()
let lastTag = ''
let lastBytes = new Uint8Array(0)

/** Lone surrogates become U+FFFD. The bytes are shared: do not change them. */
export function tagBytes(tag: string): Uint8Array {
  if (tag !== lastTag) {
    lastBytes = textEncoder.encode(tag)
    lastTag = tag
  }
  return lastBytes
}
