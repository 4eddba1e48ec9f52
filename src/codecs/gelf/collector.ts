/** Collects the entries of GELF messages, in their order, in runs of one tag. */
import { ByteWriter } from '../byte-writer.ts'
import type { CodecError } from '../codec-error.ts'
import { tagOf } from '../forward/tag-cache.ts'
import { KernelGelf } from '../kernel/gelf.ts'
import { type Kernel, sharedKernel } from '../kernel/kernel.ts'
import { Lease } from '../lease.ts'
import { entryEnd } from '../record.ts'
import type { Delimiter } from './framer.ts'
import { type Kept, writeKept, writeKeptBytes } from './kept.ts'
import { GelfMessageReader, type GelfMessageOptions } from './message.ts'
import type { GelfSource } from './source.ts'

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
  /** What ends a message of a stream. */
  readonly delimiter: Delimiter
  /** Of a longer message the first so many bytes are kept, marked; the rest is passed over. */
  readonly messageMaxBytes: number
  /** Null takes the tag as it is. */
  readonly renderTag: RenderTag | null
  /** Of messages that say none or one that is too long, and of those that cannot be read. */
  readonly defaultTag: string
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Null reads everything in plain TypeScript; left out, the kernel of the process is used. */
  readonly kernel?: Kernel | null
  /** Told of each message that is kept as it came, by reason (`invalid_json` …). */
  readonly onFailed: (reason: string) => void
}

/** For what a record has more than its message. */
const SPARE_BYTES = 1024

export class GelfCollector {
  readonly #options: GelfCollectorOptions
  readonly #reader: GelfMessageReader
  /** Null where there is no kernel: the twin, which is the reader, reads all. */
  readonly #quick: KernelGelf | null
  #expected = 0
  #output = NO_OUTPUT
  #runs: { readonly tag: string; readonly entries: Uint8Array; readonly count: number }[] = []
  #runStart = 0
  #runCount = 0
  #runTag: string

  constructor(options: GelfCollectorOptions) {
    this.#options = options
    this.#reader = new GelfMessageReader(options)
    this.#quick = quickReader(options)
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
  add(bytes: Uint8Array, start: number, end: number, isWhole = false): CodecError | null {
    if (this.#quick !== null && !this.#reader.source.every.hasFields) {
      // A message of a stream has been looked at already.
      if (isWhole && this.#quick.datagram(bytes, start, end)) {
        this.#addMade(this.#quick)
        return null
      }
    }
    const output = this.#begin()
    const entryStart = output.length
    const error = this.#reader.read(bytes, start, end, this.#options.now(), output)
    if (error !== null) return error
    const own = this.#reader.tag ?? this.#options.defaultTag
    this.#note(this.#tagOf(own, entryStart), entryStart)
    return null
  }

  /**
   * Adds the usual messages from `start` on, each with its delimiter, as far as they go; returns
   * the offset behind them.
   */
  addUsual(bytes: Uint8Array, start: number, end: number): number {
    if (this.#quick === null || this.#reader.source.every.hasFields) return start
    let position = start
    while (position < end) {
      const stopped = this.#quick.messages(bytes, position, end)
      if (this.#quick.count === 0) return stopped
      this.#addMade(this.#quick)
      position = stopped
    }
    return position
  }

  #addMade(quick: KernelGelf): void {
    const output = this.#begin()
    const { made, tag, count } = quick
    const start = output.length
    const own = tag.length === 0 ? this.#options.defaultTag : tagOf(tag, 0, tag.length).text
    output.append(made)
    if (this.#options.renderTag === null) this.#note(own, start, count)
    else this.#noteEach(own, start)
  }

  /** Entries from `start` on, whose tags are to be told one by one. */
  #noteEach(own: string, start: number): void {
    const end = this.#output.length
    for (let offset = start; offset < end; offset = entryEnd(this.#output.bytes, offset)) {
      this.#note(this.#tagOf(own, offset), offset)
    }
  }

  /** Adds an entry that holds the text between `start` and `end` as it came, and why. */
  keep(bytes: Uint8Array, start: number, end: number, reason: string): void {
    this.#keep(writeKept, bytes, start, end, reason)
  }

  /** The same of what need not be a text: up to so many bytes as a message may have. */
  keepBytes(bytes: Uint8Array, reason: string): void {
    const end = Math.min(bytes.length, this.#options.messageMaxBytes)
    this.#keep(writeKeptBytes, bytes, 0, end, reason)
  }

  #keep(
    write: (writer: ByteWriter, kept: Kept) => void,
    bytes: Uint8Array,
    start: number,
    end: number,
    reason: string,
  ): void {
    const output = this.#begin()
    const entryStart = output.length
    const { source } = this.#reader
    write(output, { bytes, start, end, reason, now: this.#options.now(), source })
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

  #tagOf(own: string, entryStart: number): string {
    const { renderTag, defaultTag, tagMaxBytes } = this.#options
    if (renderTag === null) return own
    const tag = renderTag(own, this.#output.bytes, entryStart)
    return Buffer.byteLength(tag) <= tagMaxBytes ? tag : defaultTag
  }

  /** `count` entries from `entryStart` on are more of `tag`. */
  #note(tag: string, entryStart: number, count = 1): void {
    if (tag !== this.#runTag) {
      this.#endRun(entryStart)
      this.#runTag = tag
    }
    this.#runCount += count
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

/** The same entries as one run per tag: datagrams of many senders come in any order. */
export function oneRunPerTag(runs: readonly GelfRun[]): readonly GelfRun[] {
  if (runs.length < 2) return runs
  const byTag = new Map<string, GelfRun[]>()
  for (const run of runs) {
    const others = byTag.get(run.tag)
    if (others) others.push(run)
    else byTag.set(run.tag, [run])
  }
  if (byTag.size === runs.length) return runs
  return [...byTag.values()].map((same) => (same.length === 1 ? same[0]! : joined(same)))
}

function joined(runs: readonly GelfRun[]): GelfRun {
  let [count, length] = [0, 0]
  for (const run of runs) {
    count += run.count
    length += run.entries.length
  }
  const writer = new ByteWriter(length)
  for (const { entries, lease } of runs) {
    writer.append(entries)
    lease.release()
  }
  const lease = new Lease(writer.bytes)
  return { tag: runs[0]!.tag, entries: writer.written(), count, lease }
}

function quickReader(options: GelfCollectorOptions): KernelGelf | null {
  if (options.strict) return null
  const { kernel = sharedKernel, fields, messageKey, tagMaxBytes, delimiter } = options
  const quick = {
    strips: fields === 'strip',
    messageKey: new TextEncoder().encode(messageKey),
    tagMaxBytes,
    nulEnds: delimiter !== 'newline',
    newlineEnds: delimiter !== 'nul',
  }
  return KernelGelf.create(kernel, quick, options.messageMaxBytes)
}

const NO_OUTPUT = new ByteWriter(0)
const NO_RUNS: readonly GelfRun[] = []
