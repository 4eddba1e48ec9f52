/** Stored batches and pieces of them, whose events are numbered. */
import type { StoredBatch } from '../../../src/pipeline/buffers/batch-store.ts'
import { HeldBatch, Piece } from '../../../src/pipeline/delivery/piece.ts'
import { entriesWithIds, idsOf } from './simulation/events.ts'

/** Bytes of an event of these batches. */
export const EVENT_BYTES = entriesWithIds(0, [0]).length

export function stored(tag: string, firstId: number, count: number): StoredBatch {
  const entries = entriesWithIds(firstId, new Array<number>(count).fill(0))
  const place = { buffer: 'buffer', isRead: false, sequence: firstId, arrivedAt: 0 }
  return { ...place, tag, entries, count }
}

export function piece(tag: string, firstId: number, count: number, dueAtMs = 0): Piece {
  return Piece.whole(new HeldBatch(stored(tag, firstId, count), dueAtMs))
}

/** The ids of each piece; also sees that its count and place are right. */
export function ids(pieces: readonly Piece[]): number[][] {
  return pieces.map(({ entries, count, firstEvent, sequence }) => {
    const ids = idsOf(entries)
    if (ids.length !== count || ids[0] !== sequence + firstEvent) throw new Error('a wrong piece')
    return ids
  })
}
