/**
 * Entries to JSON lines by the kernel (assembly/json-lines.ts). The twin, which encodes what the
 * kernel leaves alone and all where there is no kernel: ../lines/json-lines.ts.
 */
import type { ByteWriter } from '../byte-writer.ts'
import type { EntryEncoder } from '../lines/entry-encoder.ts'
import { encodeJsonLine, encodeJsonLines as encodeByTwin } from '../lines/json-lines.ts'
import { tagBytes } from '../lines/tag-bytes.ts'
import { type Kernel, sharedKernel, SOURCE_BYTES } from './kernel.ts'

/** Longer tags are for the twin. */
const TAG_BYTES_MAX = 256
const COUNT_MAX = 0x7fff_ffff
const DEPTH_MAX = 0x7fff
/** What `putJsonLines` answers when an entry is for the twin, or a line too long for the target. */
const UNUSUAL = 1
const FULL = 2
/** What every line starts with, before the tag; the time is set by the kernel. */
const TEMPLATE = new TextEncoder().encode('{"time":"1970-01-01T00:00:00.000000000Z","tag":"')

/** Encodes with `kernel`, or with the twin alone where it is null. */
export function createJsonLinesEncoder(kernel: Kernel | null): EntryEncoder {
  if (kernel === null) return encodeByTwin
  const encoder = new KernelJsonLines(kernel)
  return (tag, entries, writer) => encoder.encode(tag, entries, writer)
}

class KernelJsonLines {
  readonly #kernel: Kernel
  #tag = ''
  #tagText: Uint8Array = new Uint8Array(0)

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  encode(tag: string, entries: Uint8Array, writer: ByteWriter): void {
    this.#tagText = tagBytes(tag)
    if (this.#tagText.length > TAG_BYTES_MAX) return encodeByTwin(tag, entries, writer)
    this.#useTag(tag)
    for (let offset = 0; offset < entries.length;) {
      const whole = this.#load(entries, offset)
      // An entry larger than the kernel's source.
      if (whole === 0) offset = encodeJsonLine(this.#tagText, entries, offset, writer)
      else offset = this.#encodeLoaded(entries, offset, whole, writer)
    }
  }

  #useTag(tag: string): void {
    const kernel = this.#kernel
    if (kernel.linesOwner === this && tag === this.#tag) return
    const tagOffset = kernel.aside + TEMPLATE.length
    kernel.memory.set(TEMPLATE, kernel.aside)
    kernel.memory.set(this.#tagText, tagOffset)
    kernel.functions.startLines(kernel.aside, tagOffset, this.#tagText.length)
    kernel.linesOwner = this
    this.#tag = tag
  }

  /** Lays entries from `offset` on into the source; returns how many bytes whole ones take. */
  #load(entries: Uint8Array, offset: number): number {
    const { memory, source, functions } = this.#kernel
    const length = Math.min(entries.length - offset, SOURCE_BYTES)
    const isAll = length === entries.length - offset
    memory.set(isAll && offset === 0 ? entries : entries.subarray(offset, offset + length), source)
    this.#kernel.sourceOwner = this
    if (isAll) return length
    functions.checkEntries(source, source + length, DEPTH_MAX, COUNT_MAX)
    return this.#kernel.stoppedAt - source
  }

  #encodeLoaded(entries: Uint8Array, start: number, length: number, writer: ByteWriter): number {
    const kernel = this.#kernel
    const { memory, source, target, targetEnd, functions } = kernel
    const end = source + length
    let position = source
    while (position < end) {
      const status = functions.putJsonLines(position, end, target, targetEnd)
      const hasLines = kernel.targetUsed > target
      if (hasLines) writer.append(memory.subarray(target, kernel.targetUsed))
      position = kernel.stoppedAt
      const isForTwin = status === UNUSUAL || (status === FULL && !hasLines)
      if (!isForTwin) continue
      const offset = start + position - source
      const next = encodeJsonLine(this.#tagText, entries, offset, writer)
      position += next - offset
    }
    return start + length
  }
}

/** Appends one line per entry. `entries` is trusted, see entry.ts. */
export const encodeJsonLines = createJsonLinesEncoder(sharedKernel)
