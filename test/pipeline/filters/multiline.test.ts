/** The `multiline` filter: what is put together, when it is passed on, and that it survives. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { multiline } from '../../../src/pipeline/filters/multiline/index.ts'
import { type FilterRun, runFilter } from '../../drivers/run-filter.ts'
import { batchOf, TEST_SECONDS } from '../../support/entries.ts'
import { until } from '../../support/wait.ts'

const TRACE = ['panic: no', '', 'goroutine 1 [running]:', 'main.main()', '\t/app/main.go:5']
const JOINED = TRACE.join('\n')

const logs = (run: FilterRun) => run.records.map((record) => record['log'])
const records = (...lines: string[]) => lines.map((log) => ({ log }))
const deliver = (run: FilterRun, ...lines: string[]) =>
  run.input.deliver(batchOf('t', ...records(...lines)))

suite('stack traces', () => {
  test('in one batch, in their place among other lines', async () => {
    const run = await runFilter(multiline)
    await deliver(run, 'a', ...TRACE, 'b', 'c')
    assert.deepEqual(logs(run), ['a', JOINED, 'b', 'c'])
    await run.stop()
  })

  test('over several batches, a line each', async () => {
    const run = await runFilter(multiline)
    for (const line of ['a', ...TRACE, 'b']) assert.equal(await deliver(run, line), 'delivered')
    assert.deepEqual(logs(run), ['a', JOINED, 'b'])
    await run.stop()
  })

  test('a line that only looks like a beginning comes out as it was', async () => {
    const run = await runFilter(multiline)
    await deliver(run, 'panic: no', 'b')
    assert.deepEqual(logs(run), ['panic: no', 'b'])
    await run.stop()
  })

  test('have the time and the fields of their first line', async () => {
    const run = await runFilter(multiline)
    const events = TRACE.map((log, index) => ({ source: 'stderr', n: index, log }))
    await run.input.deliver(batchOf('t', ...events, { source: 'stderr', log: 'x' }))
    assert.deepEqual(run.entries[0], {
      seconds: TEST_SECONDS,
      nanoseconds: 0,
      record: { source: 'stderr', n: 0, log: JOINED },
    })
    await run.stop()
  })

  test('of two containers, tags and connections are not mixed', async () => {
    const run = await runFilter(multiline)
    const [first, second] = [{}, {}]
    for (const line of TRACE) {
      await run.input.deliver({ ...batchOf('t', { log: line }), origin: first })
      await run.input.deliver({ ...batchOf('t', { log: 'x' }), origin: second })
      await run.input.deliver(batchOf('u', { log: 'y' }))
      const container = { container_id: 'c', source: 'stdout' }
      await run.input.deliver(batchOf('t', { ...container, log: 'z' }))
      await run.input.deliver(batchOf('t', { ...container, source: 'stderr', log: line }))
    }
    await run.advance(1000)
    assert.equal(logs(run).filter((log) => log === JOINED).length, 2)
    assert.equal(run.records.length, 2 + 3 * TRACE.length)
    await run.stop()
  })

  test('another field, and languages', async () => {
    const run = await runFilter(multiline, '{ field: message, traces: [java] }')
    const java = ['java.lang.Error: no', '\tat x.Y.z(Y.java:1)']
    const lines = [...java, ...TRACE].map((message) => ({ message }))
    await run.input.deliver(batchOf('t', ...lines))
    const messages = run.records.map(({ message }) => message)
    assert.deepEqual(messages, [java.join('\n'), ...TRACE])
    await run.stop()
  })
})

suite('a start pattern', () => {
  test('begins an event, until the next', async () => {
    const run = await runFilter(multiline, 'start: "^\\\\d"')
    await deliver(run, 'rest', '1 a', ' b', '2 c')
    assert.deepEqual(logs(run), ['rest', '1 a\n b'])
    await deliver(run, ' d')
    await run.advance(999)
    assert.equal(run.records.length, 2)
    await run.advance(1)
    assert.deepEqual(logs(run), ['rest', '1 a\n b', '2 c\n d'])
    await run.stop()
  })

  test('an event that grows too long is cut and marked', async () => {
    const run = await runFilter(multiline, '{ start: "^1", joined_max: 8B }')
    await deliver(run, '1 abcd', 'efgh', '1')
    assert.deepEqual(run.records[0], { log: '1 abcd\ne', truncated: true, original_size: 11 })
    await run.stop()
  })

  test('records without text pass, and do not end an event', async () => {
    const run = await runFilter(multiline, 'start: "^1"')
    await run.input.deliver(batchOf('t', { log: '1' }, { log: 5 }, { a: 1 }, { log: '2' }))
    await run.stop()
    assert.deepEqual(run.records, [{ log: 5 }, { a: 1 }, { log: '1\n2' }])
  })
})

suite('what is held', () => {
  test('is passed on when its connection ends, and at a stop', async () => {
    const run = await runFilter(multiline)
    const origin = {}
    await run.input.deliver({ ...batchOf('t', { log: TRACE[0] }), origin })
    assert.equal(run.records.length, 0)
    run.input.closed(origin)
    await until('it is out', () => run.records.length === 1)
    await deliver(run, TRACE[0]!)
    await run.stop()
    assert.equal(run.records.length, 2)
  })

  test('goes back to the sender in part if the output does not take it', async () => {
    const run = await runFilter(multiline, '', { outcomes: ['retry'] })
    await deliver(run, TRACE[0]!, TRACE[1]!)
    const rest = [...TRACE.slice(2), 'x']
    assert.equal(await deliver(run, ...rest), 'retry')
    assert.equal(await deliver(run, ...rest), 'delivered')
    assert.deepEqual(logs(run), [JOINED, 'x'])
    await run.stop()
  })

  test('survives kill -9', async (t) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'logboom-multiline-'))
    t.after(() => rm(dataDir, { recursive: true }))
    const killed = await runFilter(multiline, '', { dataDir })
    await deliver(killed, TRACE[0]!, TRACE[1]!, TRACE[2]!)
    const run = await runFilter(multiline, '', { dataDir })
    await deliver(run, TRACE[3]!, TRACE[4]!, 'x')
    assert.deepEqual(logs(run), [JOINED, 'x'])
    await run.stop()
  })
})

test('any cuts into batches give the same events', async () => {
  const line = fc.constantFrom(...TRACE, 'Error: no', '\tat a.b(c)', 'x', 'y')
  const input = fc.record({ lines: fc.array(line, { maxLength: 20 }), cuts: fc.array(fc.nat(20)) })
  await fc.assert(
    fc.asyncProperty(
      input,
      fc.constantFrom('', 'start: "^[pEx]"'),
      async ({ lines, cuts }, yaml) => {
        const [whole, cut] = [await runFilter(multiline, yaml), await runFilter(multiline, yaml)]
        if (lines.length > 0) await deliver(whole, ...lines)
        const at = [0, ...cuts.map((offset) => Math.min(offset, lines.length)), lines.length]
        const sorted = at.sort((a, b) => a - b)
        for (const [index, end] of sorted.entries()) {
          const piece = lines.slice(index === 0 ? 0 : sorted[index - 1], end)
          if (piece.length > 0) await deliver(cut, ...piece)
        }
        await whole.stop()
        await cut.stop()
        assert.deepEqual(logs(cut), logs(whole))
        assert.equal(logs(whole).join('\n'), lines.join('\n'))
      },
    ),
    { numRuns: 60 },
  )
})
