/** How the engine keeps the failures of some from becoming those of others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Batch, Outcome } from '../../../src/pipeline/batch.ts'
import type { StoredBatch } from '../../../src/pipeline/buffers/batch-store.ts'
import { MemoryStore } from '../../../src/pipeline/buffers/memory-store.ts'
import type { ChunkOutput } from '../../../src/pipeline/delivery/chunk.ts'
import { DeliveryEngine } from '../../../src/pipeline/delivery/engine.ts'
import { PlainOutput } from '../../../src/pipeline/delivery/plain-output.ts'
import { KeptLog, ManualTime } from '../../drivers/context.ts'

const HOUR_SECONDS = 3600
const BREAKER_PAUSE_MAX_MS = 30_000

function engineFor(output: ChunkOutput) {
  const time = new ManualTime()
  const store = new MemoryStore(time)
  const engine = new DeliveryEngine({
    ...{ store, output, clock: time, timers: time, logger: new KeptLog() },
    deadLetters: { add: () => Promise.reject(new Error('nothing is to die here')) },
    settings: {
      chunk: { bytes: 1000, events: 1, ageMs: 0 },
      keys: null,
      concurrency: 1,
      gatherMs: 0,
      isOrdered: true,
      lookAhead: { bytes: 100_000, events: 1000 },
      timeoutMs: 60_000,
      backoff: { firstMs: 1000, maxMs: BREAKER_PAUSE_MAX_MS },
      giveUpAfter: { kind: 'forever' },
      breakerFailures: 5,
    },
    observer: {
      taken: () => undefined,
      finished: () => undefined,
      retried: () => undefined,
      closedEarly: () => undefined,
    },
    random: () => 0.5,
  })
  engine.start()
  return { engine, store, time }
}

function batchOf(tag: string): Batch {
  return { tag, entries: new Uint8Array(20), count: 1 }
}

/** Lets time pass second by second, with all that follows from each. */
async function pass(time: ManualTime, seconds: number, each: (second: number) => void) {
  for (let second = 0; second < seconds; second++) {
    each(second)
    await new Promise((resolve) => setImmediate(resolve))
    time.advance(1000)
  }
}

test('tags that always fail do not keep a healthy one waiting', async () => {
  const { engine, store, time } = engineFor({
    deliverChunk: async ({ batches }) =>
      batches[0]!.tag.startsWith('bad')
        ? { kind: 'retry', reason: 'its index is blocked' }
        : { kind: 'delivered' },
  })
  for (let index = 0; index < 20; index++) void store.append(batchOf(`bad${index}`))
  const waitsMs: number[] = []
  let sent = 0
  await pass(time, HOUR_SECONDS, (second) => {
    if (second < HOUR_SECONDS / 2 || second % 10 !== 0) return
    const sentAt = time.monotonic()
    sent++
    void store.append(batchOf('healthy')).then(() => waitsMs.push(time.monotonic() - sentAt))
  })
  assert.ok(waitsMs.length >= sent - 3, `${waitsMs.length} of ${sent} were delivered`)
  assert.ok(
    Math.max(...waitsMs) <= 2 * BREAKER_PAUSE_MAX_MS,
    `one waited ${Math.max(...waitsMs)} ms`,
  )
  await engine.stop(AbortSignal.abort())
})

test('a plain output that waits for its disk is given a batch once', async () => {
  const answers: ((outcome: Outcome) => void)[] = []
  const deliver = () => new Promise<Outcome>((resolve) => answers.push(resolve))
  const { engine, store, time } = engineFor(new PlainOutput({ deliver }))
  let outcome: Outcome | null = null
  void store.append(batchOf('a')).then((answer) => (outcome = answer))
  await pass(time, HOUR_SECONDS, () => undefined)
  assert.equal(answers.length, 1)
  assert.equal(outcome, null)
  answers[0]!('delivered')
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(outcome, 'delivered')
  await engine.stop(AbortSignal.abort())
  assert.equal(time.pending, 0)
})

test('a stop waits for the store to end what it reads, but not beyond the deadline', async () => {
  for (const isEnded of [true, false]) {
    const taken = Promise.withResolvers<readonly StoredBatch[]>()
    const { engine, store } = engineFor({ deliverChunk: async () => ({ kind: 'delivered' }) })
    await new Promise((resolve) => setImmediate(resolve))
    store.take = () => taken.promise
    void store.append(batchOf('a'))
    const deadline = new AbortController()
    let isStopped = false
    const stopped = engine.stop(deadline.signal).then(() => (isStopped = true))
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(isStopped, false)
    if (isEnded) taken.resolve([])
    else deadline.abort()
    await stopped
  }
})

test('an output that says nothing is a problem long before its timeout', async () => {
  const answers: (() => void)[] = []
  const { engine, store, time } = engineFor({
    deliverChunk: () =>
      new Promise((resolve) => answers.push(() => resolve({ kind: 'delivered' }))),
  })
  void store.append(batchOf('web'))
  await pass(time, 9, () => assert.equal(engine.problem, null))
  await pass(time, 2, () => undefined)
  assert.equal(engine.problem, 'no answer for 11 s')
  answers[0]!()
  await pass(time, 20, () => undefined)
  assert.equal(engine.problem, null)
  await engine.stop(AbortSignal.abort())
})

test('an output that fails from its first try on is a problem with a closed circuit', async () => {
  const { engine, store, time } = engineFor({ deliverChunk: () => new Promise(() => undefined) })
  void store.append(batchOf('web'))
  await pass(time, 62, () => undefined)
  assert.equal(engine.state.breaker, 'closed')
  assert.match(engine.problem ?? '', /no answer within 60000 ms/)
  await engine.stop(AbortSignal.abort())
})
