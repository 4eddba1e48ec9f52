/** Events of one tag stay in order when an output has taken a chunk in part. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ChunkAnswer } from '../../../src/pipeline/delivery/chunk.ts'
import { layersOf } from '../../../src/pipeline/delivery/layers.ts'
import { ids, piece } from './pieces.ts'
import { DELIVERED, Rig } from './rig.ts'

/** Batches of the chunk, whole. */
const whole = (batch: number, count: number) => ({ batch, first: 0, count })

function partly(named: Omit<Extract<ChunkAnswer, { kind: 'partly' }>, 'kind' | 'reason'>) {
  return { kind: 'partly', reason: 'some', ...named } as const
}

/** A chunk of its own for what comes until it goes. */
async function rigWith(
  ...batches: readonly (readonly [tag: string, first: number, count: number])[]
) {
  const rig = new Rig({ chunk: { bytes: 1e9, events: 1e9, ageMs: 10 } })
  for (const batch of batches) rig.append(...batch)
  await rig.advance(0)
  return rig
}

suite('what is sent again', () => {
  test('suspected events wait for earlier ones of their tag', async () => {
    const rig = await rigWith(['a', 1, 2], ['a', 3, 4])
    rig.answers.push(partly({ retry: [whole(0, 2)], suspected: [whole(1, 4)] }))
    rig.answers.push(DELIVERED, DELIVERED, DELIVERED)
    await rig.advance(10)
    await rig.advance(99)
    assert.deepEqual(rig.sent, [[1, 2, 3, 4, 5, 6]])
    await rig.advance(1)
    assert.deepEqual(rig.sent.slice(1), [
      [1, 2],
      [3, 4],
      [5, 6],
    ])
    await rig.stop()
  })

  test('those of other tags do not wait', async () => {
    const rig = await rigWith(['a', 1, 2], ['b', 3, 2])
    rig.answers.push(partly({ retry: [whole(0, 2)], suspected: [whole(1, 2)] }))
    rig.answers.push(DELIVERED, DELIVERED, DELIVERED)
    await rig.advance(10)
    assert.deepEqual(rig.sent.slice(1), [[3], [4]])
    await rig.advance(100)
    assert.deepEqual(rig.sent.slice(3), [[1, 2]])
    await rig.stop()
  })

  test('one suspected on both sides of another is sent alone, and only then to blame', async () => {
    const rig = await rigWith(['a', 1, 1], ['a', 2, 1], ['a', 3, 1])
    rig.answers.push(partly({ retry: [whole(1, 1)], suspected: [whole(0, 1), whole(2, 1)] }))
    rig.answers.push(DELIVERED, DELIVERED, { kind: 'rejected', reason: 'bad' })
    await rig.advance(10)
    await rig.advance(100)
    assert.deepEqual(rig.sent.slice(1), [[1], [2], [3]])
    assert.deepEqual(
      rig.letters.map(({ entries, cause }) => [entries.length > 0, cause]),
      [[true, 'rejected']],
    )
    await rig.stop()
  })
})

test('layers are as few as the turns within a tag ask for', () => {
  const again = [
    { piece: piece('a', 1, 1), isSuspected: false },
    { piece: piece('b', 2, 1), isSuspected: true },
    { piece: piece('a', 3, 1), isSuspected: true },
    { piece: piece('b', 4, 1), isSuspected: false },
    { piece: piece('c', 5, 1), isSuspected: true },
    { piece: piece('a', 6, 1), isSuspected: false },
  ]
  const layers = layersOf(again).map(({ isSuspected, pieces }) => [isSuspected, ids(pieces).flat()])
  const expected = [
    [true, [2, 5]],
    [false, [1, 4]],
    [true, [3]],
    [false, [6]],
  ]
  assert.deepEqual(layers, expected)
})
