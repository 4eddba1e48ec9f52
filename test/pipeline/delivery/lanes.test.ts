import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Lanes } from '../../../src/pipeline/delivery/lanes.ts'
import { EVENT_BYTES, ids, piece } from './pieces.ts'

const roomy = { bytes: 1e9, events: 1e9 }

function lanesOf(isOrdered: boolean, ...batches: [tag: string, firstId: number, count: number][]) {
  const lanes = new Lanes(isOrdered)
  for (const [tag, firstId, count] of batches) lanes.add(piece(tag, firstId, count, firstId))
  return lanes
}

suite('take', () => {
  test('batches of all tags, as many as fit', () => {
    const lanes = lanesOf(true, ['a', 0, 2], ['b', 10, 2], ['a', 20, 2])
    assert.deepEqual(ids(lanes.take({ bytes: 1e9, events: 5 })), [
      [0, 1],
      [20, 21],
    ])
    assert.deepEqual(ids(lanes.take(roomy)), [[10, 11]])
    assert.deepEqual(ids(lanes.take(roomy)), [])
  })

  test('a batch that is too much alone in parts, one after the other', () => {
    const lanes = lanesOf(true, ['a', 0, 5])
    const limit = { bytes: 2 * EVENT_BYTES, events: 100 }
    assert.deepEqual(ids(lanes.take(limit)), [[0, 1]])
    assert.deepEqual(ids(lanes.take(limit)), [])
    lanes.release('a')
    assert.deepEqual(ids(lanes.take(limit)), [[2, 3]])
    lanes.release('a')
    assert.deepEqual(ids(lanes.take(limit)), [[4]])
  })

  test('nothing of a tag that is on its way, others all the same', () => {
    const lanes = lanesOf(true, ['a', 0, 1])
    lanes.take(roomy)
    lanes.add(piece('a', 5, 1))
    lanes.add(piece('b', 10, 1))
    assert.deepEqual(ids(lanes.take(roomy)), [[10]])
    lanes.release('a')
    assert.deepEqual(ids(lanes.take(roomy)), [[5]])
  })

  test('the tags take turns', () => {
    const one = { bytes: 1e9, events: 1 }
    const lanes = lanesOf(true, ['a', 0, 1], ['a', 1, 1], ['b', 10, 1], ['b', 11, 1])
    const taken: number[] = []
    for (const tag of ['a', 'b', 'a', 'b']) {
      taken.push(...ids(lanes.take(one)).flat())
      lanes.release(tag)
    }
    assert.deepEqual(taken, [0, 10, 1, 11])
  })

  test('in no order all that is there', () => {
    const lanes = lanesOf(false, ['a', 0, 1], ['a', 1, 1])
    assert.deepEqual(ids(lanes.take({ bytes: 1e9, events: 1 })), [[0]])
    assert.deepEqual(ids(lanes.take(roomy)), [[1]])
  })
})

suite('due', () => {
  test('is the oldest that may be taken', () => {
    const lanes = lanesOf(true, ['a', 5, 1], ['b', 7, 1])
    assert.equal(lanes.dueAtMs, 5)
    lanes.take({ bytes: 1e9, events: 1 })
    assert.equal(lanes.dueAtMs, 7)
    lanes.add(piece('a', 20, 1, 6))
    assert.equal(lanes.dueAtMs, 7)
    lanes.release('a')
    assert.equal(lanes.dueAtMs, 6)
    lanes.take(roomy)
    assert.equal(lanes.dueAtMs, Infinity)
  })

  test('a chunk is full by events or bytes of what may be taken', () => {
    const lanes = lanesOf(true, ['a', 0, 2], ['b', 10, 2])
    const limits = [
      { bytes: 1e9, events: 4 },
      { bytes: 4 * EVENT_BYTES, events: 1e9 },
    ]
    const fills = () => limits.map((limit) => lanes.fills(limit))
    assert.deepEqual(fills(), [true, true])
    lanes.take({ bytes: 1e9, events: 2 })
    lanes.add(piece('a', 20, 2))
    assert.deepEqual(fills(), [false, false])
    lanes.release('a')
    assert.deepEqual(fills(), [true, true])
    lanes.take({ bytes: 1e9, events: 2 })
    assert.deepEqual(fills(), [false, false])
  })
})
