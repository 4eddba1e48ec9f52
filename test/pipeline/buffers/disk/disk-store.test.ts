/** The buffer on disk: nothing answered is lost, whatever the disk does. */
import assert from 'node:assert/strict'
import { readdir, rm } from 'node:fs/promises'
import { describe, test } from 'node:test'
import type { Outcome } from '../../../../src/pipeline/batch.ts'
import { until } from '../../../support/wait.ts'
import {
  appendAll,
  eventsIn,
  numbered,
  open,
  same,
  takeAll,
  temporaryFolder,
} from './disk-fixture.ts'

const NEVER = new AbortController().signal

describe('what is appended', () => {
  test('is handed out once, in order, as it came', async (t) => {
    const { store } = await open(await temporaryFolder(t))
    let available = 0
    store.onAvailable = () => available++
    const batches = numbered(20)
    await appendAll(store, batches)
    assert.ok(available > 0)
    assert.equal(store.events, eventsIn(batches))
    const taken = await takeAll(store)
    same(taken, batches)
    assert.deepEqual(await store.take({ bytes: 1, events: 1 }), [])
    assert.equal(store.oldestAt, taken[0]!.arrivedAt)
    for (const batch of taken) store.finish(batch)
    assert.deepEqual([store.bytes, store.events, store.oldestAt], [0, 0, null])
    await appendAll(store, numbered(3, 20))
    same(await takeAll(store), numbered(3, 20))
    await store.stop(NEVER)
  })

  test('is handed out within the limits, but at least one batch', async (t) => {
    const { store } = await open(await temporaryFolder(t))
    const batches = numbered(9)
    await appendAll(store, batches)
    assert.equal((await store.take({ bytes: 1, events: 1 })).length, 1)
    const next = await store.take({ bytes: 1e9, events: 5 })
    assert.equal(eventsIn(next), 5)
    same(await takeAll(store), batches.slice(1 + next.length))
    await store.stop(NEVER)
  })

  test('goes through many segments, which are deleted behind it', async (t) => {
    const folder = await temporaryFolder(t)
    const { store } = await open(folder, { segmentBytes: 300 })
    const batches = numbered(40)
    await appendAll(store, batches)
    const segments = async () => (await readdir(folder)).filter((name) => /segment$/.test(name))
    assert.ok((await segments()).length > 10)
    const taken = await takeAll(store)
    same(taken, batches)
    for (const batch of taken.slice(0, 30)) store.finish(batch)
    await until('segments are deleted', async () => (await segments()).length <= 8)
    for (const batch of taken.slice(30)) store.finish(batch)
    await store.stop(NEVER)
    assert.deepEqual(
      (await readdir(folder)).filter((name) => !name.startsWith('progress')),
      [],
    )
  })

  test('takes memory until all that was read together is finished, and no longer', async (t) => {
    const { store } = await open(await temporaryFolder(t), { recentBytes: 0 })
    await appendAll(store, numbered(3))
    const taken = await takeAll(store)
    // The piece they were read in is let go of when the next one is read.
    await appendAll(store, numbered(1, 3))
    const [next] = await takeAll(store)
    for (const batch of taken.slice(0, 2)) store.finish(batch)
    assert.ok(taken.every(({ entries }) => entries.length > 0))
    store.finish(taken[2]!)
    assert.ok(taken.every(({ entries }) => entries.length === 0))
    assert.ok(next!.entries.length > 0)
    assert.equal(store.bytes, next!.entries.length)
    await store.stop(NEVER)
  })

  test('is not read back as long as enough is kept of what was written', async (t) => {
    const batches = numbered(9)
    for (const recentBytes of [1e9, 100, 0]) {
      const { store, access } = await open(await temporaryFolder(t), { recentBytes })
      await appendAll(store, batches.slice(0, 6))
      const first = await takeAll(store)
      same(first, batches.slice(0, 6))
      assert.equal(access.bytesRead > 0, recentBytes < 1e9)
      // Those of the first write were taken out, so there is room again.
      const { bytesRead } = access
      await appendAll(store, batches.slice(6, 7))
      const last = await takeAll(store)
      same(last, batches.slice(6, 7))
      assert.equal(access.bytesRead > bytesRead, recentBytes === 0)
      for (const batch of [...first, ...last]) store.finish(batch)
      await store.stop(NEVER)
    }
  })

  test('goes beyond a full buffer by an eighth of it and a batch at most', async (t) => {
    const batches = numbered(400)
    const maxBytes = 4000
    const { store } = await open(await temporaryFolder(t), { maxBytes })
    const answers = batches.map((batch) => store.append(batch))
    await until('it is full', () => store.bytes >= maxBytes)
    await new Promise((resolve) => setTimeout(resolve, 50))
    const batchMax = Math.max(...batches.map(({ entries }) => entries.length))
    assert.ok(store.bytes <= maxBytes + maxBytes / 8 + batchMax, `${store.bytes} bytes`)
    const stopped = store.stop(NEVER)
    await Promise.all(answers)
    await stopped
  })

  test('waits while the buffer is full, and is answered when there is room', async (t) => {
    const batches = numbered(6)
    const maxBytes = batches.slice(0, 5).reduce((sum, { entries }) => sum + entries.length, 0)
    const { store } = await open(await temporaryFolder(t), { maxBytes })
    await appendAll(store, batches.slice(0, 5))
    let outcome: Outcome | undefined
    void store.append(batches[5]!).then((settled) => (outcome = settled))
    const taken = await takeAll(store)
    for (let turns = 0; turns < 20; turns++) await new Promise(setImmediate)
    assert.equal(outcome, undefined)
    for (const batch of taken) store.finish(batch)
    await until('it is answered', () => outcome === 'delivered')
    await store.stop(NEVER)
  })

  test('in one turn or during a write shares a write and a sync', async (t) => {
    const { store, access } = await open(await temporaryFolder(t))
    access.pace = () => new Promise((resolve) => setTimeout(resolve, 5))
    const first = numbered(100).map((batch) => store.append(batch))
    await until('the first write is under way', () => access.counts.create > 0)
    const second = numbered(100).map((batch) => store.append(batch))
    await Promise.all([...first, ...second])
    assert.ok(access.counts.datasync <= 3, `${access.counts.datasync} syncs`)
    await store.stop(NEVER)
  })
})

