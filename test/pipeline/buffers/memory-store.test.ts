import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { MemoryStore } from '../../../src/pipeline/buffers/memory-store.ts'
import { batchOf } from '../../support/entries.ts'

const roomy = { bytes: 1e9, events: 1e9 }
let now = 1000
const clock = { now: () => now }

function storeOf(...tags: string[]) {
  const store = new MemoryStore(clock)
  const answers = tags.map((tag) => store.append(batchOf(tag, { n: 1 }, { n: 2 })))
  return { store, answers }
}

async function tagsOf(store: MemoryStore, limit = roomy): Promise<string[]> {
  return (await store.take(limit)).map(({ tag }) => tag)
}

suite('take', () => {
  test('in order, each once, within the limit but at least one', async () => {
    const { store } = storeOf('a', 'b', 'c', 'd')
    const { bytes } = store
    assert.deepEqual(await tagsOf(store, { bytes: 1, events: 1 }), ['a'])
    assert.deepEqual(await tagsOf(store, { bytes: bytes / 2, events: 1e9 }), ['b', 'c'])
    assert.deepEqual(await tagsOf(store, { bytes: 1e9, events: 3 }), ['d'])
    assert.deepEqual(await tagsOf(store), [])
  })

  test('with sequence and time; the bytes are those of the sender', async () => {
    const store = new MemoryStore(clock)
    const batches = [batchOf('a', { n: 1 }), batchOf('b', { n: 1 })]
    for (const batch of batches) {
      now += 5
      void store.append(batch)
    }
    const taken = await store.take(roomy)
    assert.deepEqual(
      taken.map(({ sequence }) => sequence),
      [0, 1],
    )
    assert.deepEqual(
      [store.nextSequence, taken[0]!.arrivedAt, store.oldestAt],
      [2, now - 5, now - 5],
    )
    assert.ok(taken.every(({ entries }, index) => entries === batches[index]!.entries))
  })

  test('is told of what comes', () => {
    const store = new MemoryStore(clock)
    let calls = 0
    store.onAvailable = () => calls++
    void store.append(batchOf('a', { n: 1 }))
    assert.equal(calls, 1)
  })
})

suite('finish', () => {
  test('answers the sender with the outcome, in any order, once', async () => {
    const { store, answers } = storeOf('a', 'b')
    const [a, b] = await store.take(roomy)
    const half = store.bytes / 2
    store.finish(b!, 'rejected')
    store.finish(b!, 'delivered')
    assert.deepEqual([store.bytes, store.events, store.oldestAt], [half, 2, now])
    store.finish(a!, 'delivered')
    assert.deepEqual([store.bytes, store.events, store.oldestAt], [0, 0, null])
    assert.deepEqual(await Promise.all(answers), ['delivered', 'rejected'])
  })
})

suite('stop', () => {
  test('answers retry to all that is not finished, and to all that comes', async () => {
    const { store, answers } = storeOf('a', 'b', 'c')
    const [a, b] = await store.take({ bytes: 1e9, events: 4 })
    store.finish(a!, 'delivered')
    await store.stop()
    await store.stop()
    store.finish(b!, 'delivered')
    answers.push(store.append(batchOf('d', { n: 1 })))
    assert.deepEqual(await Promise.all(answers), ['delivered', 'retry', 'retry', 'retry'])
    assert.deepEqual([store.bytes, store.events], [0, 0])
    assert.deepEqual(await tagsOf(store), [])
  })
})
