import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sample } from '../../../src/pipeline/filters/sample.ts'
import { runFilter } from '../../drivers/run-filter.ts'
import { batchOf } from '../../support/entries.ts'

const numbered = (count: number, of: object = {}) =>
  Array.from({ length: count }, (_, n) => ({ ...of, n }))

test('of each tag the first passes, and then one of so many', async () => {
  const run = await runFilter(sample, 'rate: 0.25')
  await run.input.deliver(batchOf('t', ...numbered(6)))
  await run.input.deliver(batchOf('t', ...numbered(3, { again: true })))
  await run.input.deliver(batchOf('u', ...numbered(1)))
  assert.deepEqual(run.records, [{ n: 0 }, { n: 4 }, { n: 2, again: true }, { n: 0 }])
  assert.equal(run.metric('left_out_events_total'), 6)
  assert.equal(run.ledger.snapshot().filters['sample']?.['filtered'], 6)
  await run.stop()
})

test('a rate that is no whole part is kept in the long run', async () => {
  const run = await runFilter(sample, 'rate: 0.3')
  await run.input.deliver(batchOf('t', ...numbered(1000)))
  assert.equal(run.records.length, 300)
  await run.stop()
})

test('by a field, with a bound on what is counted', async () => {
  const run = await runFilter(sample, 'rate: 0.5\nby: m.id\nkeys_max: 2')
  const ids = ['a', 'b', 'a', 'c', 'd', 'b', 'c'].map((id, n) => ({ n, m: { id } }))
  await run.input.deliver(batchOf('t', ...ids))
  assert.deepEqual(
    run.records.map(({ n }) => n),
    [0, 1, 3, 6],
  )
  assert.equal(run.metric('keys'), 3)
  await run.stop()
})

test('by a hash all of a key pass or none, and about as many keys as the rate says', async () => {
  const run = await runFilter(sample, 'rate: 0.2\nby: id\nmethod: hash')
  const ids = numbered(1000).flatMap(({ n }) => [{ id: `trace-${n}` }, { id: `trace-${n}` }])
  await run.input.deliver(batchOf('t', ...ids))
  const passed = run.records.map(({ id }) => id)
  assert.equal(new Set(passed).size * 2, passed.length)
  assert(passed.length > 300 && passed.length < 500, String(passed.length))
  await run.stop()
})

test('a rate of 1 passes batches on themselves', async () => {
  const run = await runFilter(sample, 'rate: 1')
  const batch = batchOf('t', ...numbered(10))
  assert.equal(run.filter.process(batch), batch)
  await run.stop()
})
