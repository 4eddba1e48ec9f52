/** Puts neighbouring batches of one tag together, so that what is behind them has less to do. */
import type { Batch } from './batch.ts'

export function joinBatches(batches: readonly Batch[]): readonly Batch[] {
  const joined: Batch[] = []
  for (let start = 0, end = 0; start < batches.length; start = end) {
    const first = batches[start]!
    end = start + 1
    while (end < batches.length && batches[end]!.tag === first.tag) end++
    joined.push(end === start + 1 ? first : joinAll(batches.slice(start, end)))
  }
  return joined
}

function joinAll(batches: readonly Batch[]): Batch {
  const length = batches.reduce((sum, { entries }) => sum + entries.length, 0)
  const entries = new Uint8Array(length)
  let position = 0
  let count = 0
  for (const batch of batches) {
    entries.set(batch.entries, position)
    position += batch.entries.length
    count += batch.count
  }
  return { ...batches[0]!, entries, count }
}
