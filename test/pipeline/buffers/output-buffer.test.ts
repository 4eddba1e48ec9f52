/** An output behind its buffer: what it gives back comes again, and everything is counted. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Batch, Outcome } from '../../../src/pipeline/batch.ts'
import { OutputBuffer } from '../../../src/pipeline/buffers/output-buffer.ts'
import type { BatchStore } from '../../../src/pipeline/buffers/batch-store.ts'
import { MemoryStore } from '../../../src/pipeline/buffers/memory-store.ts'
import type { ChunkedOutput, Output } from '../../../src/pipeline/component.ts'
import type { WhenFull } from '../../../src/pipeline/buffers/overflow.ts'
import type { ChunkAnswer } from '../../../src/pipeline/delivery/chunk.ts'
import type { DeadLetter } from '../../../src/pipeline/delivery/dead-letter.ts'
import type { DeliverySettings } from '../../../src/pipeline/delivery/settings.ts'
import { Ledger } from '../../../src/pipeline/ledger.ts'
import { MetricsRegistry } from '../../../src/pipeline/metrics.ts'
import { KeptLog, ManualTime } from '../../drivers/context.ts'
import { batchOf } from '../../support/entries.ts'
import { until } from '../../support/wait.ts'
import { DEFAULTS } from '../delivery/rig.ts'
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

const MAX_BYTES = 1000

interface Given {
  readonly store: BatchStore
  readonly log: KeptLog
  readonly ledger?: Ledger
  readonly output?: Output | ChunkedOutput
  readonly whenFull?: WhenFull
  readonly settings?: Partial<DeliverySettings>
}

function bufferOf({ store, log, ledger = new Ledger(), output, whenFull, settings }: Given) {
  const fake = new FakeOutput()
  const time = new ManualTime()
  const letters: DeadLetter[] = []
  const buffer = new OutputBuffer({
    name: 'out',
    output: output ?? fake,
    store,
    maxBytes: MAX_BYTES,
    whenFull: whenFull ?? 'block',
    settings: { ...DEFAULTS, ...settings },
    deadLetters: { add: async (added) => void letters.push(...added) },
    ledger,
    logger: log,
    metrics: new MetricsRegistry().scope('output_', {}),
    ...{ clock: time, timers: time, random: () => 0 },
  })
  const row = () => ledger.snapshot()
  const send = (...tags: string[]) =>
    Promise.all(
      tags.map((tag) => {
        const counts = ledger.tag(tag)
        ledger.receive(ledger.input('in'), counts, 1)
        return buffer.deliver(batchOf(tag, {}), counts)
      }),
    )
  return { buffer, output: fake, store, log, time, letters, ledger, row, send }
}

async function start(folder: string, ledger = new Ledger()) {
  const rig = bufferOf({ ...create(folder), ledger })
  await rig.buffer.start()
  return rig
}

async function started(t: TestContext) {
  return start(await temporaryFolder(t))
}

test('what was given back comes again after a pause, before what is behind it', async (t) => {
  const { buffer, output, time, row, send } = await started(t)
  let failures = 3
  output.answer = () => Promise.resolve(failures-- > 0 ? 'retry' : 'delivered')
  assert.deepEqual(await send('a'), ['delivered'])
  await until('it was tried', () => output.tags.length === 1)
  await send('a')
  for (const tries of [2, 3, 4]) {
    await until('it waits', () => time.pending === 1)
    time.advance(99)
    await new Promise(setImmediate)
    assert.equal(output.tags.length, tries - 1)
    time.advance(1)
    await until('it is tried again', () => output.tags.length >= tries)
  }
  await until('the next one comes', () => output.tags.length === 5)
  assert.deepEqual(output.tags, ['a', 'a', 'a', 'a', 'a'])
  await until('all is counted', () => row().outputs['out']?.['delivered'] === 2)
  assert.equal(row().total['in_flight'], 0)
  await buffer.stop(NEVER)
})

test('what is rejected is a dead letter; an output that throws is asked again', async (t) => {
  const { buffer, output, time, row, send, letters } = await started(t)
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
  assert.deepEqual(
    letters.map(({ tag, cause }) => `${tag} ${cause}`),
    ['bad rejected'],
  )
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
  const made = create(await temporaryFolder(t))
  const { buffer, row, send } = bufferOf(made)
  await buffer.start()
  for (let count = 0; count < 1000; count++) made.access.fail('create', 'ENOSPC')
  const answer = send('a')
  await until('it fails', () => buffer.problem !== null)
  assert.match(buffer.problem!, /ENOSPC/)
  await buffer.stop(NEVER)
  assert.deepEqual(await answer, ['retry'])
  const { retried, in_flight, buffered } = row().total
  assert.deepEqual({ retried, in_flight, buffered }, { retried: 1, in_flight: 0, buffered: 0 })
})

/** Ten of them are more than `MAX_BYTES`. */
const BIG = { log: 'x'.repeat(140) }

