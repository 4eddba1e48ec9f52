/** An output behind its buffer: what it gives back comes again, and everything is counted. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Batch, Outcome } from '../../../src/pipeline/batch.ts'
import { OutputBuffer } from '../../../src/pipeline/buffers/output-buffer.ts'
import type { Output } from '../../../src/pipeline/component.ts'
import { Ledger } from '../../../src/pipeline/ledger.ts'
import { MetricsRegistry } from '../../../src/pipeline/metrics.ts'
import { ManualTime } from '../../drivers/context.ts'
import { batchOf } from '../../support/entries.ts'
import { until } from '../../support/wait.ts'
import { create, temporaryFolder } from './disk/disk-fixture.ts'

const NEVER = new AbortController().signal

class FakeOutput implements Output {
  problem: string | null = null
  readonly tags: string[] = []
  answer: (batch: Batch) => Promise<Outcome> = () => Promise.resolve('delivered')
  stopped: AbortSignal | undefined
  start = () => Promise.resolve()

  deliver(batch: Batch): Promise<Outcome> {
    this.tags.push(batch.tag)
    return this.answer(batch)
  }

  stop(deadline: AbortSignal): Promise<void> {
    this.stopped = deadline
    return Promise.resolve()
  }
}

async function start(folder: string, ledger = new Ledger()) {
  const { store, log } = create(folder)
  const output = new FakeOutput()
  const time = new ManualTime()
  const metrics = new MetricsRegistry().scope('output_', {})
  const around = { ledger, logger: log, metrics, timers: time, random: () => 0.5 }
  const buffer = new OutputBuffer({ name: 'out', output, store, ...around })
  await buffer.start()
  const row = () => ledger.snapshot()
  const send = (...tags: string[]) =>
    Promise.all(
      tags.map((tag) => {
        const counts = ledger.tag(tag)
        ledger.receive(ledger.input('in'), counts, 1)
        return buffer.deliver(batchOf(tag, {}), counts)
      }),
    )
  return { buffer, output, store, log, time, row, send }
}

async function started(t: TestContext) {
  return start(await temporaryFolder(t))
}

test('what was given back comes again after growing pauses, before what is behind', async (t) => {
  const { buffer, output, time, row, send } = await started(t)
  let failures = 3
  output.answer = () => Promise.resolve(failures-- > 0 ? 'retry' : 'delivered')
  assert.deepEqual(await send('a'), ['delivered'])
  await until('it was tried', () => output.tags.length === 1)
  await send('b')
  for (const [pause, tries] of [
    [75, 2],
    [150, 3],
    [300, 4],
  ] as const) {
    await until('it waits', () => time.pending === 1)
    time.advance(pause - 1)
    await new Promise(setImmediate)
    assert.equal(output.tags.length, tries - 1)
    time.advance(1)
    await until('it is tried again', () => output.tags.length >= tries)
  }
  await until('the next one comes', () => output.tags.length === 5)
  assert.deepEqual(output.tags, ['a', 'a', 'a', 'a', 'b'])
  await until('all is counted', () => row().outputs['out']?.['delivered'] === 2)
  assert.equal(row().total['in_flight'], 0)
  await buffer.stop(NEVER)
})

test('what is rejected is counted and gone; an output that throws is asked again', async (t) => {
  const { buffer, output, time, row, send, log } = await started(t)
  output.answer = ({ tag }) => {
    if (tag === 'bad') return Promise.resolve('rejected')
    if (output.tags.length < 3) throw new Error('a bug')
    return Promise.resolve('delivered')
  }
  await send('bad', 'good')
  await until('it waits', () => time.pending === 1)
  time.advance(1000)
  await until('all is counted', () => row().total['in_flight'] === 0)
  const { delivered, rejected } = row().outputs['out']!
  assert.deepEqual({ delivered, rejected }, { delivered: 1, rejected: 1 })
  assert.deepEqual(log.messages('error'), ['BUG: an output failed instead of answering'])
  await buffer.stop(NEVER)
})

test('what a stop leaves is counted as buffered, and as restored by the next start', async (t) => {
  const folder = await temporaryFolder(t)
  const ledger = new Ledger()
  const first = await start(folder, ledger)
  first.output.answer = () => Promise.resolve('retry')
  await first.send('a', 'b')
  await until('it waits', () => first.time.pending === 1)
  first.output.problem = 'it is away'
  assert.equal(first.buffer.problem, 'it is away')
  await first.buffer.stop(NEVER)
  assert.ok(first.output.stopped!.aborted)
  assert.equal(first.time.pending, 0)
  const left = ledger.snapshot().total
  assert.deepEqual([left['buffered'], left['in_flight']], [2, 0])
  const second = await start(folder, ledger)
  await until('it is delivered', () => second.output.tags.length === 2)
  await until('it is counted', () => second.store.events === 0)
  const { restored, delivered, in_flight } = ledger.snapshot().total
  assert.deepEqual({ restored, delivered, in_flight }, { restored: 2, delivered: 2, in_flight: 0 })
  assert.ok(ledger.snapshot().balanced)
  await second.buffer.stop(NEVER)
  assert.ok(!second.output.stopped!.aborted)
})

test('a store that stops while it cannot write gives back what it has not taken', async (t) => {
  const folder = await temporaryFolder(t)
  const { store, log, access } = create(folder)
  const ledger = new Ledger()
  const metrics = new MetricsRegistry().scope('output_', {})
  const around = { ledger, logger: log, metrics, timers: new ManualTime(), random: () => 0 }
  const buffer = new OutputBuffer({ name: 'out', output: new FakeOutput(), store, ...around })
  await buffer.start()
  for (let count = 0; count < 1000; count++) access.fail('create', 'ENOSPC')
  const counts = ledger.tag('a')
  ledger.receive(ledger.input('in'), counts, 1)
  const answer = buffer.deliver(batchOf('a', {}), counts)
  await until('it fails', () => buffer.problem !== null)
  assert.match(buffer.problem!, /ENOSPC/)
  await buffer.stop(NEVER)
  assert.equal(await answer, 'retry')
  const { retried, in_flight, buffered } = ledger.snapshot().total
  assert.deepEqual({ retried, in_flight, buffered }, { retried: 1, in_flight: 0, buffered: 0 })
})
