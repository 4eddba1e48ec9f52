/**
 * Syslog as it comes over streams, into entries. Pure, synchronous, resumable at any byte; whatever
 * comes becomes events. Framing: framer.ts. Messages: message.ts. Datagrams: datagrams.ts.
 */
import { StreamBuffer } from '../forward/stream-buffer.ts'
import { type Kernel, sharedKernel } from '../kernel/kernel.ts'
import { KernelSyslog } from '../kernel/syslog.ts'
import { SyslogEntries, type SyslogBatch } from './entries.ts'
import type { FieldNames } from './fields.ts'
import { SyslogFramer } from './framer.ts'
import type { SyslogSender } from './sender.ts'

/** What the decoders of one input have seen; told after each push that has some. */
export interface OddMessages {
  /** Parts of them, or all, could not be read. */
  readonly failed: number
  readonly truncated: number
  /** Datagrams without a byte in them. */
  readonly empty: number
}

export interface SyslogDecoderOptions {
  readonly names: FieldNames
  /** Longer messages are cut into pieces. */
  readonly messageMaxBytes: number
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly onOdd: (odd: OddMessages) => void
  /** Null reads everything in plain TypeScript; left out, the kernel of the process is used. */
  readonly kernel?: Kernel | null
}

/** Fewer bytes are read faster than they are handed to the kernel. */
const KERNEL_MIN_BYTES = 256
/** Refusals in a row, within one push, after which the kernel is not asked any more. */
const REFUSALS_MAX = 8

export class SyslogStreamDecoder {
  /** Nothing ends the stream. */
  readonly error = null
  readonly #options: SyslogDecoderOptions
  readonly #sender: SyslogSender
  readonly #framer: SyslogFramer
  readonly #entries: SyslogEntries
  readonly #input = new StreamBuffer(true)
  /** Null when messages are to be read one by one. */
  readonly #quick: KernelSyslog | null

  constructor(options: SyslogDecoderOptions, sender: SyslogSender) {
    const { kernel = sharedKernel, names, messageMaxBytes } = options
    this.#quick = kernel && new KernelSyslog(kernel, names, messageMaxBytes)
    this.#options = options
    this.#sender = sender
    this.#framer = new SyslogFramer(options.messageMaxBytes)
    this.#entries = new SyslogEntries(options.names)
  }

  get pendingBytes(): number {
    return this.#input.length
  }

  /** `chunk` is given away. */
  push(chunk: Uint8Array): SyslogBatch[] {
    if (chunk.length === 0) return []
    const input = this.#input
    input.append(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    this.#begin()
    this.#readMessages()
    input.trim()
    return this.#finish()
  }

  /** What was cut off is a message as well. */
  end(): SyslogBatch[] {
    const input = this.#input
    const framer = this.#framer
    this.#begin()
    if (input.length > 0 && framer.last(input.bytes, input.start, input.end)) this.#add()
    input.clear()
    return this.#finish()
  }

  #begin(): void {
    this.#sender.begin(this.#options.now())
    this.#entries.begin(this.#input.length)
  }

  #readMessages(): void {
    const input = this.#input
    const framer = this.#framer
    let position = input.start
    let refusals = 0
    while (position < input.end) {
      if (refusals < REFUSALS_MAX) {
        const next = this.#readUsual(position)
        refusals = next > position ? 0 : refusals + 1
        position = next
      }
      if (position >= input.end) break
      if (!framer.next(input.bytes, position, input.end)) {
        position = framer.nextStart
        break
      }
      this.#add()
      position = framer.nextStart
    }
    this.#quick?.reset()
    input.consume(position - input.start)
  }

  /** By the kernel, as far as it can; returns where it stopped. */
  #readUsual(start: number): number {
    const { bytes, end } = this.#input
    const quick = this.#quick
    const framer = this.#framer
    if (quick === null || end - start < KERNEL_MIN_BYTES || !framer.isAtMessage) return start
    if (!KernelSyslog.canDo(this.#sender)) return start
    quick.framing = framer.state
    const position = quick.read({ bytes, start, end }, this.#sender, this.#entries)
    if (position > start) framer.restart(quick.framing)
    return position
  }

  #add(): void {
    const { start, end, isCut, isContinued } = this.#framer
    if (start === end) return
    const wholeness = isContinued ? 'continued' : isCut ? 'truncated' : 'whole'
    this.#entries.add(this.#input.bytes, start, end, this.#sender, wholeness)
  }

  #finish(): SyslogBatch[] {
    const { failed, truncated } = this.#entries
    if (failed > 0 || truncated > 0) this.#options.onOdd({ failed, truncated, empty: 0 })
    return this.#entries.finish()
  }
}