async function fill(t: TestContext, whenFull: WhenFull, count: number) {
  const settings = { chunk: { bytes: 1, events: 1, ageMs: 0 }, lookAhead: { bytes: 1, events: 1 } }
  const rig = bufferOf({ ...create(await temporaryFolder(t)), whenFull, settings })
  const first = Promise.withResolvers<Outcome>()
  rig.output.answer = ({ tag }) => (tag === 't0' ? first.promise : Promise.resolve('delivered'))
  await rig.buffer.start()
  const outcomes: Outcome[] = []
  for (let index = 0; index < count; index++) {
    const tag = `t${index}`
    const counts = rig.ledger.tag(tag)
    rig.ledger.receive(rig.ledger.input('in'), counts, 1)
    outcomes.push(await rig.buffer.deliver(batchOf(tag, BIG), counts))
  }
  const finish = async () => {
    first.resolve('delivered')
    await until('all is settled', () => rig.row().total['in_flight'] === 0)
    await rig.buffer.stop(NEVER)
    assert.ok(rig.row().balanced)
    return rig.output.tags
  }
  return { ...rig, outcomes, finish }
}

test('drop_newest throws away what comes while it is full, and says so', async (t) => {
  const { outcomes, row, finish, buffer, log } = await fill(t, 'drop_newest', 8)
  assert.deepEqual(outcomes, [...Array<Outcome>(6).fill('delivered'), 'rejected', 'rejected'])
  assert.match(buffer.problem!, /its buffer is full to 9\d %/)
  assert.deepEqual(await finish(), ['t0', 't1', 't2', 't3', 't4', 't5'])
  const { delivered, dropped } = row().outputs['out']!
  assert.deepEqual({ delivered, dropped }, { delivered: 6, dropped: 2 })
  assert.deepEqual(row().drop_reasons.pipeline, { buffer_full: 2 })
  const said = log.lines.filter(({ message }) => message.startsWith('threw events away'))
  assert.deepEqual(
    said.map(({ fields }) => fields.events),
    [1, 1],
  )
})

test('drop_newest takes what is larger than the buffer when that is empty', async (t) => {
  const rig = bufferOf({ ...create(await temporaryFolder(t)), whenFull: 'drop_newest' })
  await rig.buffer.start()
  const counts = rig.ledger.tag('large')
  rig.ledger.receive(rig.ledger.input('in'), counts, 1)
  const large = batchOf('large', { log: 'x'.repeat(2 * MAX_BYTES) })
  assert.equal(await rig.buffer.deliver(large, counts), 'delivered')
  await until('it is delivered', () => rig.row().total['delivered'] === 1)
  assert.equal(rig.row().total['dropped'], 0)
  await rig.buffer.stop(NEVER)
})

test('drop_oldest throws away the oldest that is not on its way', async (t) => {
  const { outcomes, row, finish } = await fill(t, 'drop_oldest', 10)
  assert.ok(outcomes.every((outcome) => outcome === 'delivered'))
  const tags = await finish()
  assert.equal(tags[0], 't0')
  assert.deepEqual(tags.slice(-4), ['t6', 't7', 't8', 't9'])
  assert.equal(row().outputs['out']!['dropped'], 10 - tags.length)
  assert.ok(tags.length < 9)
})

test('drop_oldest holds nobody back while what is on its way fills it alone', async (t) => {
  const rig = bufferOf({ ...create(await temporaryFolder(t)), whenFull: 'drop_oldest' })
  const answer = Promise.withResolvers<Outcome>()
  rig.output.answer = () => answer.promise
  await rig.buffer.start()
  const deliver = (tag: string, log: string) => {
    const counts = rig.ledger.tag(tag)
    rig.ledger.receive(rig.ledger.input('in'), counts, 1)
    return rig.buffer.deliver(batchOf(tag, { log }), counts)
  }
  assert.equal(await deliver('large', 'x'.repeat(2 * MAX_BYTES)), 'delivered')
  await until('it is on its way', () => rig.output.tags.length === 1)
  assert.equal(await deliver('shed', 'x'), 'rejected')
  answer.resolve('delivered')
  await until('it is delivered', () => rig.row().total['in_flight'] === 0)
  assert.equal(await deliver('later', 'x'), 'delivered')
  await until('this too', () => rig.row().total['in_flight'] === 0)
  assert.deepEqual(rig.output.tags, ['large', 'later'])
  assert.equal(rig.row().total['dropped'], 1)
  await rig.buffer.stop(NEVER)
  assert.ok(rig.row().balanced)
})

