/**
 * One stream of a file whose events are longer than its lines: parts of a line are put together,
 * then, by a rule (codecs/multiline), the lines of an event. An event has the time and the fields
 * of its first part.
 */
import type { MultilineRule } from '../../../codecs/multiline/multiline.ts'
import { payloadEnd, payloadStart } from '../../../codecs/record.ts'
import type { ConstantFields, MadeEntries } from './made-entries.ts'
import { type FirstPart, OpenLine } from './open-line.ts'

/** What is there of a line of which parts are missing is delivered when nothing follows. */
const PARTS_TIMEOUT_MS = 5000

export interface OpenStreamOptions {
  /** Which lines are one event; null if each is. */
  readonly rule: MultilineRule | null
  /** How long to wait for the next line of an event. */
  readonly flushAfterMs: number
  readonly bytesMax: number
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number
}

export class OpenStream {
  readonly #options: OpenStreamOptions
  #open: OpenLine | null = null
  /** Whether the last line has parts that are missing. */
  #isMidLine = false
  /** Of the rule. */
  #state = 0
  #continues = false
  #mayGoOn = false
  #grownAtMs = 0

  constructor(options: OpenStreamOptions) {
    this.#options = options
  }

  /** What is not complete; null if nothing is held. */
  get open(): OpenLine | null {
    return this.#open
  }

  get heldBytes(): number {
    return this.#open?.heldBytes ?? 0
  }

  /** Looks at the next part, whose text is the str at `value`; true if it is an event as it is. */
  isAlone(bytes: Uint8Array, value: number, isPartial: boolean): boolean {
    const { rule } = this.#options
    if (rule && !this.#isMidLine) {
      const [start, end] = [payloadStart(bytes, value), payloadEnd(bytes, value)]
      this.#state = rule.next(this.#state, bytes, start, end)
      this.#continues = rule.continues
      this.#mayGoOn = rule.isOpen
    }
    return !isPartial && !this.#mayGoOn && this.#open === null
  }

  /** Adds the part that was looked at. */
  add(part: FirstPart, isPartial: boolean, fields: ConstantFields, made: MadeEntries): void {
    const isNext = this.#open !== null && this.#goesOn(part)
    // Where it is now, entries are written.
    const kept = isNext ? part : { ...part, pairs: part.pairs.slice() }
    if (!isNext) this.close(fields, made)
    if (this.#open) this.#open.add(kept.pairs, kept.text, !this.#isMidLine)
    else this.#open = new OpenLine(kept, this.#options.bytesMax)
    this.#isMidLine = isPartial
    this.#grownAtMs = this.#options.now()
    if (!isPartial && !this.#mayGoOn) this.close(fields, made)
  }

  /** A line that would make its event too long begins another, so that it is not cut. */
  #goesOn({ pairs, text }: FirstPart): boolean {
    if (this.#isMidLine) return true
    const size = payloadEnd(pairs, text) - payloadStart(pairs, text)
    return this.#continues && this.#open!.size + 1 + size <= this.#options.bytesMax
  }

  /** Makes an entry of what nothing has come to for a while. */
  closeIdle(fields: ConstantFields, made: MadeEntries): void {
    if (!this.#open) return
    const { flushAfterMs, now, rule } = this.#options
    const timeoutMs = rule && !this.#isMidLine ? flushAfterMs : PARTS_TIMEOUT_MS
    if (now() - this.#grownAtMs < timeoutMs) return
    this.close(fields, made)
    this.#state = 0
    this.#isMidLine = false
  }

  close(fields: ConstantFields, made: MadeEntries): void {
    this.#open?.write(made, fields)
    this.#open = null
  }

  reset(): void {
    this.#open = null
    this.#state = 0
    this.#isMidLine = false
  }
}
