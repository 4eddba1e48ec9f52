/** How much memory a store on disk takes for what is out, and for what was written last. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoredBatch } from '../../../../src/pipeline/buffers/batch-store.ts'
import { MemoryBudget } from '../../../../src/pipeline/memory-budget.ts'
import { MetricsRegistry } from '../../../../src/pipeline/metrics.ts'
import { batchOf } from '../../../support/entries.ts'
import { appendAll, numbered, open, same, takeAll, temporaryFolder } from './disk-fixture.ts'

const NEVER = new AbortController().signal
const MIB = 1024 * 1024

function budget(bytes: number): MemoryBudget {
  return new MemoryBudget(bytes, new MetricsRegistry().scope('', {}))
}

function memoryOf(batches: readonly StoredBatch[]): number {
  const buffers = new Set(batches.map(({ entries }) => entries.buffer))
  return [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0)
}

for (const recentBytes of [0, 1e9])
  test(`the little that stays out does not keep the rest (${recentBytes} kept)`, async (t) => {
    const { store } = await open(await temporaryFolder(t), { fsync: 'never', recentBytes })
    const large = batchOf('large', { log: 'x'.repeat(MIB) })
    const small = numbered(12)
    for (const batch of small) await Promise.all([store.append(batch), store.append(large)])
    const taken = await takeAll(store)
    const stuck = taken.filter(({ tag }) => tag !== 'large')
    // As long as most of it is out nothing is copied.
    assert.ok(memoryOf(stuck) > 6 * MIB)
    const seen = stuck.map(({ entries }) => entries)
    for (const batch of taken) if (batch.tag === 'large') store.finish(batch)
    await takeAll(store)
    assert.ok(memoryOf(stuck) < 2 * MIB, `${memoryOf(stuck)} bytes`)
    same(stuck, small)
    // An attempt may have begun with the old views.
    for (const batch of stuck) store.finish(batch)
    assert.deepEqual(
      seen.map((entries) => Buffer.from(entries).toString('hex')),
      small.map(({ entries }) => Buffer.from(entries).toString('hex')),
    )
    assert.deepEqual([store.bytes, store.events], [0, 0])
    await store.stop(NEVER)
  })

test('what was written last is counted until it is read', async (t) => {
  const memory = budget(1e9).account('other', {})
  const { store } = await open(await temporaryFolder(t), { memory })
  const batches = numbered(4)
  await appendAll(store, batches)
  assert.ok(memory.bytes >= batches.reduce((sum, { entries }) => sum + entries.length, 0))
  await takeAll(store)
  assert.equal(memory.bytes, 0)
  await appendAll(store, batches)
  await store.stop(NEVER)
  assert.equal(memory.bytes, 0)
})

test('what was written last is let go of while memory is short', async (t) => {
  const all = budget(1e9)
  const memory = all.account('other', {})
  const { store, access } = await open(await temporaryFolder(t), { memory })
  await appendAll(store, numbered(4))
  all.resize(0)
  await appendAll(store, numbered(1, 4))
  assert.equal(memory.bytes, 0)
  all.resize(1e9)
  await appendAll(store, numbered(1, 5))
  same(await takeAll(store), numbered(6))
  assert.ok(access.bytesRead > 0)
  await store.stop(NEVER)
})
