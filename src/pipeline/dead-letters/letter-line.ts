/**
 * A dead letter as a line of JSON (docs/specs/dead-letters.md). What people and scripts look for
 * comes first, then the record, then the bytes that replay it: JSON would lose digits and binary.
 */
import { crc32 } from 'node:zlib'
import { encodeBase64 } from '../../codecs/base64.ts'
import type { ByteWriter } from '../../codecs/byte-writer.ts'
import { ENTRY_RECORD_OFFSET } from '../../codecs/entry.ts'
import { encodeJsonValue } from '../../codecs/json/value-encoder.ts'
import { encodeTimestamp } from '../../codecs/lines/json-lines.ts'
import { entryEnd } from '../../codecs/record.ts'
import type { DeadLetter } from '../delivery/dead-letter.ts'

const VERSION = 1

/** All but the record and its bytes, by the names they have in the line. */
export interface LetterHead {
  readonly version: typeof VERSION
  readonly id: string
  /** When it became a dead letter, as ISO 8601. */
  readonly at: string
  readonly output: string
  readonly tag: string
  readonly cause: DeadLetter['cause']
  readonly reason: string
  readonly first_reason: string
  readonly attempts: number
  readonly first_tried_at: string
  readonly last_tried_at: string
  /** How often it had been replayed before, as far as this process knew. */
  readonly replays: number
  /** The id of the output's buffer, the batch in it, and the event's place in that. */
  readonly buffer: string
  readonly sequence: number
  readonly event: number
  /** The event's own, with nanoseconds. */
  readonly time: string
}

export interface Letter {
  readonly head: LetterHead
  /** Its msgpack bytes, as they came. */
  readonly entry: Uint8Array
  /** Those of the entry. */
  readonly crc: string
  /** JSON as it is in the line, with all its digits. */
  readonly recordText: string
}

/** What the writer of a line knows besides the letter. */
export interface LineContext {
  readonly id: string
  readonly at: number
  readonly output: string
  readonly replays: number
}

/** One event of a `DeadLetter`. */
export interface LetterEvent {
  readonly letter: DeadLetter
  readonly event: number
  readonly entry: Uint8Array
  readonly crc: string
}

const CLOSING_BRACE = '}'
const RECORD = Buffer.from(',"record":')
const TAIL = /^,"crc32":"([0-9a-f]{8})","entry":$/
const TAIL_LENGTH = ',"crc32":"00000000","entry":'.length
const END = Buffer.from('"}')
const QUOTE = 0x22

/** The events of letters one by one. */
export function eventsOf(letters: readonly DeadLetter[]): LetterEvent[] {
  const events: LetterEvent[] = []
  for (const letter of letters) {
    let offset = 0
    for (let index = 0; index < letter.count; index++) {
      const end = entryEnd(letter.entries, offset)
      const entry = letter.entries.subarray(offset, end)
      events.push({ letter, event: letter.firstEvent + index, entry, crc: checksum(entry) })
      offset = end
    }
  }
  return events
}

/**
 * The same event of the same batch again, and with the same bytes, as after a kill. A line that
 * does not say of which buffer it is has a key that no event has.
 */
export function eventKey(
  output: string,
  of: Pick<LetterHead, 'buffer' | 'sequence' | 'event'> & Pick<Letter, 'crc'>,
): string {
  return `${of.buffer} ${of.sequence} ${of.event} ${of.crc} ${output}`
}

/** Appends the line, its newline included, and returns what is in it. */
export function encodeLetter(
  of: LetterEvent,
  context: LineContext,
  writer: ByteWriter,
): Omit<LetterHead, 'time'> {
  const { entry } = of
  const head = headOf(of, context)
  const start = writer.length
  const json = JSON.stringify(head)
  append(writer, `${json.slice(0, -CLOSING_BRACE.length)},"time":"`)
  encodeTimestamp(entry, 0, writer)
  append(writer, '","record":')
  encodeJsonValue(entry, ENTRY_RECORD_OFFSET, writer)
  const line = checksum(writer.bytes.subarray(start, writer.length), entry)
  append(writer, `,"crc32":"${line}","entry":"`)
  encodeBase64(entry, 0, entry.length, writer)
  append(writer, '"}\n')
  return head
}

/** The head of a line without its newline; undefined if that is damaged. */
export function decodeHead(line: Buffer): LetterHead | undefined {
  const end = line.indexOf(RECORD)
  if (end < 0) return undefined
  try {
    const head = JSON.parse(line.toString('utf8', 0, end) + CLOSING_BRACE) as LetterHead
    return isHead(head) ? head : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Undefined for a line that is damaged, or whose bytes are not those that were written. */
export function decodeLetter(line: Buffer): Letter | undefined {
  const head = decodeHead(line)
  const quote = line.lastIndexOf(QUOTE, -END.length - 1)
  if (!head || quote < TAIL_LENGTH || !line.subarray(-END.length).equals(END)) return undefined
  const [, crc] = TAIL.exec(line.toString('latin1', quote - TAIL_LENGTH, quote)) ?? []
  if (crc === undefined) return undefined
  const base64 = line.toString('latin1', quote + 1, line.length - END.length)
  const entry = Buffer.from(base64, 'base64')
  if (checksum(line.subarray(0, quote - TAIL_LENGTH), entry) !== crc) return undefined
  const start = line.indexOf(RECORD) + RECORD.length
  const recordText = line.toString('utf8', start, quote - TAIL_LENGTH)
  return { head, entry, crc: checksum(entry), recordText }
}

function headOf({ letter, event }: LetterEvent, context: LineContext): Omit<LetterHead, 'time'> {
  const { id, at, output, replays } = context
  return {
    version: VERSION,
    id,
    at: isoTime(at),
    output,
    tag: letter.tag,
    cause: letter.cause,
    reason: letter.reason,
    first_reason: letter.firstReason,
    attempts: letter.attempts,
    first_tried_at: isoTime(letter.firstTriedAt),
    last_tried_at: isoTime(letter.lastTriedAt),
    replays,
    buffer: letter.buffer,
    sequence: letter.sequence,
    event,
  }
}

function isHead(value: Partial<LetterHead> | null): boolean {
  if (typeof value !== 'object' || value === null || value.version !== VERSION) return false
  const texts = [value.id, value.at, value.output, value.tag, value.cause, value.reason]
  const numbers = [value.attempts, value.replays, value.sequence, value.event]
  return (
    texts.every((text) => typeof text === 'string') &&
    numbers.every((number) => typeof number === 'number') &&
    Number.isFinite(Date.parse(value.at!))
  )
}

function checksum(...pieces: readonly Uint8Array[]): string {
  let sum = 0
  for (const piece of pieces) sum = crc32(piece, sum)
  return sum.toString(16).padStart(8, '0')
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

function append(writer: ByteWriter, text: string): void {
  writer.append(Buffer.from(text))
}
