import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dedupe } from '../../../../src/pipeline/filters/dedupe/index.ts'
import { runFilter } from '../../../drivers/run-filter.ts'
import { batchOf } from '../../../support/entries.ts'

const a = { log: 'a', n: 1 }
const b = { log: 'b', n: 2 }

test('the same record of a tag passes once per window', async () => {
  const run = await runFilter(dedupe, 'window: 10s')
  await run.input.deliver(batchOf('t', a, b, a, a))
  await run.input.deliver(batchOf('u', a))
  await run.advance(9999)
  await run.input.deliver(batchOf('t', a))
  await run.advance(1)
  await run.input.deliver(batchOf('t', a, b))
  assert.deepEqual(run.records, [a, b, a, a, b])
  assert.equal(run.metric('left_out_events_total'), 3)
  assert.equal(run.ledger.snapshot().filters['dedupe']?.['filtered'], 3)
  await run.stop()
})

test('by fields, with the number of those left out', async () => {
  const run = await runFilter(dedupe, 'by: [log, m.x]\ncount_field: repeated\nwindow: 1s')
  await run.input.deliver(batchOf('t', a, { log: 'a', n: 5 }, { log: 'a', m: { x: 1 } }, a))
  await run.advance(1000)
  await run.input.deliver(batchOf('t', b, a, a))
  await run.advance(1000)
  await run.input.deliver(batchOf('t', a))
  assert.deepEqual(run.records, [
    a,
    { log: 'a', m: { x: 1 } },
    b,
    { ...a, repeated: 2 },
    { ...a, repeated: 1 },
  ])
  await run.stop()
})

test('what was handed back is no repetition when it comes again', async () => {
  const run = await runFilter(dedupe, '', { outcomes: ['retry'] })
  assert.equal(await run.input.deliver(batchOf('t', a, a)), 'retry')
  assert.equal(run.metric('left_out_events_total'), 0)
  assert.equal(await run.input.deliver(batchOf('t', a, a)), 'delivered')
  assert.deepEqual(run.records, [a])
  await run.stop()
})

test('remembers no more than it may, the oldest are forgotten', async () => {
  const run = await runFilter(dedupe, 'keys_max: 2')
  await run.input.deliver(batchOf('t', { n: 1 }, { n: 2 }, { n: 3 }, { n: 1 }, { n: 3 }))
  assert.deepEqual(run.records, [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 1 }])
  assert.equal(run.metric('forgotten_keys_total'), 2)
  assert.equal(run.metric('keys'), 2)
  await run.stop()
})

test('a batch without repetitions is itself, one of nothing else is delivered', async () => {
  const run = await runFilter(dedupe)
  const batch = batchOf('t', a, b)
  const answer = run.filter.process(batch)
  assert('batch' in answer && answer.batch === batch)
  assert.equal(await run.input.deliver(batch), 'delivered')
  assert.deepEqual(run.records, [])
  await run.stop()
})
