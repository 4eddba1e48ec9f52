/**
 * A filter with an `if`: events that fit go through the filter inside, the others around it, and
 * all go on in their order. Of a batch with both kinds, each run of one kind is a batch for itself;
 * what comes out and has the same tag is put together again.
 */
import { entryEnd } from '../codecs/record.ts'
import type { Batch, Outcome } from './batch.ts'
import type { Condition } from './conditions/condition.ts'
import type { Filter, Filtered } from './component.ts'
import { joinBatches } from './join-batches.ts'

/** Neighbouring entries of which all fit, or none. */
interface Run {
  readonly batch: Batch
  readonly fits: boolean
}

type Answer = Batch | Filtered

export class ConditionalFilter implements Filter {
  readonly closed?: (origin: object) => void
  readonly flush?: () => Promise<void>
  readonly #inner: Filter
  readonly #condition: Condition

  constructor(inner: Filter, condition: Condition) {
    this.#inner = inner
    this.#condition = condition
    if (inner.closed) this.closed = (origin) => inner.closed!(origin)
    if (inner.flush) this.flush = () => inner.flush!()
  }

  get problem(): string | null {
    return this.#inner.problem
  }

  start(): Promise<void> {
    return this.#inner.start()
  }

  stop(deadline: AbortSignal): Promise<void> {
    return this.#inner.stop(deadline)
  }

  process(batch: Batch): Answer | Promise<Filtered> {
    const runs = this.#runs(batch)
    const [only] = runs
    if (only && runs.length === 1) return only.fits ? this.#inner.process(batch) : batch
    const answers: (Answer | Promise<Filtered>)[] = []
    try {
      for (const run of runs) answers.push(run.fits ? this.#inner.process(run.batch) : run.batch)
    } catch (error) {
      // The sender brings the whole batch again, so what was made of its beginning is void.
      for (const answer of answers) tellRetry(answer)
      throw error
    }
    if (answers.some((answer) => answer instanceof Promise)) return together(answers)
    const settled = answers as Answer[]
    return settled.every((answer, index) => answer === runs[index]!.batch) ? batch : merge(settled)
  }

  #runs(batch: Batch): Run[] {
    const { entries, tag } = batch
    const runs: Run[] = []
    let start = 0
    let count = 0
    let fitted = false
    for (let entry = 0, end = 0; entry < entries.length; entry = end) {
      end = entryEnd(entries, entry)
      const fits = this.#condition.fits(entries, entry, tag)
      if (count > 0 && fits !== fitted) {
        runs.push({
          batch: { ...batch, entries: entries.subarray(start, entry), count },
          fits: fitted,
        })
        start = entry
        count = 0
      }
      fitted = fits
      count++
    }
    const isWhole = start === 0
    const last = isWhole ? batch : { ...batch, entries: entries.subarray(start), count }
    runs.push({ batch: last, fits: fitted })
    return runs
  }
}

async function together(answers: readonly (Answer | Promise<Filtered>)[]): Promise<Filtered> {
  const pending = answers.map((answer): Promise<Answer> => Promise.resolve(answer))
  const results = await Promise.allSettled(pending)
  const failed = results.find((result) => result.status === 'rejected')
  if (!failed) return merge(await Promise.all(pending))
  for (const result of results) if (result.status === 'fulfilled') tellRetry(result.value)
  throw failed.reason
}

function merge(answers: readonly Answer[]): Filtered {
  const all = answers.map((answer): Filtered =>
    'entries' in answer ? { batch: answer, held: 0 } : answer,
  )
  const [batch = null, ...more] = joinBatches(all.flatMap(batchesOf))
  const dropped = all.find((each) => each.dropped && each.dropped.count > 0)?.dropped
  return {
    batch,
    more,
    held: sum(all, (each) => each.held),
    released: sum(all, (each) => each.released ?? 0),
    failed: all.flatMap((each) => each.failed ?? []),
    // A filter has one reason to drop.
    ...(dropped && {
      dropped: { ...dropped, count: sum(all, (each) => each.dropped?.count ?? 0) },
    }),
    settled: (outcome: Outcome) => {
      for (const each of all) each.settled?.(outcome)
    },
  }
}

function batchesOf({ batch, more = [] }: Filtered): readonly Batch[] {
  return batch ? [batch, ...more] : more
}

function sum(all: readonly Filtered[], of: (each: Filtered) => number): number {
  return all.reduce((total, each) => total + of(each), 0)
}

function tellRetry(answer: Answer | Promise<Filtered>): void {
  if (!(answer instanceof Promise) && 'settled' in answer) answer.settled?.('retry')
}
