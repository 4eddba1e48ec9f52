import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoredBatch } from '../../../src/pipeline/buffers/batch-store.ts'
import { halve, HeldBatch, Piece } from '../../../src/pipeline/delivery/piece.ts'
import { EVENT_BYTES, ids, piece, stored } from './pieces.ts'

test('cuts off what is within a limit, but at least one event', () => {
  const check = (bytes: number, events: number, expected: number[][]) => {
    const [head, tail] = piece('a', 0, 4).cutToFit({ bytes, events })
    assert.deepEqual(ids(tail ? [head, tail] : [head]), expected)
  }
  check(4 * EVENT_BYTES, 4, [[0, 1, 2, 3]])
  check(4 * EVENT_BYTES - 1, 4, [[0, 1, 2], [3]])
  check(1e9, 3, [[0, 1, 2], [3]])
  check(2 * EVENT_BYTES, 3, [
    [0, 1],
    [2, 3],
  ])
  check(1, 4, [[0], [1, 2, 3]])
})

test('halves by events, across pieces', () => {
  const check = (pieces: ReturnType<typeof piece>[], events: number, expected: number[][][]) =>
    assert.deepEqual(halve(pieces, events).map(ids), expected)
  check([piece('a', 0, 2)], 2, [[[0]], [[1]]])
  check([piece('a', 0, 1), piece('b', 10, 2)], 3, [[[0], [10]], [[11]]])
  check([piece('a', 0, 2), piece('b', 10, 2)], 4, [[[0, 1]], [[10, 11]]])
  check([piece('a', 0, 5), piece('b', 10, 1)], 6, [[[0, 1, 2]], [[3, 4], [10]]])
})

test('a part of a part keeps its place in the batch', () => {
  const [, tail] = piece('a', 0, 6).cut(2)
  const [middle, end] = tail.cut(3)
  assert.deepEqual(ids([middle, end]), [[2, 3, 4], [5]])
  assert.equal(end.firstEvent, 5)
})

test('has its entries where the store has put them', () => {
  const moving: { -readonly [Key in keyof StoredBatch]: StoredBatch[Key] } = stored('a', 0, 6)
  const [, tail] = Piece.whole(new HeldBatch(moving, 0)).cut(2)
  const [middle, end] = tail.cut(3)
  const old = moving.entries
  moving.entries = new Uint8Array(old)
  old.fill(0)
  assert.deepEqual(ids([middle, end]), [[2, 3, 4], [5]])
})
