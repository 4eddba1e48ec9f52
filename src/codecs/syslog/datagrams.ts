/**
 * Syslog in datagrams (RFC 5426): one message each, whatever is in it. Those of one turn are read
 * together: laid end to end with their lengths before them, they are a stream that the kernel reads
 * as well. What it does not know is read one by one.
 */
import { ByteWriter } from '../byte-writer.ts'
import { sharedKernel } from '../kernel/kernel.ts'
import { KernelSyslog } from '../kernel/syslog.ts'
import type { SyslogDecoderOptions } from './decoder.ts'
import { SyslogEntries, type SyslogBatch } from './entries.ts'
import { trimmedEnd } from './parts.ts'
import type { SyslogSender } from './sender.ts'

export interface SyslogDatagramOptions extends Omit<SyslogDecoderOptions, 'messageMaxBytes'> {
  /** Called for the first datagram of an address, and again when it was forgotten. */
  readonly senderOf: (address: string) => SyslogSender
}

interface Datagram {
  readonly bytes: Uint8Array
  readonly address: string
}

/** Of those that are known; more addresses than that may be made up. */
const SENDERS_MAX = 4096
/** More than any has. */
const DATAGRAM_MAX_BYTES = 65_536
/** Fewer of one sender are read faster than they are handed to the kernel. */
const KERNEL_MIN_DATAGRAMS = 3
/** `65536 ` at most. */
const LENGTH_MAX_BYTES = 6

export class SyslogDatagramDecoder {
  readonly #options: SyslogDatagramOptions
  readonly #entries: SyslogEntries
  readonly #senders = new Map<string, SyslogSender>()
  readonly #quick: KernelSyslog | null
  readonly #stream = new ByteWriter(0)
  /** Where in the stream each datagram starts. */
  #starts: number[] = []
  #datagrams: Datagram[] = []
  #byteCount = 0
  #empty = 0

  constructor(options: SyslogDatagramOptions) {
    const { kernel = sharedKernel, names } = options
    this.#options = options
    this.#entries = new SyslogEntries(names)
    this.#quick = kernel && new KernelSyslog(kernel, names, DATAGRAM_MAX_BYTES)
  }

  push(bytes: Uint8Array, address: string): void {
    this.#datagrams.push({ bytes, address })
    this.#byteCount += bytes.length
  }

  /** One message for each datagram since the last call. */
  take(): SyslogBatch[] {
    const datagrams = this.#datagrams
    if (datagrams.length === 0) return []
    const nowMs = this.#options.now()
    this.#entries.begin(this.#byteCount, datagrams.length)
    this.#empty = 0
    for (let from = 0; from < datagrams.length;) {
      const to = endOfSender(datagrams, from)
      const sender = this.#senderOf(datagrams[from]!.address)
      sender.begin(nowMs)
      this.#readRun(from, to, sender)
      from = to
    }
    this.#datagrams = []
    this.#byteCount = 0
    const { failed } = this.#entries
    const empty = this.#empty
    if (failed > 0 || empty > 0) this.#options.onOdd({ failed, truncated: 0, empty })
    return this.#entries.finish()
  }

  /** Datagrams of one sender. */
  #readRun(from: number, to: number, sender: SyslogSender): void {
    const canBeQuick = to - from >= KERNEL_MIN_DATAGRAMS && KernelSyslog.canDo(sender)
    if (this.#quick === null || !canBeQuick) return this.#readEach(from, to, sender)
    this.#layOut(from, to)
    const bytes = this.#stream.bytes
    const end = this.#stream.length
    this.#quick.reset()
    let next = from
    while (next < to) {
      const start = this.#starts[next - from]!
      const position = this.#quick.read({ bytes, start, end }, sender, this.#entries)
      if (position >= end) return
      while (next < to && this.#starts[next - from]! < position) next++
      this.#readEach(next, next + 1, sender)
      next++
    }
  }

  #readEach(from: number, to: number, sender: SyslogSender): void {
    for (let index = from; index < to; index++) {
      const { bytes } = this.#datagrams[index]!
      const end = trimmedEnd(bytes, 0, bytes.length)
      if (end === 0) this.#empty++
      else this.#entries.add(bytes, 0, end, sender)
    }
  }

  /** Each with its length before it, as in a stream. */
  #layOut(from: number, to: number): void {
    const stream = this.#stream
    stream.clear()
    this.#starts = []
    for (let index = from; index < to; index++) {
      const { bytes } = this.#datagrams[index]!
      stream.reserve(bytes.length + LENGTH_MAX_BYTES)
      this.#starts.push(stream.length)
      putLength(stream, bytes.length)
      stream.append(bytes)
    }
  }

  #senderOf(address: string): SyslogSender {
    const known = this.#senders.get(address)
    if (known) return known
    if (this.#senders.size >= SENDERS_MAX) this.#senders.clear()
    const sender = this.#options.senderOf(address)
    this.#senders.set(address, sender)
    return sender
  }
}

function endOfSender(datagrams: readonly Datagram[], from: number): number {
  const { address } = datagrams[from]!
  let to = from + 1
  while (to < datagrams.length && datagrams[to]!.address === address) to++
  return to
}

/** In digits, with a space behind; a length of 0 is one that no stream has, and is left to us. */
function putLength(stream: ByteWriter, length: number): void {
  const text = `${length} `
  for (let index = 0; index < text.length; index++) {
    stream.bytes[stream.length + index] = text.charCodeAt(index)
  }
  stream.length += text.length
}
