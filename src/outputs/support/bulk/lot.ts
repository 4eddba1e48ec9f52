/** Documents that are sent together: lines of a body, from one place to another. */
import type { LineStarts } from '../../../codecs/bulk/format.ts'

export interface Lot {
  /** Of all lots that were made together; the lines of document `place` begin at `starts`. */
  readonly body: Uint8Array
  readonly starts: LineStarts
  /** Which document of the chunk stands at a place; null if it is the same number. */
  readonly documents: readonly number[] | null
  readonly first: number
  readonly count: number
}

export function documentAt({ documents, first }: Lot, index: number): number {
  const place = first + index
  return documents ? documents[place]! : place
}

export function lineStart({ body, starts }: Lot, place: number): number {
  return place < starts.length ? starts.offsets[place]! : body.length
}

export function bytesOf(lot: Lot): Uint8Array {
  const { body, first, count } = lot
  return body.subarray(lineStart(lot, first), lineStart(lot, first + count))
}

/** The first documents, within so many bytes but at least one, and the others; null if none are. */
export function cutLot(lot: Lot, bytesMax: number): [Lot, Lot | null] {
  const { first, count } = lot
  const start = lineStart(lot, first)
  if (lineStart(lot, first + count) - start <= bytesMax) return [lot, null]
  let [low, high] = [1, count]
  // The most documents that fit.
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (lineStart(lot, first + middle) - start <= bytesMax) low = middle
    else high = middle - 1
  }
  return low === count ? [lot, null] : cutAt(lot, low)
}

/** Two lots of as many documents; there must be at least two. */
export function halveLot(lot: Lot): [Lot, Lot] {
  return cutAt(lot, Math.ceil(lot.count / 2))
}

function cutAt(lot: Lot, count: number): [Lot, Lot] {
  return [
    { ...lot, count },
    { ...lot, first: lot.first + count, count: lot.count - count },
  ]
}
