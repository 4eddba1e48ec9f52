/** Names of GELF fields (https://go2docs.graylog.org, GELF 1.1), and what they become. */

/** `additional` is a name that begins with an underscore, `other` one that GELF does not know. */
export type FieldKind =
  | 'version'
  | 'host'
  | 'short_message'
  | 'full_message'
  | 'timestamp'
  | 'level'
  | 'deprecated'
  | 'stream'
  | 'tag'
  | 'container_id'
  | 'id'
  | 'additional'
  | 'other'

const UNDERSCORE = 0x5f

interface KnownName {
  readonly text: Uint8Array
  readonly kind: FieldKind
}

/** By length, and for each length few enough to compare with all. */
const KNOWN: (readonly KnownName[])[] = []
for (const [name, kind] of [
  ['version', 'version'],
  ['host', 'host'],
  ['short_message', 'short_message'],
  ['full_message', 'full_message'],
  ['timestamp', 'timestamp'],
  ['level', 'level'],
  ['facility', 'deprecated'],
  ['line', 'deprecated'],
  ['file', 'deprecated'],
  ['stream', 'stream'],
  ['_tag', 'tag'],
  ['_container_id', 'container_id'],
  ['_id', 'id'],
] as const) {
  const text = new TextEncoder().encode(name)
  KNOWN[text.length] = [...(KNOWN[text.length] ?? []), { text, kind }]
}

export function kindOfName(bytes: Uint8Array, start: number, end: number): FieldKind {
  const known = KNOWN[end - start]
  if (known !== undefined) {
    for (let index = 0; index < known.length; index++) {
      if (isText(bytes, start, known[index]!.text)) return known[index]!.kind
    }
  }
  return start < end && bytes[start] === UNDERSCORE ? 'additional' : 'other'
}

/** Whether the bytes at `start` are `text`; the caller has looked at the length. */
export function isText(bytes: Uint8Array, start: number, text: Uint8Array): boolean {
  for (let index = 0; index < text.length; index++) {
    if (bytes[start + index] !== text[index]) return false
  }
  return true
}

/**
 * How many bytes to leave out at the start of an additional field's name: its underscore, unless
 * the rest is empty or the name of a field that the record has of its own.
 */
export function strippedBytes(
  bytes: Uint8Array,
  start: number,
  end: number,
  messageKey: Uint8Array,
): number {
  const restLength = end - start - 1
  if (restLength === 0) return 0
  if (restLength === messageKey.length && isText(bytes, start + 1, messageKey)) return 0
  return OWN_KINDS.has(kindOfName(bytes, start + 1, end)) ? 0 : 1
}

/** Of the fields that a record has beside the additional ones. */
const OWN_KINDS: ReadonlySet<FieldKind> = new Set([
  'version',
  'host',
  'short_message',
  'full_message',
  'timestamp',
  'level',
  'stream',
])

/** Whether a name is `_` and then letters, digits, `_`, `-` and `.`, as GELF 1.1 has it. */
export function isAdditionalName(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] !== UNDERSCORE) return false
  for (let position = start; position < end; position++) {
    if (!isWordByte(bytes[position]!)) return false
  }
  return true
}

function isWordByte(byte: number): boolean {
  const lower = byte | 0x20
  const isLetter = lower >= 0x61 && lower <= 0x7a
  const isDigit = byte >= 0x30 && byte <= 0x39
  return isLetter || isDigit || byte === UNDERSCORE || byte === 0x2d || byte === 0x2e
}
