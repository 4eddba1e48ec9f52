import assert from 'node:assert/strict'
import { test } from 'node:test'
import { grep } from '../../../src/pipeline/filters/grep.ts'
import { runFilter } from '../../drivers/run-filter.ts'
import { batchOf } from '../../support/entries.ts'

const batch = batchOf('t', { n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }, { n: 5 })

test('keeps what fits "keep" and not "drop"; what is left out counts as filtered', async () => {
  const run = await runFilter(grep, 'keep: n > 1\ndrop: n == 4')
  assert.equal(await run.input.deliver(batch), 'delivered')
  assert.deepEqual(run.records, [{ n: 2 }, { n: 3 }, { n: 5 }])
  assert.equal(run.metric('left_out_events_total'), 2)
  const { filters, total } = run.ledger.snapshot()
  assert.equal(filters['grep']?.['filtered'], 2)
  assert.equal(total['dropped'], 0)
  await run.stop()
})

test('a batch of which all stays is passed on itself, neighbours without a copy', async () => {
  const run = await runFilter(grep, 'drop: n == 1')
  const all = batchOf('t', { n: 2 }, { n: 3 })
  assert.equal(run.filter.process(all), all)
  const rest = run.filter.process(batch)
  assert('batch' in rest && rest.batch)
  assert.equal(rest.batch.entries.buffer, batch.entries.buffer)
  await run.stop()
})

test('a batch of which nothing stays is delivered, so that nobody sends it again', async () => {
  const run = await runFilter(grep, 'keep: n > 9')
  assert.equal(await run.input.deliver(batch), 'delivered')
  assert.deepEqual(run.batches, [])
  await run.stop()
})

test('what is handed back is not counted as left out', async () => {
  const run = await runFilter(grep, 'drop: n == 1', { outcomes: ['retry'] })
  assert.equal(await run.input.deliver(batch), 'retry')
  assert.equal(run.metric('left_out_events_total'), 0)
  await run.stop()
})

test('without a condition it has nothing to do', () => {
  assert.match(grep.faults!({})[0]!.message, /expected "keep" or "drop"/)
  assert.deepEqual(grep.faults!({ drop: 'n == 1' }), [])
})
