/** Documents of a chunk that were refused for what is in them, and how far they were changed. */
import { ByteWriter } from '../../../codecs/byte-writer.ts'
import type { ItemFailure } from '../../../codecs/bulk/answer.ts'
import { LineStarts } from '../../../codecs/bulk/format.ts'
import { lineStart, type Lot } from './lot.ts'
import { asOriginal, fieldOfFailure, type OwnFields, withFieldMoved, withoutTag } from './repair.ts'

/** Fields that are moved until the whole document becomes a text. */
const MOVES_MAX = 3

export interface Refusal {
  readonly failure: ItemFailure
  /** For people. */
  readonly reason: string
}

interface Refused {
  /** With its newline. */
  readonly actionLine: Uint8Array
  /** As it came. */
  readonly original: string
  /** Why it was refused as it came. */
  readonly reason: string
  json: string
  moves: number
  isWhole: boolean
}

const NEWLINE = 0x0a

export class Repairs {
  readonly #own: OwnFields
  /** By document. */
  readonly #refused = new Map<number, Refused>()
  /** Of those to be sent in another form. */
  #next: number[] = []

  constructor(own: OwnFields) {
    this.#own = own
  }

  has(document: number): boolean {
    return this.#refused.has(document)
  }

  /**
   * Why it is refused, now for `reason`: what is wrong with the document itself is what was said of
   * it as it came, not of what was made of it.
   */
  reasonOf(document: number, reason: string): string {
    const first = this.#refused.get(document)?.reason ?? reason
    return first === reason ? reason : `${first}; changed so that it may fit: ${reason}`
  }

  /** False if there is no other form of it. */
  add(document: number, lot: Lot, place: number, refusal: Refusal): boolean {
    const { failure, reason } = refusal
    const refused = this.#refused.get(document) ?? refusedAt(lot, place, reason)
    this.#refused.set(document, refused)
    if (!this.#change(refused, failure)) return false
    this.#next.push(document)
    return true
  }

  /** What is to be sent next; null for nothing. */
  takeLot(): Lot | null {
    const documents = this.#next
    if (documents.length === 0) return null
    this.#next = []
    const writer = new ByteWriter()
    const starts = new LineStarts()
    for (const document of documents) {
      const { actionLine, json } = this.#refused.get(document)!
      starts.push(writer.length)
      writer.append(actionLine)
      writer.append(Buffer.from(`${json}\n`))
    }
    return { body: writer.written(), starts, documents, first: 0, count: documents.length }
  }

  #change(refused: Refused, failure: ItemFailure): boolean {
    const field = fieldOfFailure(failure)
    if (refused.isWhole) return this.#leaveTagOut(refused, field)
    const isMovable = field !== null && refused.moves < MOVES_MAX
    const moved = isMovable ? withFieldMoved(refused.json, field, this.#own) : null
    if (moved !== null) {
      refused.moves++
      refused.json = moved
      return true
    }
    const whole = asOriginal(refused.original, this.#own)
    if (whole === null) return false
    refused.isWhole = true
    refused.json = whole
    return true
  }

  /** A strict mapping may have room for nothing but the text, which has the tag too. */
  #leaveTagOut(refused: Refused, field: string | null): boolean {
    const rest = withoutTag(refused.json, field, this.#own)
    if (rest === null) return false
    refused.json = rest
    return true
  }
}

function refusedAt(lot: Lot, place: number, reason: string): Refused {
  const lines = lot.body.subarray(lineStart(lot, place), lineStart(lot, place + 1))
  const documentStart = lines.indexOf(NEWLINE) + 1
  const json = Buffer.from(lines.subarray(documentStart)).toString().trimEnd()
  // A copy: the body's memory is used again.
  const actionLine = lines.slice(0, documentStart)
  return { actionLine, original: json, reason, json, moves: 0, isWhole: false }
}
