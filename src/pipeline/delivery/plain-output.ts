/** Makes an output that takes batches one by one into one that takes chunks. */
import type { Outcome } from '../batch.ts'
import type { Output } from '../component.ts'
import {
  type Chunk,
  type ChunkAnswer,
  type ChunkOutput,
  DELIVERED,
  type EventRange,
} from './chunk.ts'

const RETRY_REASON = 'the output answered retry'
const REJECTED_REASON = 'the output answered rejected'

/**
 * Batches go in the chunk's order, all at once. Such an output knows no signal and waits where it
 * cannot write, so its attempts have no timeout: it would be given a batch once more each time, and
 * could read entries whose memory is given back. So stop it before the store.
 */
export class PlainOutput implements ChunkOutput {
  readonly withoutTimeout = true
  readonly #output: Pick<Output, 'deliver'>

  constructor(output: Pick<Output, 'deliver'>) {
    this.#output = output
  }

  async deliverChunk({ batches }: Chunk): Promise<ChunkAnswer> {
    const answers = batches.map((batch) => this.#output.deliver(batch))
    const settled = await Promise.allSettled(answers)
    // A promise that rejects breaks the output's contract; sending again loses nothing.
    const outcomes = settled.map((one) => (one.status === 'fulfilled' ? one.value : 'retry'))
    return combine(outcomes, batches)
  }
}

function combine(outcomes: readonly Outcome[], batches: Chunk['batches']): ChunkAnswer {
  if (outcomes.every((outcome) => outcome === 'delivered')) return DELIVERED
  if (outcomes.every((outcome) => outcome === 'rejected'))
    return { kind: 'rejected', reason: REJECTED_REASON }
  const named = (wanted: Outcome): EventRange[] =>
    outcomes.flatMap((outcome, batch) =>
      outcome === wanted ? [{ batch, first: 0, count: batches[batch]!.count }] : [],
    )
  const suspected = named('rejected')
  const reason = suspected.length > 0 ? REJECTED_REASON : RETRY_REASON
  return { kind: 'partly', retry: named('retry'), suspected, reason }
}
