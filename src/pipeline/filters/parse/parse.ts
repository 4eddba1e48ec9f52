/** Takes batches through EntryParser, and counts and reports what could not be read. */
import { ByteWriter } from '../../../codecs/byte-writer.ts'
import {
  EntryParser,
  type EntryParserOptions,
  NO_LINE,
  PARSED,
} from '../../../codecs/formats/entry-parser.ts'
import { sharedKernel } from '../../../codecs/kernel/kernel.ts'
import { KernelParseJson } from '../../../codecs/kernel/parse-json.ts'
import { Lease } from '../../../codecs/lease.ts'
import type { Batch } from '../../batch.ts'
import { DEAD_LETTER, type Filter, type FilterContext, type Filtered } from '../../component.ts'
import { FailedLines } from './failed-lines.ts'
import { FailureReport } from './failure-report.ts'

/** What a record may grow by before the memory of a batch has to. */
const GROWTH_BYTES = 16

/** As an `on_error`: what cannot be read goes on, marked. */
export const KEEP = 'keep'

export interface ParseOptions extends EntryParserOptions {
  /** `KEEP`, `DEAD_LETTER`, or a label. */
  readonly onError: string
}

export class Parse implements Filter {
  readonly problem = null
  readonly #context: FilterContext
  readonly #parser: EntryParser
  readonly #kernel: KernelParseJson | null
  readonly #report: FailureReport
  readonly #onError: string
  readonly #failed = new FailedLines()
  /** Whether an entry of the batch at hand has changed. */
  #hasChanged = false

  constructor(options: ParseOptions, context: FilterContext) {
    this.#context = context
    this.#onError = options.onError
    this.#parser = new EntryParser(options)
    this.#kernel = KernelParseJson.create(sharedKernel, options)
    this.#report = new FailureReport(context, options.format.reasons)
  }

  async start(): Promise<void> {}

  stop(): Promise<void> {
    this.#report.finish()
    this.#context.memory.close()
    return Promise.resolve()
  }

  process(batch: Batch): Batch | Filtered {
    const { entries } = batch
    const writer = new ByteWriter(entries.length + batch.count * GROWTH_BYTES)
    this.#hasChanged = false
    this.#failed.clear()
    this.#kernel?.reset()
    for (let offset = 0; offset < entries.length;) {
      offset = this.#parseUsual(entries, offset, writer)
      if (offset < entries.length) offset = this.#parseOne(entries, offset, writer)
    }
    if (!this.#hasChanged) return batch
    this.#report.count(batch.tag)
    const count = batch.count - this.#failed.count
    const parsed = { ...batch, entries: writer.written(), count }
    // The memory of a batch costs most when it waits for the garbage collector.
    const lease = new Lease(writer.bytes)
    const settled = () => lease.release()
    if (count === batch.count) return { batch: parsed, held: 0, settled }
    return { batch: count > 0 ? parsed : null, held: 0, failed: this.#failed.of(batch), settled }
  }

  /** Fast path: the kernel, up to the first entry that is not as usual. */
  #parseUsual(entries: Uint8Array, offset: number, writer: ByteWriter): number {
    const kernel = this.#kernel
    if (kernel === null) return offset
    const stopped = kernel.parse(entries, offset, writer)
    this.#report.parsed += kernel.parsed
    this.#hasChanged ||= kernel.parsed > 0
    return stopped
  }

  #parseOne(entries: Uint8Array, offset: number, writer: ByteWriter): number {
    const parser = this.#parser
    const report = this.#report
    const answer = parser.parse(entries, offset, writer)
    const { end, line } = parser
    if (answer === NO_LINE) {
      writer.append(entries.subarray(offset, end))
      return end
    }
    this.#hasChanged = true
    if (answer === PARSED) {
      report.parsed++
      if (line.hasBadTime) report.badTimes++
    } else {
      report.fail(line.reason)
      this.#putFailed(entries, offset, writer)
    }
    return end
  }

  /** A dead letter is as it came, so that it can be parsed once the format is mended. */
  #putFailed(entries: Uint8Array, offset: number, writer: ByteWriter): void {
    const parser = this.#parser
    if (this.#onError === KEEP) {
      parser.mark(entries, offset, writer)
      return
    }
    const failed = this.#failed
    failed.note(parser.line.reason)
    if (this.#onError === DEAD_LETTER) failed.writer.append(entries.subarray(offset, parser.end))
    else parser.mark(entries, offset, failed.writer)
  }
}
