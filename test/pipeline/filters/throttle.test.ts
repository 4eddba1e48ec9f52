import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Outcome } from '../../../src/pipeline/batch.ts'
import { throttle } from '../../../src/pipeline/filters/throttle/index.ts'
import { type FilterRun, runFilter, type RunFilterOptions } from '../../drivers/run-filter.ts'
import { batchOf } from '../../support/entries.ts'

const TEN_A_SECOND = 'events_per_second: 10\nburst: 3'

function start(yaml = TEN_A_SECOND, options?: RunFilterOptions): Promise<FilterRun> {
  return runFilter(throttle, yaml, options)
}

/** Events numbered from `first`. */
function deliver(run: FilterRun, tag: string, first: number, count: number): Promise<Outcome> {
  const records = Array.from({ length: count }, (_, index) => ({ id: first + index }))
  return run.input.deliver(batchOf(tag, ...records))
}

function ids(run: FilterRun): unknown[] {
  return run.records.map(({ id }) => id)
}

function warnings(run: FilterRun): unknown[] {
  return run.log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields)
}

suite('a quota per tag', () => {
  test('lets a burst pass, drops what is over it, and passes more as time goes by', async () => {
    const run = await start()
    assert.equal(await deliver(run, 'a', 0, 5), 'delivered')
    assert.equal(await deliver(run, 'a', 5, 1), 'rejected')
    await run.advance(99)
    await deliver(run, 'a', 6, 1)
    await run.advance(1)
    await deliver(run, 'a', 7, 2)
    assert.deepEqual(ids(run), [0, 1, 2, 7])
    await run.advance(10_000)
    await deliver(run, 'a', 10, 10)
    assert.deepEqual(ids(run), [0, 1, 2, 7, 10, 11, 12])
    await run.stop()
  })

  test('one tag does not use up what another has', async () => {
    const run = await start()
    await deliver(run, 'a', 0, 9)
    await deliver(run, 'b', 10, 2)
    assert.deepEqual(ids(run), [0, 1, 2, 10, 11])
    await run.stop()
  })

  test('less than one event a second, and a burst of five seconds by default', async () => {
    const slow = await start('events_per_second: 0.1')
    await deliver(slow, 'a', 0, 2)
    await slow.advance(9999)
    await deliver(slow, 'a', 2, 1)
    await slow.advance(1)
    await deliver(slow, 'a', 3, 1)
    assert.deepEqual(ids(slow), [0, 3])
    await slow.stop()
    const quick = await start('events_per_second: 2')
    await deliver(quick, 'a', 0, 20)
    assert.equal(ids(quick).length, 10)
    await quick.stop()
  })

  test('a batch that is within goes on as it is, bytes and all', async () => {
    const run = await start()
    const batch = { ...batchOf('a', { id: 1 }, { id: 2 }), origin: {} }
    await run.input.deliver(batch)
    const [passed] = run.batches
    assert.deepEqual(passed, batch)
    await run.stop()
  })
})

suite('a quota per value of a field', () => {
  test('takes out what is over, each in its place', async () => {
    const run = await start(`${TEN_A_SECOND}\nby: name`)
    const records = ['x', 'x', 'y', 'x', 'x', 'y', 'x', 'y', 'y'].map((name, id) => ({ name, id }))
    assert.equal(await run.input.deliver(batchOf('a', ...records)), 'delivered')
    assert.deepEqual(ids(run), [0, 1, 2, 3, 5, 7])
    await run.stop()
  })

  test('values of any kind, and events without it', async () => {
    const run = await start('events_per_second: 1\nburst: 1\nby: name')
    const values = [1, 2, 1, true, true, 'x', undefined, undefined, { name: 1 }, Buffer.from('z')]
    const records = values.map((name, id) => (name === undefined ? { id } : { id, name }))
    await run.input.deliver(batchOf('a', ...records))
    assert.deepEqual(ids(run), [0, 1, 3, 5, 6, 8, 9])
    await run.stop()
  })

  test('over all tags', async () => {
    const run = await start(`${TEN_A_SECOND}\nby: id`)
    for (const tag of ['a', 'b', 'c', 'd']) await deliver(run, tag, 7, 1)
    assert.deepEqual(ids(run), [7, 7, 7])
    await run.stop()
  })
})

