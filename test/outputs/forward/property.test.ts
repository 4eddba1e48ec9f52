/**
 * Whatever the server does, each event arrives at least once, those of a tag in order, and none is
 * reported as delivered that the server has not acknowledged. The engine stands before the output.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { MemoryStore } from '../../../src/pipeline/buffers/memory-store.ts'
import { systemClock, systemTimers } from '../../../src/pipeline/clock.ts'
import { forward } from '../../../src/outputs/forward/index.ts'
import { DeliveryEngine } from '../../../src/pipeline/delivery/engine.ts'
import { KeptLog } from '../../drivers/context.ts'
import { runChunkedOutput, type ChunkedOutputRun } from '../../drivers/run-chunked-output.ts'
import { DEFAULTS } from '../../pipeline/delivery/rig.ts'
import { entriesWithIds, idsOf } from '../../pipeline/delivery/simulation/events.ts'
import { SeededRandom } from '../../pipeline/delivery/simulation/random.ts'
import { packRecord } from '../../support/entries.ts'
import { until } from '../../support/wait.ts'
import { FakeServer, type Behaviour, type Request } from './fake-server.ts'

const RUNS = Number(process.env['LOGBOOM_FORWARD_RUNS'] ?? 8)
const FIRST_SEED = Number(process.env['LOGBOOM_SEED'] ?? 1)
const BATCHES = 60
const TAGS = ['a', 'b', 'c']

/** What a server may do with a message, besides to acknowledge it. */
const MISDEEDS: readonly Behaviour[] = [
  () => undefined,
  ({ socket }) => socket.destroy(),
  ({ socket }) => socket.end(),
  ({ socket }) => socket.resetAndDestroy(),
  ({ ack }) => ack('another'),
  ({ socket }) => void socket.write(Buffer.from([0xc1])),
  ({ socket }) => void socket.write(packRecord({ ack: 7 })),
  ({ socket }) => void socket.end(Buffer.from([0x81, 0xa3, 0x61])),
  // Takes it, but the acknowledgement does not arrive.
  ({ socket }) => socket.pause(),
  ({ ack }) => {
    ack()
    ack()
  },
  ({ socket, ack }) => {
    ack()
    socket.end()
  },
]

class Rehearsal {
  readonly random: SeededRandom
  readonly store = new MemoryStore(systemClock)
  readonly servers: FakeServer[]
  readonly sent = new Map<string, number[]>()
  /** Events that a server has acknowledged. */
  readonly acknowledged = new Set<number>()
  readonly #engine: DeliveryEngine
  #isKind = false
  /** The first message always meets a misdeed. */
  #hasSinned = false
  #nextId = 1

  constructor(random: SeededRandom, servers: FakeServer[], run: ChunkedOutputRun) {
    this.random = random
    this.servers = servers
    for (const server of servers) server.behave = (request) => this.#behave(request)
    this.#engine = new DeliveryEngine({
      ...{ store: this.store, output: run.output, logger: new KeptLog() },
      ...{ clock: systemClock, timers: systemTimers, random: random.next },
      settings: {
        ...DEFAULTS,
        // Some chunks of one message, some of several.
        chunk: { bytes: 20_000, events: random.pick([40, 400]), ageMs: 0 },
        concurrency: random.whole(1, 3),
        timeoutMs: 60,
        backoff: { firstMs: 1, maxMs: 5 },
      },
      deadLetters: { add: () => assert.fail('no event is to be rejected') },
      observer: {
        taken: () => undefined,
        finished: () => undefined,
        retried: () => undefined,
        closedEarly: () => undefined,
      },
    })
    this.#engine.start()
  }

  /** Settles when all are delivered. */
  async deliverAll(): Promise<void> {
    const answers = Array.from({ length: BATCHES }, () => this.#append())
    // In the end it takes everything, as no run would end otherwise.
    setImmediate(() => void until('half is there', () => this.#half).then(() => this.#calm()))
    await Promise.all(answers)
    await this.#engine.stop(AbortSignal.timeout(5000))
  }

  get #half(): boolean {
    return this.acknowledged.size >= (this.#nextId - 1) / 2
  }

  #calm(): void {
    this.#isKind = true
  }

  async #append(): Promise<void> {
    const tag = this.random.pick(TAGS)
    const paddings = Array.from({ length: this.random.whole(1, 60) }, () =>
      this.random.whole(0, 200),
    )
    const entries = entriesWithIds(this.#nextId, paddings)
    const ids = idsOf(entries)
    this.#nextId += ids.length
    this.sent.set(tag, [...(this.sent.get(tag) ?? []), ...ids])
    assert.equal(await this.store.append({ tag, entries, count: ids.length }), 'delivered')
    const missing = ids.filter((id) => !this.acknowledged.has(id))
    assert.deepEqual(missing, [], 'delivered, but not acknowledged')
    // As a store does that gives memory back: nothing may read it any more.
    entries.fill(0xc1)
  }

  #behave(request: Request): void {
    const chance = this.#isKind ? 0 : this.#hasSinned ? 0.3 : 1
    if (!this.random.chance(chance)) return this.#take(request)
    this.#hasSinned = true
    const misdeed = this.random.pick(MISDEEDS)
    misdeed({
      ...request,
      ack: (chunk) => (chunk === undefined ? this.#take(request) : request.ack(chunk)),
    })
  }

  #take(request: Request): void {
    for (const id of idsIn(request)) this.acknowledged.add(id)
    request.ack()
  }
}

function idsIn({ entries, option }: Request): number[] {
  return idsOf(option['compressed'] === 'gzip' ? gunzipSync(entries) : entries)
}

/** Each tag's events as they came; what came again goes on from an event that was there before. */
function checkOrder(sent: readonly number[], arrived: readonly number[]): void {
  let seen = 0
  for (const id of arrived) {
    const place = sent.indexOf(id)
    assert.ok(place >= 0, `event ${id} has another tag or was never sent`)
    assert.ok(place <= seen, `event ${id} came before one that was sent earlier`)
    if (place === seen) seen++
  }
  assert.equal(seen, sent.length, 'some never came')
}

for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
  test(`seed ${seed}`, async () => {
    const random = new SeededRandom(seed)
    const servers = [await FakeServer.start(), await FakeServer.start()]
    const used = servers.slice(0, random.whole(1, 2))
    const options = [
      `servers: ${JSON.stringify(used.map(({ address }) => address))}`,
      `compress: ${random.pick(['none', 'gzip'])}`,
      `balance: ${random.chance(0.5)}`,
      'failed_wait: 2ms',
    ]
    await using run = await runChunkedOutput(forward, options.join('\n'))
    try {
      const rehearsal = new Rehearsal(random, used, run)
      await rehearsal.deliverAll()
      // With several servers nobody sees the order.
      const requests = used.flatMap((server) => server.requests)
      for (const [tag, ids] of rehearsal.sent) {
        const arrived = requests.filter((request) => request.tag === tag).flatMap(idsIn)
        if (used.length === 1) checkOrder(ids, arrived)
        else assert.deepEqual(new Set(arrived), new Set(ids))
      }
      await run.stopAndCheckCompliance()
    } finally {
      for (const server of servers) await server.close()
    }
  })
}
