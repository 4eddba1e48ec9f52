/** What is thrown away by `max_bytes` and `max_age`, and what never is. */
import assert from 'node:assert/strict'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { BOUNDS, logs, logsIn, numbered, open, temporaryFolder } from './store-fixture.ts'

test('drop the oldest files when there is too much, counted and logged', async (t) => {
  const folder = await temporaryFolder(t)
  const bounds = { ...BOUNDS, maxBytes: 8000 }
  const { store, metric, log, time } = await open(folder, { bounds })
  for (let number = 0; number < 40; number++) {
    await store.sinkFor('search').add(numbered(number, number + 1))
    time.advance(1)
  }
  const kept = await logsIn(folder)
  assert.deepEqual(kept, logs(40 - kept.length, 40))
  assert.ok(kept.length > 5 && kept.length < 20, `${kept.length}`)
  assert.ok((await store.kept()).bytes <= 8000)
  assert.equal(metric('dropped_total', { reason: 'max_bytes' }), 40 - kept.length)
  const lost = log.lines.filter(({ level }) => level === 'error').map(({ fields }) => fields)
  assert.equal(
    lost.reduce((sum, { events }) => sum + Number(events), 0),
    40 - kept.length,
  )
  await store.stop()
})

test('drop what is too old, also if nothing is added', async (t) => {
  const folder = await temporaryFolder(t)
  const { store, metric, time } = await open(folder)
  await store.sinkFor('search').add(numbered(0, 2))
  time.advance(29 * 86_400_000)
  await store.sinkFor('search').add(numbered(2, 3))
  assert.equal((await store.kept()).events, 3)
  time.advance(2 * 86_400_000)
  await store.holdFiles()
  assert.deepEqual(await logsIn(folder), ['line 2'])
  assert.equal(metric('dropped_total', { reason: 'max_age' }), 2)
  await store.stop()
  assert.equal(time.pending, 0)
})

test('do not drop what came last because of a start, however old it is', async (t) => {
  const folder = await temporaryFolder(t)
  const first = await open(folder)
  await first.store.sinkFor('search').add(numbered(0, 3))
  await first.store.stop()
  const { time } = first
  time.advance(31 * 86_400_000)
  const { store, metric } = await open(folder, { bounds: { ...BOUNDS, maxBytes: 1000 }, time })
  await store.holdFiles().then((files) => store.releaseFiles(files))
  assert.equal((await store.kept()).events, 3)
  await store.sinkFor('search').add(numbered(3, 4))
  assert.equal(metric('dropped_total', { reason: 'max_age' }), 3)
  assert.deepEqual(await logsIn(folder), ['line 3'])
  await store.stop()
})

test('leave alone what is held, and only as long', async (t) => {
  const folder = await temporaryFolder(t)
  const { store, time, metric } = await open(folder)
  await store.sinkFor('search').add(numbered(0, 1))
  time.advance(20 * 86_400_000)
  await store.sinkFor('search').add(numbered(1, 2))
  time.advance(10)
  // Too old for it, before anybody looks.
  store.setBounds({ ...BOUNDS, maxAgeMs: 1 })
  const held = await store.holdFiles()
  assert.deepEqual(await logsIn(folder), logs(0, 2))
  await store.sinkFor('search').add(numbered(2, 3))
  assert.deepEqual(await logsIn(folder), logs(0, 3))
  await store.releaseFiles(held)
  assert.deepEqual(await logsIn(folder), ['line 2'])
  assert.equal(metric('dropped_total', { reason: 'max_age' }), 2)
  await store.stop()
})

test('do not count files that were deleted by hand, which is said', async (t) => {
  const folder = await temporaryFolder(t)
  const { store, metric, log, time } = await open(folder)
  await store.sinkFor('search').add(numbered(0, 2))
  time.advance(86_400_000)
  await store.sinkFor('search').add(numbered(2, 5))
  for (const name of await readdir(folder)) await rm(join(folder, name))
  const { events, bytes, files } = await store.kept()
  assert.deepEqual([events, bytes, files, metric('events')], [0, 0, 0, 0])
  assert.equal(metric('dropped_total', { reason: 'deleted' }), 5)
  assert.deepEqual(log.messages('warn').length, 2)
  await store.sinkFor('search').add(numbered(5, 6))
  assert.deepEqual(await logsIn(folder), ['line 5'])
  assert.deepEqual(log.messages('error'), [])
  await store.stop()
})

test('a file that cannot be deleted does not make an add fail', async (t) => {
  const folder = await temporaryFolder(t)
  const { store, access, log } = await open(folder, { bounds: { ...BOUNDS, maxBytes: 100 } })
  await store.sinkFor('search').add(numbered(0, 1))
  access.fail('remove')
  await store.sinkFor('search').add(numbered(1, 2))
  assert.deepEqual(await logsIn(folder), logs(0, 2))
  assert.deepEqual(log.messages('error'), ['cannot delete dead letters'])
  await store.sinkFor('search').add(numbered(2, 3))
  assert.deepEqual(await logsIn(folder), ['line 2'])
  await store.stop()
})