describe('the next run', () => {
  test('hands out what was not finished, before what comes then', async (t) => {
    const folder = await temporaryFolder(t)
    const first = await open(folder, { segmentBytes: 300 })
    const batches = numbered(20)
    await appendAll(first.store, batches)
    const taken = await takeAll(first.store)
    for (const index of [0, 1, 2, 5, 7]) first.store.finish(taken[index]!)
    await first.store.stop(NEVER)
    const second = await open(folder)
    const rest = batches.filter((_, index) => ![0, 1, 2, 5, 7].includes(index))
    assert.equal(second.store.events, eventsIn(rest))
    await appendAll(second.store, numbered(2, 20))
    const again = await takeAll(second.store)
    same(again, [...rest, ...numbered(2, 20)])
    const sequences = again.map(({ sequence }) => sequence)
    assert.deepEqual(
      sequences,
      [...new Set(sequences)].toSorted((one, other) => one - other),
    )
    assert.deepEqual(second.log.messages('error'), [])
    await second.store.stop(NEVER)
  })

  test('after a kill has all that was answered, and what was finished a moment ago', async (t) => {
    const folder = await temporaryFolder(t)
    const batches = numbered(10)
    const first = await open(folder)
    await appendAll(first.store, batches)
    const [oldest] = await takeAll(first.store)
    first.store.finish(oldest!)
    await until('progress is noted', () => first.access.counts.rename > 1)
    const second = await open(folder)
    same(await takeAll(second.store), batches.slice(1))
    await second.store.stop(NEVER)
    await first.store.stop(NEVER)
  })

  test('says what it found, and nothing when there is nothing', async (t) => {
    const folder = await temporaryFolder(t)
    const first = await open(folder)
    await appendAll(first.store, numbered(3))
    await first.store.stop(NEVER)
    const second = await open(folder)
    assert.deepEqual(second.log.messages('info'), ['found in the buffer, to be delivered now'])
    for (const batch of await takeAll(second.store)) second.store.finish(batch)
    await second.store.stop(NEVER)
    const third = await open(folder)
    assert.deepEqual(third.log.lines, [])
    await third.store.stop(NEVER)
  })
})

describe('a disk that fails', () => {
  for (const [operation, code, half] of [
    ['write', 'ENOSPC', false],
    ['write', 'ENOSPC', true],
    ['datasync', 'EIO', false],
    ['create', 'EMFILE', false],
  ] as const)
    test(`${operation}: ${code}${half ? ' half way' : ''} is waited out`, async (t) => {
      const folder = await temporaryFolder(t)
      const { store, access, log } = await open(folder, { segmentBytes: 200 })
      const batches = numbered(12)
      await appendAll(store, batches.slice(0, 4))
      for (let count = 0; count < 3; count++) access.fail(operation, code, half)
      const problems = new Set<string | null>()
      access.pace = async () => void problems.add(store.problem)
      const answers = batches.slice(4).map((batch) => store.append(batch))
      assert.deepEqual(new Set(await Promise.all(answers)), new Set(['delivered']))
      assert.match([...problems].join(), new RegExp(`cannot write the buffer: ${code}`))
      assert.equal(store.problem, null)
      assert.ok(log.messages('error').length > 0)
      same(await takeAll(store), batches)
      const next = await open(folder)
      same(await takeAll(next.store), batches)
      assert.equal(next.store.events, eventsIn(batches))
      await next.store.stop(NEVER)
      await store.stop(NEVER)
    })

  test('until the stop leaves what was not answered to its sender', async (t) => {
    const folder = await temporaryFolder(t)
    const { store, access } = await open(folder)
    await appendAll(store, numbered(2))
    for (let count = 0; count < 1000; count++) access.fail('write', 'ENOSPC')
    const answer = store.append(numbered(1, 2)[0]!)
    await until('it fails', () => store.problem !== null)
    await store.stop(NEVER)
    assert.equal(await answer, 'retry')
    assert.equal(await store.append(numbered(1)[0]!), 'retry')
    const next = await open(folder)
    same(await takeAll(next.store), numbered(2))
    await next.store.stop(NEVER)
  })

  test('whose folder somebody removes loses nothing that can still be read', async (t) => {
    const folder = await temporaryFolder(t)
    const { store } = await open(folder, { segmentBytes: 200 })
    await appendAll(store, numbered(10))
    await rm(folder, { recursive: true })
    await appendAll(store, numbered(10, 10))
    const taken = await takeAll(store)
    same(taken, numbered(20))
    for (const batch of taken) store.finish(batch)
    await store.stop(NEVER)
  })
})
