/** Tags of messages: made anew only where more than the priority is in them. */
import { isEmpty, type Span, type SyslogMessage } from './parts.ts'
import { facilityOf, severityOf } from './priority.ts'

/** What a tag may be made of. */
export const TAG_NAMES = [
  'facility',
  'severity',
  'host',
  'ident',
  'pid',
  'msgid',
  'source_address',
] as const

/** A text, or one of `TAG_NAMES`. */
export type SyslogTagPart =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'named'; readonly name: string }

/** Of one sender: what it does not say is `unknown`, but its address stands in for its host. */
export class SyslogTag {
  /** Whether messages of one priority have one tag. */
  readonly isOfPriority: boolean
  readonly #parts: readonly SyslogTagPart[]
  readonly #address: string
  readonly #byPriority: string[] = []

  constructor(parts: readonly SyslogTagPart[], address: string) {
    this.#parts = parts
    this.#address = address
    const fixed = ['facility', 'severity', 'source_address']
    this.isOfPriority = parts.every((part) => part.kind === 'literal' || fixed.includes(part.name))
  }

  /** For tags that are of a priority alone. */
  ofPriority(priority: number): string {
    return (this.#byPriority[priority] ??= this.#render(NOTHING, null, priority))
  }

  of(bytes: Uint8Array, message: SyslogMessage): string {
    if (this.isOfPriority) return this.ofPriority(message.priority)
    return this.#render(bytes, message, message.priority)
  }

  #render(bytes: Uint8Array, message: SyslogMessage | null, priority: number): string {
    let tag = ''
    for (const part of this.#parts) {
      tag += part.kind === 'literal' ? part.text : this.#value(part.name, bytes, message, priority)
    }
    return tag
  }

  #value(name: string, bytes: Uint8Array, message: SyslogMessage | null, priority: number): string {
    if (name === 'facility') return facilityOf(priority)
    if (name === 'severity') return severityOf(priority)
    const span = message === null ? undefined : spanOf(message, name)
    if (span !== undefined && !isEmpty(span)) return textOf(bytes, span)
    const isPlace = name === 'source_address' || name === 'host'
    return (isPlace && this.#address) || UNKNOWN
  }
}

const UNKNOWN = 'unknown'
const NOTHING = new Uint8Array(0)
/** No sender makes tags of any length. */
const VALUE_MAX_BYTES = 255
const decoder = new TextDecoder()

function spanOf(message: SyslogMessage, name: string): Span | undefined {
  if (name === 'host') return message.host
  if (name === 'ident') return message.ident
  if (name === 'pid') return message.pid
  return name === 'msgid' ? message.msgid : undefined
}

function textOf(bytes: Uint8Array, { start, end }: Span): string {
  return decoder.decode(bytes.subarray(start, Math.min(end, start + VALUE_MAX_BYTES)))
}
