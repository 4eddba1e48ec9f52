import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from '../../src/config/type.ts'
import type { Batch, Outcome } from '../../src/pipeline/batch.ts'
import { defineFilter, type Filter, type Filtered } from '../../src/pipeline/component.ts'
import { runFilter } from '../drivers/run-filter.ts'
import { batchOf } from '../support/entries.ts'

type Process = (batch: Batch) => Batch | Filtered | Promise<Filtered>

function filterOf(process: Process) {
  const filter: Filter = {
    problem: null,
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    process,
  }
  return defineFilter({
    type: 'probe',
    summary: 'Does what a test says.',
    configSchema: Type.Object({}),
    create: () => filter,
  })
}

const condition = 'n > 2'
const batch = batchOf('t', { n: 1 }, { n: 3 }, { n: 4 }, { n: 2 }, { n: 5 })

test('events that fit go through the filter, the others around it, in their order', async () => {
  const seen: number[] = []
  const dropping = filterOf(({ count }) => {
    seen.push(count)
    return { batch: null, held: 0, dropped: { count, reason: 'test' } }
  })
  const run = await runFilter(dropping, '', { condition })
  assert.equal(await run.input.deliver(batch), 'delivered')
  assert.deepEqual(seen, [2, 1])
  assert.deepEqual(run.records, [{ n: 1 }, { n: 2 }])
  assert.equal(run.batches.length, 1)
  assert.equal(run.ledger.snapshot().drop_reasons.pipeline['test'], 3)
  await run.stop()
})

test('a batch of which nothing was changed goes on as it is', async () => {
  const run = await runFilter(
    filterOf((same) => same),
    '',
    { condition },
  )
  await run.input.deliver(batch)
  await run.input.deliver(batchOf('t', { n: 1 }))
  assert.deepEqual(run.records.length, 6)
  assert.equal(run.batches.length, 2)
  await run.stop()
})

test('what has got another tag goes on in its place, and the ledger knows', async () => {
  const run = await runFilter(
    filterOf((all) => ({ ...all, tag: 'u' })),
    '',
    { condition },
  )
  assert.equal(await run.input.deliver(batch), 'delivered')
  assert.deepEqual(
    run.batches.map(({ tag, count }) => `${tag}${count}`),
    ['t1', 'u2', 't1', 'u1'],
  )
  const { tags, balanced } = run.ledger.snapshot()
  assert.deepEqual([tags['t']?.['delivered'], tags['u']?.['delivered'], balanced], [2, 3, true])
  await run.stop()
})

test('an answer that takes its time is waited for', async () => {
  const slow = filterOf(async ({ count }) => {
    await Promise.resolve()
    return { batch: null, held: count }
  })
  const run = await runFilter(slow, '', { condition })
  assert.equal(await run.input.deliver(batch), 'delivered')
  assert.deepEqual(run.records, [{ n: 1 }, { n: 2 }])
  assert.equal(run.ledger.snapshot().filters['probe']?.['held'], 3)
  await run.stop()
})

test('a batch answered retry, or of which a part fails, is void as a whole', async () => {
  const told: Outcome[] = []
  const settled = (outcome: Outcome) => void told.push(outcome)
  let calls = 0
  const failing = filterOf((part) => {
    if (++calls === 2) throw new Error('no')
    return { batch: part, held: 0, settled }
  })
  const run = await runFilter(failing, '', { condition, outcomes: ['retry'] })
  assert.equal(await run.input.deliver(batch), 'retry')
  assert.deepEqual(told, ['retry'])
  assert.equal(await run.input.deliver(batch), 'retry')
  assert.deepEqual(told, ['retry', 'retry', 'retry'])
  assert.deepEqual(run.records, [])
  await run.stop()
})
