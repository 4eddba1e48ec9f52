/**
 * Delivers events that the caller keeps until they are in another safe place: dead letters that
 * are replayed, and what an output did not get on its way to its `secondary` or `on_error`.
 */
import type { Batch, Outcome, ShedFate } from './batch.ts'

export interface KeptAnswer {
  readonly outcome: Outcome
  /** A buffer on the way has made dead letters of them: the caller need not keep them. */
  readonly isKept: boolean
}

type Deliver = (batch: Batch) => Promise<Outcome>

/** What was thrown away on the way is counted by what becomes of it here. */
export async function deliverKept(
  deliver: Deliver,
  { tag, entries, count }: Pick<Batch, 'tag' | 'entries' | 'count'>,
): Promise<KeptAnswer> {
  let isKept = false
  const onKept = () => void (isKept = true)
  const shed: ((fate: ShedFate) => void)[] = []
  const onShed = (settle: (fate: ShedFate) => void) => void shed.push(settle)
  const outcome = await deliver({ tag, entries, count, onKept, onShed })
  // What another place has taken of it is not kept here.
  const fate = outcome === 'delivered' || isKept ? 'dropped' : outcome
  for (const settle of shed) settle(fate)
  return { outcome, isKept }
}
