/** What must hold so that nothing is lost: the order of steps, the numbers, what is deleted. */
import assert from 'node:assert/strict'
import { readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { StoredBatch } from '../../../../src/pipeline/buffers/batch-store.ts'
import type { DiskStore } from '../../../../src/pipeline/buffers/disk/disk-store.ts'
import { encodeFrames } from '../../../../src/pipeline/buffers/disk/frame.ts'
import { until } from '../../../support/wait.ts'
import {
  appendAll,
  create,
  eventsIn,
  numbered,
  open,
  openFilesBelow,
  same,
  segmentsIn,
  takeAll,
  temporaryFolder,
} from './disk-fixture.ts'

const NEVER = new AbortController().signal
const NONE = { after: () => () => undefined, every: () => () => undefined }

async function finishAll(store: DiskStore): Promise<void> {
  for (const batch of await takeAll(store)) store.finish(batch)
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
}

/** Again, when a note was made in it meanwhile. */
function removeInUse(folder: string): Promise<void> {
  return rm(folder, { recursive: true, maxRetries: 50, retryDelay: 1 })
}

describe('numbers', () => {
  test('go on above what is finished, when the end of the segments is gone', async (t) => {
    const folder = await temporaryFolder(t)
    const first = await open(folder)
    const batches = numbered(6)
    await appendAll(first.store, batches.slice(0, 2))
    const [segment] = await segmentsIn(folder)
    const { size } = await stat(join(folder, segment!))
    await appendAll(first.store, batches.slice(2))
    for (const batch of (await takeAll(first.store)).slice(4)) first.store.finish(batch)
    await first.store.stop(NEVER)
    await truncate(join(folder, segment!), size)
    const { store, log } = await open(folder)
    const [error] = log.lines.filter(({ level }) => level === 'error')
    assert.equal(error?.fields['events'], eventsIn(batches.slice(2, 4)))
    assert.equal(store.events, eventsIn(batches.slice(0, 2)))
    await appendAll(store, numbered(3, 6))
    const taken = await takeAll(store)
    same(taken, [...batches.slice(0, 2), ...numbered(3, 6)])
    assert.ok(taken[2]!.sequence >= 6)
    for (const batch of taken) store.finish(batch)
    await store.stop(NEVER)
    assert.deepEqual(await segmentsIn(folder), [])
  })

  test('and the id stay when all is delivered; without them another id is made', async (t) => {
    const folder = await temporaryFolder(t)
    const ids: string[] = []
    const sequences: number[] = []
    for (let run = 0; run < 3; run++) {
      const { store } = await open(folder)
      ids.push(store.id)
      await appendAll(store, numbered(2))
      for (const batch of await takeAll(store)) {
        sequences.push(batch.sequence)
        store.finish(batch)
      }
      await store.stop(NEVER)
      assert.deepEqual(await segmentsIn(folder), [])
    }
    assert.deepEqual([new Set(ids).size, sequences], [1, [0, 1, 2, 3, 4, 5]])
    await writeFile(join(folder, 'progress'), 'damaged')
    const { store } = await open(folder)
    assert.ok(!ids.includes(store.id))
    await store.stop(NEVER)
  })

  test('go on above a frame before an empty segment, which failed and stayed', async (t) => {
    const folder = await temporaryFolder(t)
    const first = await open(folder)
    await appendAll(first.store, numbered(2))
    await first.store.stop(NEVER)
    const [segment] = await segmentsIn(folder)
    const head = (await readFile(join(folder, segment!))).subarray(0, 32)
    await writeFile(join(folder, segment!.replace('-000', '-001')), head)
    await rm(join(folder, 'progress'))
    const { store } = await open(folder)
    await appendAll(store, numbered(2, 2))
    same(await takeAll(store), numbered(4))
    await store.stop(NEVER)
  })

  test('of what only looks like a frame are not believed', async (t) => {
    const folder = await temporaryFolder(t)
    const first = await open(folder)
    await appendAll(first.store, numbered(3))
    await first.store.stop(NEVER)
    const [segment] = await segmentsIn(folder)
    for (const sequence of [2 ** 52, 4000, NaN, -1]) {
      const batch = { tag: 'x', entries: new Uint8Array(0), count: 1, arrivedAt: 0 }
      const { frames } = encodeFrames([batch], { sequence, events: 6 })
      await writeFile(join(folder, segment!), frames, { flag: 'a' })
      const { store } = await open(folder)
      same(await takeAll(store), numbered(3))
      assert.equal(store.nextSequence, 3)
      await store.stop(NEVER)
    }
  })
})

describe('a stop', () => {
  for (const recentBytes of [1e9, 0])
    test(`that a write outlasts gives the batch back (${recentBytes} kept)`, async (t) => {
      const folder = await temporaryFolder(t)
      const { store, access } = await open(folder, { recentBytes })
      await appendAll(store, numbered(1))
      await finishAll(store)
      const gate = Promise.withResolvers<void>()
      let isWriting = false
      access.pace = () => {
        isWriting = true
        return gate.promise
      }
      const batch = numbered(1, 1)[0]!
      const entries = new Uint8Array(batch.entries)
      const answer = store.append({ ...batch, entries })
      await until('it is written', () => isWriting)
      await store.stop(AbortSignal.abort())
      assert.equal(await answer, 'retry')
      // Its sender may do with its memory what it likes from now on.
      entries.buffer.transfer(0)
      // And nothing is deleted.
      assert.equal((await segmentsIn(folder)).length, 1)
      gate.resolve()
      await until('its file is closed', async () => (await openFilesBelow(folder)).length === 0)
      const next = await open(folder)
      same(await takeAll(next.store), [batch])
      await next.store.stop(NEVER)
    })

  test('of a full buffer writes what waits for room all the same', async (t) => {
    const folder = await temporaryFolder(t)
    const { store } = await open(folder, { maxBytes: 1 })
    await appendAll(store, numbered(1))
    const first = store.append(numbered(1, 1)[0]!)
    await turns()
    // Behind those that are in hand.
    const second = store.append(numbered(1, 2)[0]!)
    await store.stop(NEVER)
    assert.deepEqual(await Promise.all([first, second]), ['delivered', 'delivered'])
    const next = await open(folder)
    same(await takeAll(next.store), numbered(3))
    await next.store.stop(NEVER)
  })

  test('of a full buffer after the deadline gives back what waits, notes the rest', async (t) => {
    const folder = await temporaryFolder(t)
    const before = await open(folder)
    await appendAll(before.store, numbered(2))
    await before.store.stop(NEVER)
    const { store } = await open(folder, { maxBytes: 1, timers: NONE })
    const [oldest] = await takeAll(store)
    store.finish(oldest!)
    const first = store.append(numbered(1, 2)[0]!)
    await turns()
    const second = store.append(numbered(1, 3)[0]!)
    await store.stop(AbortSignal.abort())
    assert.deepEqual(await Promise.all([first, second]), ['retry', 'retry'])
    const next = await open(folder)
    same(await takeAll(next.store), numbered(1, 1))
    await next.store.stop(NEVER)
  })

  test('after a start that was refused leaves all as it is', async (t) => {
    const folder = await temporaryFolder(t)
    const first = await open(folder)
    await appendAll(first.store, numbered(3))
    await first.store.stop(NEVER)
    const [segment] = await segmentsIn(folder)
    await writeFile(join(folder, segment!), 'LBBF and no more', { flag: 'a' })
    const kept = await readdir(folder)
    const progress = await readFile(join(folder, 'progress'))
    const second = create(folder)
    // When all is known that a stop would write down.
    second.access.fail('truncate', 'EIO')
    await assert.rejects(second.store.start())
    await second.store.stop(NEVER)
    assert.deepEqual(await readdir(folder), kept)
    assert.deepEqual(await readFile(join(folder, 'progress')), progress)
  })
})

describe('steps', () => {
  test('what failed is cut off, and that is safe before anything else is written', async (t) => {
    const { store, access } = await open(await temporaryFolder(t))
    await appendAll(store, numbered(2))
    access.fail('write', 'EIO', true)
    access.done.length = 0
    await appendAll(store, numbered(1, 2))
    const [truncated, synced, created] = access.done
    assert.match(truncated!, /^truncate .*-000/)
    assert.match(synced!, /^datasync .*0000-000/)
    assert.match(created!, /^create /)
    await store.stop(NEVER)
  })

  test('under an interval that also makes safe what was answered before', async (t) => {
    const folder = await temporaryFolder(t)
    const { store, access } = await open(folder, { fsync: { everyMs: 1e9 }, timers: NONE })
    await appendAll(store, numbered(2))
    assert.equal(access.counts.datasync, 0)
    access.fail('write', 'EIO')
    const answer = store.append(numbered(1, 2)[0]!)
    await until('it is synced', () => access.counts.datasync > 0)
    await store.stop(NEVER)
    // A stop tries once more.
    assert.equal(await answer, 'delivered')
  })

  test('progress is safe before segments are deleted, and costs no sync else', async (t) => {
    const folder = await temporaryFolder(t)
    const { store, access } = await open(folder, { segmentBytes: 300 })
    await appendAll(store, numbered(12))
    const taken = await takeAll(store)
    access.done.length = 0
    store.finish(taken[0]!)
    await until('it is noted', () => access.done.includes('rename progress.recent'))
    assert.deepEqual(access.done, ['rename progress.recent'])
    for (const batch of taken.slice(1, 8)) store.finish(batch)
    await until('some are deleted', () => access.done.some((step) => step.startsWith('remove')))
    const removed = access.done.findIndex((step) => step.startsWith('remove'))
    const steps = access.done.slice(0, removed)
    assert.deepEqual(steps.slice(-2), ['rename progress', `sync ${folder}`])
    await store.stop(NEVER)
  })

  test('what a process left that was killed is made safe by the next', async (t) => {
    const folder = await temporaryFolder(t)
    const first = await open(folder, { fsync: { everyMs: 1e9 }, timers: NONE, segmentBytes: 300 })
    await appendAll(first.store, numbered(9))
    const { store, access } = await open(folder)
    const segments = await segmentsIn(folder)
    assert.ok(segments.length > 1)
    for (const name of segments) assert.ok(access.done.includes(`datasync ${name}`), name)
    await store.stop(NEVER)
    await first.store.stop(NEVER)
  })

  test('folders that were made are synced into those above', async (t) => {
    const folder = await temporaryFolder(t)
    const { store, access } = await open(join(folder, 'a', 'b', 'c'))
    for (const above of [join(folder, 'a', 'b'), join(folder, 'a'), folder])
      assert.ok(access.done.includes(`sync ${above}`), above)
    await store.stop(NEVER)
  })
})

for (const operation of ['write', 'datasync'] as const)
  test(`a full disk leaves no empty files behind (${operation})`, async (t) => {
    const folder = await temporaryFolder(t)
    const { store, access } = await open(folder)
    await appendAll(store, numbered(1))
    await takeAll(store)
    for (let count = 0; count < 9; count++) access.fail(operation, 'ENOSPC')
    const answer = store.append(numbered(1, 1)[0]!)
    // The reader stands on each of them in turn.
    access.pace = async () => void (await store.take({ bytes: 1, events: 1 }))
    assert.equal(await answer, 'delivered')
    assert.equal((await segmentsIn(folder)).length, 2)
    await appendAll(store, numbered(2, 2))
    assert.equal(store.problem, null)
    await store.stop(NEVER)
  })

test('a start reads the heads and the newest segment only', async (t) => {
  const folder = await temporaryFolder(t)
  const first = await open(folder, { segmentBytes: 2000 })
  const batches = numbered(400)
  await appendAll(first.store, batches)
  await first.store.stop(NEVER)
  const { store, access } = await open(folder)
  assert.ok((await segmentsIn(folder)).length > 10)
  assert.ok(access.bytesRead < 5000, `${access.bytesRead} bytes`)
  assert.equal(store.events, eventsIn(batches))
  same(await takeAll(store), batches)
  await store.stop(NEVER)
})

describe('a file that somebody cuts while it is in use', () => {
  test('loses what was cut, and nothing waits for it', async (t) => {
    const folder = await temporaryFolder(t)
    const batches = numbered(8)
    const maxBytes = batches.reduce((sum, { entries }) => sum + entries.length, 0)
    const { store, log } = await open(folder, { maxBytes, recentBytes: 0 })
    await appendAll(store, batches)
    const [segment] = await segmentsIn(folder)
    const { size } = await stat(join(folder, segment!))
    // Eight bytes are left of the last frame.
    await truncate(join(folder, segment!), size - batches[7]!.entries.length - 45)
    const answer = store.append(numbered(1, 8)[0]!)
    const taken = await takeAll(store)
    assert.equal(taken.length, 7)
    assert.equal(await answer, 'delivered')
    const [error] = log.lines.filter(({ level }) => level === 'error')
    assert.equal(error?.fields['events'], batches[7]!.count)
    const rest = await takeAll(store)
    for (const batch of [...taken, ...rest]) store.finish(batch)
    assert.deepEqual([rest.length, store.bytes, store.events], [1, 0, 0])
    await store.stop(NEVER)
  })
})

describe('when somebody removes the folder', () => {
  test('what waited and what comes is put into a new one', async (t) => {
    const folder = await temporaryFolder(t)
    const batches = numbered(6)
    const { store, log } = await open(folder, { segmentBytes: 100, recentBytes: 0 })
    await appendAll(store, batches.slice(0, 4))
    const [first] = await store.take({ bytes: 1, events: 1 })
    const [second] = await store.take({ bytes: 1, events: 1 })
    store.finish(second!)
    await removeInUse(folder)
    await appendAll(store, batches.slice(4))
    assert.ok(log.lines.some(({ fields }) => /removed while in use/.test(String(fields.error))))
    assert.equal(store.problem, null)
    // As after a kill: the first store is not stopped.
    const next = await open(folder)
    assert.equal(next.store.id, store.id)
    same(await takeAll(next.store), [batches[0]!, ...batches.slice(2)])
    await next.store.stop(AbortSignal.abort())
    same([first!, ...(await takeAll(store))], [batches[0]!, ...batches.slice(2)])
    await store.stop(NEVER)
  })

  test('it is put back while nothing comes, and by a stop', async (t) => {
    const folder = await temporaryFolder(t)
    const batches = numbered(5)
    const first = await open(folder)
    await appendAll(first.store, batches)
    await removeInUse(folder)
    await until('it is there again', async () => {
      const names = await readdir(folder).catch((): string[] => [])
      return names.includes('progress') && first.store.problem === null
    })
    await removeInUse(folder)
    await first.store.stop(NEVER)
    assert.equal(first.store.lostEvents, 0)
    const next = await open(folder)
    same(await takeAll(next.store), batches)
    await next.store.stop(NEVER)
  })

  test('a part that cannot be read is left out', async (t) => {
    const folder = await temporaryFolder(t)
    const { store, access, log } = await open(folder, { recentBytes: 0 })
    await appendAll(store, numbered(400))
    access.badByte = 10_000
    await removeInUse(folder)
    await appendAll(store, numbered(1, 400))
    access.badByte = null
    const rest = await takeAll(store)
    same(rest.slice(-2), numbered(2, 399))
    const lost = eventsIn(numbered(401)) - eventsIn(rest)
    assert.ok(lost > 0 && lost < 200, `${lost} events are lost`)
    const errors = log.lines.filter(({ level }) => level === 'error').map(({ fields }) => fields)
    assert.ok(errors.some(({ events }) => events === lost))
    await store.stop(NEVER)
  })

  test('says why it cannot be put back, and what is lost at the end', async (t) => {
    const above = await temporaryFolder(t)
    const folder = join(above, 'data', 'buffers')
    const { store } = await open(folder)
    const batches = numbered(4)
    await appendAll(store, batches)
    store.finish((await store.take({ bytes: 1, events: 1 }))[0]!)
    await removeInUse(join(above, 'data'))
    await writeFile(join(above, 'data'), 'in its place')
    await until('it is noticed', () => /ENOTDIR|EEXIST/.test(store.problem ?? ''))
    same(await takeAll(store), batches.slice(1))
    await store.stop(NEVER)
    assert.equal(store.lostEvents, eventsIn(batches.slice(1)))
  })
})

describe('a disk that cannot be read', () => {
  test('costs what is in a bad block, after many tries, and no more', async (t) => {
    const folder = await temporaryFolder(t)
    const { store, access, log } = await open(folder, { recentBytes: 0 })
    const batches = numbered(400)
    await appendAll(store, batches)
    access.badByte = 10_000
    const taken: StoredBatch[] = []
    let tries = 0
    while (store.events > eventsIn(taken)) {
      taken.push(...(await takeAll(store)))
      tries++
      assert.ok(tries < 1000, 'it is tried for ever')
    }
    assert.ok(tries > 50, `after ${tries} tries`)
    const lost = eventsIn(batches) - eventsIn(taken)
    assert.ok(lost > 0 && lost < 200, `${lost} events are lost`)
    same(taken.slice(-1), batches.slice(-1))
    const errors = log.lines.filter(({ level }) => level === 'error').map(({ fields }) => fields)
    assert.equal(errors.find(({ ranges }) => ranges !== undefined)?.['events'], lost)
    assert.equal((await readdir(join(folder, 'quarantine'))).length, 1)
    await store.stop(NEVER)
  })

  test('at all is waited for', async (t) => {
    const folder = await temporaryFolder(t)
    const { store, access } = await open(folder, { recentBytes: 0 })
    const batches = numbered(3)
    await appendAll(store, batches)
    access.badByte = 100
    for (let tries = 0; tries < 100; tries++) assert.deepEqual(await takeAll(store), [])
    assert.match(store.problem ?? '', /cannot read the buffer: EIO/)
    access.badByte = null
    same(await takeAll(store), batches)
    await store.stop(NEVER)
  })
})

test('a disk that a delivered segment has filled gets room by deleting that', async (t) => {
  const folder = await temporaryFolder(t)
  const { store, access } = await open(folder)
  await appendAll(store, numbered(4))
  const [full = ''] = await segmentsIn(folder)
  access.takesAllRoom = full
  const later = store.append(numbered(1, 4)[0]!)
  await until('it fails', () => store.problem !== null)
  for (const batch of await takeAll(store)) store.finish(batch)
  assert.equal(await later, 'delivered')
  same(await takeAll(store), numbered(1, 4))
  assert.ok(!(await segmentsIn(folder)).includes(full))
  await store.stop(AbortSignal.abort())
  const next = await open(folder)
  same(await takeAll(next.store), numbered(1, 4))
  await next.store.stop(NEVER)
})

test('a disk too full to note what is delivered gets room by deleting that', async (t) => {
  const folder = await temporaryFolder(t)
  const batches = numbered(4)
  const { store, access } = await open(folder)
  await appendAll(store, batches)
  for (let count = 0; count < 100; count++) access.fail('rename', 'ENOSPC')
  for (const batch of await takeAll(store)) store.finish(batch)
  await until('it is deleted', async () => (await segmentsIn(folder)).length === 0)
  await appendAll(store, batches)
  same(await takeAll(store), batches)
  assert.equal((await segmentsIn(folder)).length, 1)
  await store.stop(AbortSignal.abort())
})
