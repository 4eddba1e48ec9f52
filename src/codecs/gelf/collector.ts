/** Collects the entries of GELF messages, in their order, in runs of one tag. */
import { ByteWriter } from '../byte-writer.ts'
import type { CodecError } from '../codec-error.ts'
import { Lease } from '../lease.ts'
import { GelfMessageReader, type GelfMessageOptions, type GelfSource } from './message.ts'

/** Entries of one tag, in the order of their messages. */
export interface GelfRun {
  readonly tag: string
  readonly entries: Uint8Array
  readonly count: number
  /** Of the memory that the entries are in. */
  readonly lease: Lease
}

/** The tag of the entry at `offset`; `tag` is its `_tag`, or the default one. */
export type RenderTag = (tag: string, entries: Uint8Array, offset: number) => string

export interface GelfCollectorOptions extends GelfMessageOptions {
  /** Null takes the tag as it is. */
  readonly renderTag: RenderTag | null
  /** Of messages that say none or one that is too long, and of those that cannot be read. */
  readonly defaultTag: string
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Told of each message that is kept as it came, by reason (`invalid_json` …). */
  readonly onFailed: (reason: string) => void
}

/** For what a record has more than its message. */
const SPARE_BYTES = 1024

export class GelfCollector {
  readonly #options: GelfCollectorOptions
  readonly #reader: GelfMessageReader
  #expected = 0
  #output = NO_OUTPUT
  #runs: { readonly tag: string; readonly entries: Uint8Array; readonly count: number }[] = []
  #runStart = 0
  #runCount = 0
  #runTag: string

  constructor(options: GelfCollectorOptions) {
    this.#options = options
    this.#reader = new GelfMessageReader(options)
    this.#runTag = options.defaultTag
  }

  /** Who sends what is added from now on. */
  set source(source: GelfSource) {
    this.#reader.source = source
  }

  /** How many bytes of messages are going to be added until the next `take`, at most. */
  expect(byteCount: number): void {
    this.#expected = byteCount
  }

  /** Adds the message between `start` and `end`; or says what is wrong with it and adds nothing. */
  add(bytes: Uint8Array, start: number, end: number): CodecError | null {
    const output = this.#begin()
    const entryStart = output.length
    const error = this.#reader.read(bytes, start, end, this.#options.now(), output)
    if (error === null) this.#note(this.#tagOf(entryStart), entryStart)
    return error
  }

  /** Adds an entry that holds the bytes between `start` and `end` as they came, and why. */
  keep(bytes: Uint8Array, start: number, end: number, reason: string): void {
    const output = this.#begin()
    const entryStart = output.length
    this.#reader.keep(bytes, start, end, this.#options.now(), output, reason)
    this.#note(this.#options.defaultTag, entryStart)
    this.#options.onFailed(reason)
  }

  /** All runs since the last call. */
  take(): readonly GelfRun[] {
    if (this.#output === NO_OUTPUT) return NO_RUNS
    this.#endRun(this.#output.length)
    const lease = new Lease(this.#output.bytes)
    const runs = this.#runs.map((run) => ({ ...run, lease: lease.retain() }))
    lease.release()
    this.#output = NO_OUTPUT
    this.#runs = []
    this.#runStart = 0
    return runs
  }

  #begin(): ByteWriter {
    if (this.#output === NO_OUTPUT) this.#output = new ByteWriter(this.#expected + SPARE_BYTES)
    return this.#output
  }

  #tagOf(entryStart: number): string {
    const { renderTag, defaultTag, tagMaxBytes } = this.#options
    const own = this.#reader.tag ?? defaultTag
    if (renderTag === null) return own
    const tag = renderTag(own, this.#output.bytes, entryStart)
    return Buffer.byteLength(tag) <= tagMaxBytes ? tag : defaultTag
  }

  /** The entry from `entryStart` on is one more of `tag`. */
  #note(tag: string, entryStart: number): void {
    if (tag !== this.#runTag) {
      this.#endRun(entryStart)
      this.#runTag = tag
    }
    this.#runCount++
  }

  #endRun(end: number): void {
    if (this.#runCount > 0) {
      const entries = this.#output.bytes.subarray(this.#runStart, end)
      this.#runs.push({ tag: this.#runTag, entries, count: this.#runCount })
    }
    this.#runStart = end
    this.#runCount = 0
  }
}

const NO_OUTPUT = new ByteWriter(0)
const NO_RUNS: readonly GelfRun[] = []