suite('what is dropped', () => {
  test('is counted, and reported once a minute by tag', async () => {
    const run = await start()
    await deliver(run, 'a', 0, 5)
    await deliver(run, 'b', 0, 4)
    await deliver(run, 'c', 0, 3)
    await deliver(run, 'a', 5, 5)
    assert.deepEqual(warnings(run), [])
    await run.advance(60_000)
    assert.deepEqual(warnings(run), [
      { by: 'tag', value: 'a', events: 7 },
      { by: 'tag', value: 'b', events: 1 },
    ])
    assert.equal(run.time.pending, 0)
    assert.equal(run.metric('throttled_events_total'), 8)
    assert.equal(run.metric('quotas'), 3)
    const { total, filters, drop_reasons, tags } = run.ledger.snapshot()
    assert.deepEqual([total['dropped'], total['filtered'], total['delivered']], [8, 0, 9])
    assert.deepEqual([filters['throttle']?.['received'], filters['throttle']?.['dropped']], [17, 8])
    assert.equal(tags['a']?.['dropped'], 7)
    assert.deepEqual(drop_reasons.pipeline, { throttled: 8 })
    await run.stop()
  })

  test('is reported at a stop as well, and of many tags those with most', async () => {
    const run = await start('events_per_second: 1\nburst: 1')
    for (let tag = 0; tag < 25; tag++) await deliver(run, `t${tag}`, 0, tag + 2)
    await run.stop()
    const lines = warnings(run)
    assert.equal(lines.length, 21)
    assert.deepEqual(lines[0], { by: 'tag', value: 't24', events: 25 })
    assert.deepEqual(lines[20], { by: 'tag', quotas: 5, events: 15 })
  })

  test('is not dropped if the rest is given back, and the quota is not used', async () => {
    const run = await start(TEN_A_SECOND, { outcomes: ['retry', 'retry'] })
    assert.equal(await deliver(run, 'a', 0, 5), 'retry')
    assert.equal(await deliver(run, 'a', 0, 5), 'retry')
    assert.equal(run.metric('throttled_events_total'), 0)
    assert.deepEqual(run.ledger.snapshot().total['retried'], 10)
    assert.equal(await deliver(run, 'a', 0, 5), 'delivered')
    assert.deepEqual(ids(run), [0, 1, 2])
    assert.equal(run.metric('throttled_events_total'), 2)
    await run.stop()
  })
})

suite('quotas_max', () => {
  const two = `${TEN_A_SECOND}\nquotas_max: 2`

  test('is the most it remembers; further tags share one', async () => {
    const run = await start(two)
    for (const tag of ['a', 'b', 'c', 'd']) await deliver(run, tag, 0, 2)
    assert.equal(run.metric('quotas'), 2)
    assert.equal(ids(run).length, 2 + 2 + 3)
    await run.stop()
    assert.deepEqual(warnings(run), [{ by: 'tag', value: '(other)', events: 1 }])
  })

  test('those of which nothing is used up make room', async () => {
    const run = await start(two)
    for (const tag of ['a', 'b', 'c']) await deliver(run, tag, 0, 1)
    await run.advance(1000)
    await deliver(run, 'd', 0, 3)
    await deliver(run, 'e', 0, 3)
    assert.equal(ids(run).length, 9)
    assert.equal(run.metric('quotas'), 2)
    await run.stop()
  })

  test('one that is used up is not forgotten: coming back does not fill it', async () => {
    const run = await start(`events_per_second: 1\nburst: 3\nquotas_max: 1`)
    await deliver(run, 'a', 0, 3)
    await run.advance(1000)
    await deliver(run, 'b', 10, 1)
    await deliver(run, 'a', 3, 3)
    assert.deepEqual(ids(run), [0, 1, 2, 10, 3])
    await run.stop()
  })

  test('values and tags of any length', async () => {
    const [long, longer] = ['x'.repeat(2000), 'x'.repeat(3000)]
    const byTag = await start()
    for (const tag of [long, longer]) await deliver(byTag, tag, 0, 2)
    assert.deepEqual([ids(byTag).length, byTag.metric('quotas')], [3, 0])
    await byTag.stop()
    const byField = await start(`${TEN_A_SECOND}\nby: name`)
    await byField.input.deliver(batchOf('a', ...[long, longer, 'x'].map((name) => ({ name }))))
    assert.equal(byField.metric('quotas'), 2)
    await byField.stop()
  })
})
