/** The engine on the real store on disk, stopped in the middle of its work and started again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DiskStore } from '../../../src/pipeline/buffers/disk/disk-store.ts'
import { systemClock, systemTimers } from '../../../src/pipeline/clock.ts'
import type { Chunk, ChunkAnswer } from '../../../src/pipeline/delivery/chunk.ts'
import { DeliveryEngine } from '../../../src/pipeline/delivery/engine.ts'
import { KeptLog } from '../../drivers/context.ts'
import { until } from '../../support/wait.ts'
import { open, temporaryFolder } from '../buffers/disk/disk-fixture.ts'
import { DEFAULTS } from './rig.ts'
import { entriesWithIds, idsOf } from './simulation/events.ts'
import { SeededRandom } from './simulation/random.ts'

const SEED = Number(process.env['LOGBOOM_SEED'] ?? Date.now() % 1_000_000)
const BATCHES = 300
const EVENTS_PER_BATCH = 5
const TAGS = ['a', 'b', 'c']
const RUNS = 4
const EVENTS = BATCHES * EVENTS_PER_BATCH
const POISON = 777

/** Answers of every kind; never takes the poison. */
class FlakyPeer {
  readonly #random = new SeededRandom(SEED)
  /** By id, in the order of their first arrival. */
  readonly taken = new Map<number, number>()

  deliverChunk = async ({ batches }: Chunk): Promise<ChunkAnswer> => {
    const ids = batches.flatMap(({ entries }) => idsOf(entries))
    await new Promise((resolve) => setImmediate(resolve))
    if (this.#random.chance(0.2)) return { kind: 'retry', reason: 'busy' }
    if (ids.includes(POISON)) return { kind: 'rejected', reason: 'cannot be parsed' }
    for (const id of ids) this.taken.set(id, (this.taken.get(id) ?? 0) + 1)
    // Taken, and the answer is lost.
    return this.#random.chance(0.1) ? { kind: 'retry', reason: 'reset' } : { kind: 'delivered' }
  }
}

async function appendAll(store: DiskStore): Promise<void> {
  const paddings = new Array<number>(EVENTS_PER_BATCH).fill(100)
  const answers = Array.from({ length: BATCHES }, (_, index) => {
    const entries = entriesWithIds(index * EVENTS_PER_BATCH, paddings)
    return store.append({ tag: TAGS[index % TAGS.length]!, entries, count: EVENTS_PER_BATCH })
  })
  assert.ok((await Promise.all(answers)).every((answer) => answer === 'delivered'))
}

test(`nothing is lost over stops (seed ${SEED})`, async (t) => {
  const folder = await temporaryFolder(t)
  const peer = new FlakyPeer()
  const letters: number[] = []
  let settled = 0
  for (let run = 0; run < RUNS; run++) {
    const { store } = await open(folder, { segmentBytes: 20_000 })
    const engine = new DeliveryEngine({
      ...{ store, output: peer, clock: systemClock, timers: systemTimers, logger: new KeptLog() },
      deadLetters: {
        add: async (added) => void letters.push(...added.flatMap((one) => idsOf(one.entries))),
      },
      settings: {
        ...DEFAULTS,
        chunk: { bytes: 5000, events: 30, ageMs: 0 },
        lookAhead: { bytes: 15_000, events: 100 },
        backoff: { firstMs: 1, maxMs: 2 },
        concurrency: 2,
      },
      observer: {
        taken: () => undefined,
        finished: (_batch, { delivered, rejected }) => (settled += delivered + rejected),
        retried: () => undefined,
        closedEarly: () => undefined,
      },
      random: Math.random,
    })
    engine.start()
    if (run === 0) await appendAll(store)
    const share = ((run + 1) / RUNS) * EVENTS
    await until('a share of the events is settled', () => settled >= share)
    await engine.stop(run % 2 === 0 ? AbortSignal.abort() : AbortSignal.timeout(5000))
    assert.equal(store.events, EVENTS - settled)
    await store.stop(AbortSignal.timeout(5000))
  }
  // Twice if a stop came between the keeping and the finishing.
  assert.deepEqual([...new Set(letters)], [POISON])
  assert.equal(settled, EVENTS)
  assert.equal(peer.taken.size, EVENTS - 1)
  for (let tag = 0; tag < TAGS.length; tag++) {
    const ids = [...peer.taken.keys()].filter((id) => tagOf(id) === tag)
    assert.deepEqual(
      ids,
      ids.toSorted((a, b) => a - b),
      'the order of first arrivals',
    )
  }
})

function tagOf(id: number): number {
  return Math.floor(id / EVENTS_PER_BATCH) % TAGS.length
}
