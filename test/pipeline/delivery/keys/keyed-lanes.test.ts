/** Which key a chunk is taken from, and when. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChunkKey } from '../../../../src/pipeline/delivery/keys/chunk-key.ts'
import { KeyedLanes } from '../../../../src/pipeline/delivery/keys/keyed-lanes.ts'
import { HeldBatch, Piece } from '../../../../src/pipeline/delivery/piece.ts'
import { ids, stored } from '../pieces.ts'

const LIMIT = { bytes: 1e9, events: 3 }

class Rig {
  closedEarly = 0
  readonly lanes: KeyedLanes

  constructor({ isOrdered = true, openMax = 10 } = {}) {
    const onClosedEarly = () => this.closedEarly++
    this.lanes = new KeyedLanes({ isOrdered, limit: LIMIT, openMax, onClosedEarly })
  }

  add(id: string, tag: string, firstId: number, count: number, dueAtMs: number): void {
    const clock = { offsetAt: () => 0 }
    const key: ChunkKey = { id, tag: undefined, time: undefined, clock, fields: new Map() }
    const held = new HeldBatch(stored(tag, firstId, count), dueAtMs)
    this.lanes.add(Piece.whole(held, key))
  }

  take(nowMs = 0): number[] {
    return ids(this.lanes.take(LIMIT, nowMs)).flat()
  }
}

test('a chunk has one key, of all its tags', () => {
  const rig = new Rig()
  rig.add('k', 'a', 0, 1, 0)
  rig.add('l', 'a', 10, 1, 0)
  rig.add('k', 'b', 20, 1, 0)
  assert.equal(rig.lanes.open, 2)
  assert.deepEqual([rig.take(), rig.take(), rig.take()], [[0, 20], [10], []])
  assert.equal(rig.lanes.open, 0)
})

test('the key goes first whose oldest is due, then one that is full', () => {
  const rig = new Rig()
  rig.add('k', 'a', 0, 1, 100)
  rig.add('l', 'a', 10, 3, 200)
  assert.deepEqual([rig.lanes.fills(), rig.lanes.dueAtMs], [true, 100])
  assert.deepEqual(rig.take(50), [10, 11, 12])
  rig.add('l', 'b', 20, 3, 200)
  assert.deepEqual(rig.take(100), [0])
  assert.deepEqual([rig.lanes.fills(), rig.lanes.dueAtMs], [true, 200])
  assert.equal(rig.closedEarly, 0)
})

test('keys take turns when all are due', () => {
  const rig = new Rig({ isOrdered: false })
  for (const first of [0, 100]) {
    rig.add('k', 'a', first, 3, 0)
    rig.add('l', 'a', first + 10, 3, 0)
  }
  const firsts = [rig.take(), rig.take(), rig.take(), rig.take()].map(([first]) => first)
  assert.deepEqual(firsts, [0, 10, 100, 110])
})

test('of one tag and key nothing passes by; another key of the tag may', () => {
  const rig = new Rig()
  rig.add('k', 'a', 0, 3, 0)
  rig.add('k', 'a', 10, 1, 0)
  rig.add('l', 'a', 20, 1, 0)
  assert.deepEqual([rig.take(), rig.take(), rig.take()], [[0, 1, 2], [20], []])
  rig.lanes.release('l a')
  assert.deepEqual(rig.take(), [])
  rig.lanes.release('k a')
  assert.deepEqual(rig.take(), [10])
})

test('with too many keys the oldest is closed, though others are full', () => {
  const rig = new Rig({ openMax: 2 })
  rig.add('k', 'a', 0, 1, 300)
  rig.add('l', 'a', 10, 1, 200)
  assert.deepEqual([rig.lanes.isCrowded, rig.lanes.dueAtMs], [false, 200])
  rig.add('m', 'a', 20, 3, 400)
  assert.deepEqual([rig.lanes.isCrowded, rig.lanes.dueAtMs], [true, -Infinity])
  assert.deepEqual(rig.take(50), [10])
  assert.deepEqual([rig.lanes.isCrowded, rig.closedEarly], [false, 1])
})

test('a chunk that is full is not closed early, though there are too many keys', () => {
  const rig = new Rig({ openMax: 1 })
  rig.add('k', 'a', 0, 3, 300)
  rig.add('l', 'a', 10, 1, 400)
  assert.deepEqual(rig.take(50), [0, 1, 2])
  assert.equal(rig.closedEarly, 0)
})

test('when room is needed the oldest goes, and a full one is not closed early', () => {
  const rig = new Rig()
  rig.add('k', 'a', 0, 1, 300)
  rig.add('l', 'a', 10, 1, 200)
  assert.deepEqual(rig.take(50), [10])
  assert.equal(rig.closedEarly, 1)
  rig.add('k', 'a', 5, 3, 300)
  assert.deepEqual(rig.take(50), [0])
  assert.equal(rig.closedEarly, 1)
})
