/** Takes batches through EntryParser, and counts and reports what could not be read. */
import { ByteWriter } from '../../../codecs/byte-writer.ts'
import type { Batch } from '../../batch.ts'
import type { Filter, FilterContext, Filtered } from '../../component.ts'
import { EntryParser, type EntryParserOptions, NO_LINE, PARSED } from './entry-parser.ts'
import { FailureReport } from './failure-report.ts'

/** What a record may grow by before the memory of a batch has to. */
const GROWTH_BYTES = 16

export class Parse implements Filter {
  readonly problem = null
  readonly #context: FilterContext
  readonly #parser: EntryParser
  readonly #report: FailureReport

  constructor(options: EntryParserOptions, context: FilterContext) {
    this.#context = context
    this.#parser = new EntryParser(options)
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
    const parser = this.#parser
    const report = this.#report
    let writer: ByteWriter | null = null
    /** Up to where entries have been copied or replaced. */
    let done = 0
    for (let start = 0; start < entries.length; start = parser.end) {
      writer ??= new ByteWriter(entries.length + batch.count * GROWTH_BYTES)
      const lengthBefore = writer.length
      if (done < start) writer.append(entries.subarray(done, start))
      const answer = parser.parse(entries, start, writer)
      if (answer === NO_LINE) {
        writer.length = lengthBefore
        continue
      }
      if (answer === PARSED) report.parsed++
      else {
        report.fail(parser.line.reason)
        parser.mark(entries, start, writer)
      }
      if (parser.line.hasBadTime) report.badTimes++
      done = parser.end
    }
    if (writer === null || done === 0) return batch
    if (done < entries.length) writer.append(entries.subarray(done))
    report.count(batch.tag)
    return { ...batch, entries: writer.written() }
  }
}
