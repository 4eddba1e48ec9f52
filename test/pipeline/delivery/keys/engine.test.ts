/** Chunks of one key each, through the engine: what waits for whom, and until when. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TimeSlices } from '../../../../src/pipeline/delivery/keys/time-slices.ts'
import { DELIVERED, RETRY, Rig } from '../rig.ts'
import { entriesWithIds } from '../simulation/events.ts'
import { drain } from '../simulation/virtual-time.ts'

const keys = {
  byTag: false,
  time: new TimeSlices(3_600_000, { offsetAt: () => 0 }),
  fields: [],
  openMax: 2,
}
const AGE = { bytes: 1e9, events: 1e9, ageMs: 1000 }

/** Events of one batch, one for each hour given (0, 1 or 2), with ids from `firstId` on. */
async function add(rig: Rig, tag: string, firstId: number, ...hours: number[]): Promise<void> {
  // The hour of an event hangs on its padding.
  const answered = rig.store.append({
    ...{ tag, entries: entriesWithIds(firstId, hours), count: hours.length },
  })
  void answered.then((outcome) => rig.outcomes.set(firstId, outcome))
  await drain()
}

test('late events go with their slice, and a batch is finished with its last event', async () => {
  const rig = new Rig({ keys, chunk: AGE })
  await add(rig, 'a', 0, 0, 1)
  await add(rig, 'a', 10, 1, 0)
  await rig.advance(1000)
  assert.deepEqual(rig.sent, [[0, 11]])
  assert.equal(rig.outcomes.size, 0)
  await rig.answer(DELIVERED)
  assert.deepEqual(rig.sent, [
    [0, 11],
    [1, 10],
  ])
  assert.equal(rig.outcomes.size, 0)
  await rig.answer(DELIVERED)
  assert.deepEqual(
    [...rig.outcomes],
    [
      [0, 'delivered'],
      [10, 'delivered'],
    ],
  )
  assert.equal(rig.closedEarly, 0)
  await rig.stop()
})

test('a chunk that is sent again is the same, and another slice does not wait for it', async () => {
  const rig = new Rig({ keys, concurrency: 2 })
  await add(rig, 'a', 0, 0, 1)
  const chunks = rig.calls.map(({ chunk }) => ({ id: chunk.id, time: chunk.key!.time }))
  assert.deepEqual(rig.sent, [[0], [1]])
  await add(rig, 'a', 10, 0)
  await rig.answer(RETRY)
  assert.equal(rig.sent.length, 2)
  await rig.advance(100)
  assert.deepEqual(rig.sent.slice(2), [[0]])
  const again = rig.calls.at(-1)!.chunk
  assert.deepEqual({ id: again.id, time: again.key!.time }, chunks[0])
  assert.notEqual(chunks[0]!.id, chunks[1]!.id)
  await rig.stop()
})

test('with too many slices the oldest is sent before its time', async () => {
  const rig = new Rig({ keys, chunk: AGE })
  await add(rig, 'a', 0, 1)
  await add(rig, 'a', 1, 0)
  assert.equal(rig.engine.state.keysOpen, 2)
  assert.deepEqual(rig.sent, [])
  await add(rig, 'a', 2, 2)
  assert.deepEqual([rig.sent, rig.closedEarly, rig.engine.state.keysOpen], [[[0]], 1, 2])
  await rig.stop()
})

test('while they are too many nothing more is taken', async () => {
  const rig = new Rig({ keys: { ...keys, openMax: 1 }, chunk: AGE })
  await add(rig, 'a', 0, 0, 1, 2, 0, 1, 2)
  await add(rig, 'a', 10, 0)
  assert.deepEqual(rig.sent, [[0, 3]])
  assert.equal(rig.engine.state.heldEvents, 6)
  await rig.answer(DELIVERED)
  assert.deepEqual([rig.sent.length, rig.engine.state.heldEvents], [2, 7])
  await rig.stop()
})

test('when nothing more fits in hand the oldest is sent before its time', async () => {
  const rig = new Rig({ keys, chunk: AGE, lookAhead: { bytes: 1e9, events: 2 } })
  await add(rig, 'a', 0, 0)
  assert.deepEqual(rig.sent, [])
  await add(rig, 'a', 1, 1)
  assert.deepEqual([rig.sent, rig.closedEarly], [[[0]], 1])
  await rig.answer(DELIVERED)
  assert.deepEqual(rig.sent, [[0]])
  await rig.advance(1000)
  assert.deepEqual(rig.sent, [[0], [1]])
  await rig.stop()
})
