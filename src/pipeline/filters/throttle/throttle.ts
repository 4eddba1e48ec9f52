/**
 * Lets pass what is within its quota (quotas.ts) and drops the rest. A batch of which nothing is
 * dropped goes on as it is, and of one that is too much by tag its beginning, without copying.
 *
 * What was let pass and then given back by those behind (`retry`) has not been used: its sender
 * brings it again, and must not find its quota spent by its own attempts.
 */
import { ByteWriter } from '../../../codecs/byte-writer.ts'
import { ENTRY_RECORD_OFFSET } from '../../../codecs/entry.ts'
import { entryEnd, findField, payloadEnd, payloadStart, skipValue } from '../../../codecs/record.ts'
import type { Batch, Outcome } from '../../batch.ts'
import type { Filter, FilterContext, Filtered } from '../../component.ts'
import type { Clock } from '../../clock.ts'
import type { Counter, Gauge } from '../../metrics.ts'
import { type Quota, type QuotaOptions, Quotas } from './quotas.ts'
import { ShedReport } from './shed-report.ts'

export interface ThrottleOptions extends QuotaOptions {
  /** Whose values have a quota each; null for the tags. */
  readonly field: string | null
}

/** What of a batch falls to one quota. */
interface Share {
  readonly quota: Quota
  passed: number
  dropped: number
}

/** As OTHER_TAGS of the ledger. */
const OTHERS = '(other)'
const WITHOUT_FIELD = '(none)'
/** Bytes of a value that count; those that begin the same share a quota. */
const VALUE_MAX_BYTES = 1024

export class Throttle implements Filter {
  readonly problem = null
  readonly #clock: Clock
  readonly #quotas: Quotas
  readonly #report: ShedReport
  readonly #field: Uint8Array | null
  readonly #throttled: Counter
  readonly #remembered: Gauge

  constructor(options: ThrottleOptions, { clock, timers, logger, metrics }: FilterContext) {
    const { field } = options
    this.#clock = clock
    this.#quotas = new Quotas(options, OTHERS, clock.monotonic())
    this.#report = new ShedReport({ by: field ?? 'tag', quotas: this.#quotas, timers, logger })
    this.#field = field === null ? null : Buffer.from(field)
    this.#throttled = metrics.counter('throttled_events_total', 'Events over their quota, dropped.')
    this.#remembered = metrics.gauge('quotas', 'Quotas that are remembered.')
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.#report.finish()
  }

  process(batch: Batch): Filtered {
    const nowMs = this.#clock.monotonic()
    const filtered = this.#field
      ? this.#byField(batch, this.#field, nowMs)
      : this.#byTag(batch, nowMs)
    this.#remembered.set(this.#quotas.size)
    return filtered
  }

  #byTag(batch: Batch, nowMs: number): Filtered {
    const { entries, count } = batch
    const quota = this.#quotas.of(batch.tag, nowMs)
    const passed = quota.take(count, nowMs)
    const shares = [{ quota, passed, dropped: count - passed }]
    if (passed === count) return this.#answer(batch, batch, shares)
    let end = 0
    for (let event = 0; event < passed; event++) end = entryEnd(entries, end)
    return this.#answer(
      batch,
      { ...batch, entries: entries.subarray(0, end), count: passed },
      shares,
    )
  }

  #byField(batch: Batch, field: Uint8Array, nowMs: number): Filtered {
    const { entries } = batch
    const shares = new Map<Quota, Share>()
    const writer = new ByteWriter(0)
    let count = 0
    let position = 0
    for (let start = 0, end = 0; start < entries.length; start = end) {
      end = entryEnd(entries, start)
      const quota = this.#quotas.of(valueOf(entries, start, field), nowMs)
      if (takeOne(shares, quota, nowMs)) {
        count++
        continue
      }
      writer.append(entries.subarray(position, start))
      position = end
    }
    if (count === batch.count) return this.#answer(batch, batch, [...shares.values()])
    writer.append(entries.subarray(position))
    return this.#answer(batch, { ...batch, entries: writer.written(), count }, [...shares.values()])
  }

  #answer(batch: Batch, rest: Batch, shares: readonly Share[]): Filtered {
    const settled = (outcome: Outcome) => this.#settle(shares, outcome)
    const dropped = { count: batch.count - rest.count, reason: 'throttled' }
    return { batch: rest.count === 0 ? null : rest, held: 0, dropped, settled }
  }

  #settle(shares: readonly Share[], outcome: Outcome): void {
    for (const { quota, passed, dropped } of shares) {
      if (outcome === 'retry') quota.giveBack(passed)
      else if (dropped > 0) {
        this.#throttled.add(dropped)
        this.#report.add(quota, dropped)
      }
    }
  }
}

function takeOne(shares: Map<Quota, Share>, quota: Quota, nowMs: number): boolean {
  let share = shares.get(quota)
  if (!share) shares.set(quota, (share = { quota, passed: 0, dropped: 0 }))
  const taken = quota.take(1, nowMs)
  share.passed += taken
  share.dropped += 1 - taken
  return taken === 1
}

/** The text of the field, or something else that tells its values apart. */
function valueOf(entries: Uint8Array, start: number, field: Uint8Array): string {
  const offset = findField(entries, start + ENTRY_RECORD_OFFSET, field)
  if (offset < 0) return WITHOUT_FIELD
  const textStart = payloadStart(entries, offset)
  if (textStart < 0) return textOf(entries, offset, skipValue(entries, offset), 'hex')
  return textOf(entries, textStart, payloadEnd(entries, offset), 'utf8')
}

function textOf(bytes: Uint8Array, start: number, end: number, as: BufferEncoding): string {
  const length = Math.min(end - start, VALUE_MAX_BYTES)
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString(as)
}
