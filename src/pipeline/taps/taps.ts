/**
 * Lets people see what passes a point of a running pipeline. Nobody is held up by it: what is over
 * the rate of a tap, or more than its listener takes, is not shown but counted. Without a tap it
 * costs the look at one field per batch.
 */
import { ByteWriter } from '../../codecs/byte-writer.ts'
import { encodeJsonLine } from '../../codecs/lines/json-lines.ts'
import { entryEnd } from '../../codecs/record.ts'
import type { Batch } from '../batch.ts'
import type { Clock } from '../clock.ts'
import type { TagPattern } from '../tag-pattern.ts'

/** What a batch passes: an input behind it, a filter before and behind it, an output before it. */
export type TapKind = 'input' | 'before' | 'after' | 'output'

export const TAP_KINDS: readonly TapKind[] = ['input', 'before', 'after', 'output']
export const TAPS_MAX = 16
export const TAP_RATE_DEFAULT = 100
export const TAP_RATE_MAX = 10_000

/** Larger events are not shown but counted. */
const EVENT_MAX_BYTES = 64 * 1024

export interface TapOptions {
  readonly matches: TagPattern
  /** `output`, or `output:files` for one of them. */
  readonly point: string
  readonly eventsPerSecond: number
  /** Takes a line without its newline, or says at once that it does not. */
  readonly take: (line: string) => boolean
}

export interface Tap {
  /** How many events were not shown since the last call. */
  takeMissed(): number
  close(): void
}

export class Taps {
  /** Whether anybody looks; asked before `see`, once per batch. */
  isActive = false
  readonly #clock: Clock
  readonly #open = new Set<OpenTap>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Null if there are too many. */
  open(options: TapOptions): Tap | null {
    if (this.#open.size >= TAPS_MAX) return null
    const tap = new OpenTap(options, this.#clock.monotonic())
    this.#open.add(tap)
    this.isActive = true
    return {
      takeMissed: () => tap.takeMissed(),
      close: () => {
        this.#open.delete(tap)
        this.isActive = this.#open.size > 0
      },
    }
  }

  see(kind: TapKind, name: string, batch: Batch): void {
    const nowMs = this.#clock.monotonic()
    for (const tap of this.#open) tap.see(kind, name, batch, nowMs)
  }
}

class OpenTap {
  readonly #options: TapOptions
  readonly #line = new ByteWriter(1024)
  #left: number
  #secondEndsMs: number
  #missed = 0

  constructor(options: TapOptions, nowMs: number) {
    this.#options = options
    this.#left = options.eventsPerSecond
    this.#secondEndsMs = nowMs + 1000
  }

  takeMissed(): number {
    const missed = this.#missed
    this.#missed = 0
    return missed
  }

  see(kind: TapKind, name: string, batch: Batch, nowMs: number): void {
    const { point, matches } = this.#options
    if ((point !== kind && point !== `${kind}:${name}`) || !matches(batch.tag)) return
    this.#refill(nowMs)
    const { entries, tag, count } = batch
    const tagBytes = Buffer.from(tag)
    let seen = 0
    for (let entry = 0; entry < entries.length && this.#left > 0; seen++) {
      const end = entryEnd(entries, entry)
      if (end - entry > EVENT_MAX_BYTES || !this.#show(`${kind}:${name}`, tagBytes, entries, entry))
        this.#missed++
      entry = end
    }
    this.#missed += count - seen
  }

  #show(point: string, tag: Uint8Array, entries: Uint8Array, entry: number): boolean {
    this.#left--
    this.#line.clear()
    encodeJsonLine(tag, entries, entry, this.#line)
    const event = Buffer.from(this.#line.written()).toString().trimEnd()
    return this.#options.take(`{"point":${JSON.stringify(point)},"event":${event}}`)
  }

  #refill(nowMs: number): void {
    if (nowMs < this.#secondEndsMs) return
    this.#left = this.#options.eventsPerSecond
    this.#secondEndsMs = nowMs + 1000
  }
}

/** What there is to look at, by its kind: `input`, `filter` or `output`. */
export interface TapNamed {
  readonly kind: string
  readonly name: string
}

/** What is wrong with a point, or undefined; its name is only looked at if `there` is given. */
export function pointTrouble(point: string, there?: readonly TapNamed[]): string | undefined {
  const [kind = ''] = point.split(':', 1)
  if (!TAP_KINDS.includes(kind as TapKind)) {
    const expected = 'input, before, after or output, or one of it: output:NAME'
    return `unknown point "${point}"; expected ${expected}`
  }
  if (point === kind || there === undefined) return undefined
  const componentKind = kind === 'before' || kind === 'after' ? 'filter' : kind
  const names = there.filter((each) => each.kind === componentKind).map(({ name }) => name)
  if (names.includes(point.slice(kind.length + 1))) return undefined
  const expected = [kind, ...names.map((name) => `${kind}:${name}`)].join(', ')
  return `unknown point "${point}"; expected one of: ${expected}`
}