test('a buffer in memory says what it made dead letters of, not what it threw away', async () => {
  const store = new MemoryStore(new ManualTime())
  const whenFull = 'drop_newest'
  const { buffer, output, ledger } = bufferOf({ store, log: new KeptLog(), whenFull })
  await buffer.start()
  const answer = Promise.withResolvers<Outcome>()
  output.answer = () => answer.promise
  const kept: string[] = []
  const send = (tag: string, record: object) => {
    const onKept = () => void kept.push(tag)
    return buffer.deliver({ ...batchOf(tag, record), onKept }, ledger.tag(tag))
  }
  const bad = send('bad', {})
  assert.equal(await send('shed', { log: 'x'.repeat(MAX_BYTES) }), 'rejected')
  answer.resolve('rejected')
  assert.equal(await bad, 'rejected')
  assert.deepEqual(kept, ['bad'])
  await buffer.stop(NEVER)
})

test('a buffer in memory answers what became of the events', async () => {
  const store = new MemoryStore(new ManualTime())
  const { buffer, output, row, send, letters } = bufferOf({ store, log: new KeptLog() })
  await buffer.start()
  output.answer = ({ tag }) => Promise.resolve(tag === 'bad' ? 'rejected' : 'delivered')
  assert.deepEqual(await send('bad', 'good'), ['rejected', 'delivered'])
  assert.deepEqual(
    letters.map(({ tag }) => tag),
    ['bad'],
  )
  output.answer = () => new Promise(() => undefined)
  const waiting = send('late')
  await until('it is on its way', () => output.tags.includes('late'))
  await buffer.stop(AbortSignal.abort())
  assert.deepEqual(await waiting, ['retry'])
  const { delivered, rejected, retried, in_flight } = row().total
  assert.deepEqual(
    { delivered, rejected, retried, in_flight },
    {
      delivered: 1,
      rejected: 1,
      retried: 1,
      in_flight: 0,
    },
  )
})

for (const [when, isFailing] of [
  ['at once if the output fails', true],
  ['after a while if it says nothing', false],
] as const)
  test(`before a stop, a buffer in memory hands back what it has, ${when}`, async () => {
    const clock = new ManualTime()
    const rig = bufferOf({ store: new MemoryStore(clock), log: new KeptLog() })
    await rig.buffer.start()
    rig.output.answer = () =>
      isFailing ? Promise.resolve('retry') : new Promise<Outcome>(() => undefined)
    const sent = rig.send('a', 'b')
    await until('it was tried', () => rig.output.tags.length > 0)
    if (isFailing) await until('it has failed', () => rig.buffer.state.lastFailure !== null)
    rig.buffer.prepareStop()
    if (!isFailing) rig.time.advance(3000)
    assert.deepEqual(await sent, ['retry', 'retry'])
    await rig.buffer.stop(NEVER)
    assert.deepEqual([rig.row().total['retried'], rig.row().balanced], [2, true])
  })

test('a stop waits for the answer to what is on its way, but not for ever', async (t) => {
  const answers: PromiseWithResolvers<ChunkAnswer>[] = []
  const output: ChunkedOutput = {
    problem: null,
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    deliverChunk: () => {
      const answer = Promise.withResolvers<ChunkAnswer>()
      answers.push(answer)
      return answer.promise
    },
  }
  const folder = await temporaryFolder(t)
  for (const isAnswered of [true, false]) {
    const { buffer, row, send, time } = bufferOf({ ...create(folder), output })
    await buffer.start()
    await send('a')
    await until('it is on its way', () => answers.length > 0)
    const stopped = buffer.stop(NEVER)
    if (isAnswered) answers.pop()!.resolve({ kind: 'delivered' })
    else time.advance(3000)
    await stopped
    const { delivered, buffered } = row().total
    assert.deepEqual([delivered, buffered], isAnswered ? [1, 0] : [0, 1])
  }
})

test('an output that cannot be stopped does not keep the store open', async (t) => {
  const output: ChunkedOutput = {
    problem: null,
    start: () => Promise.resolve(),
    stop: () => Promise.reject(new Error('cannot close')),
    deliverChunk: () => Promise.resolve({ kind: 'retry', reason: 'away' }),
  }
  const { buffer, send, row } = bufferOf({ ...create(await temporaryFolder(t)), output })
  await buffer.start()
  await send('a')
  await assert.rejects(buffer.stop(NEVER), /cannot close/)
  assert.deepEqual(await send('b'), ['retry'])
  assert.equal(row().total['buffered'], 1)
})

test('damage of which the events are not known is counted in bytes, by output', () => {
  const { buffer, store, row } = bufferOf({
    store: new MemoryStore(new ManualTime()),
    log: new KeptLog(),
  })
  store.onDamaged({ events: NaN, bytes: 70 }, 0)
  const { damaged_bytes, total, balanced } = row()
  assert.deepEqual({ damaged_bytes, balanced }, { damaged_bytes: { out: 70 }, balanced: true })
  assert.deepEqual([total['dropped'], buffer.state.damaged, buffer.state.damagedBytes], [0, 0, 70])
})
