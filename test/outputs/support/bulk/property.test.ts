/**
 * Whatever the server does with requests and documents, each ends in exactly one final state: it is
 * there once, or it is one dead letter. The engine stands before the output.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { elasticsearch } from '../../../../src/outputs/elasticsearch/index.ts'
import { MemoryStore } from '../../../../src/pipeline/buffers/memory-store.ts'
import { systemClock, systemTimers } from '../../../../src/pipeline/clock.ts'
import { DeliveryEngine } from '../../../../src/pipeline/delivery/engine.ts'
import { KeptLog } from '../../../drivers/context.ts'
import { type ChunkedOutputRun, runChunkedOutput } from '../../../drivers/run-chunked-output.ts'
import { DEFAULTS } from '../../../pipeline/delivery/rig.ts'
import { SeededRandom } from '../../../pipeline/delivery/simulation/random.ts'
import { batchOf, decodeRecords } from '../../../support/entries.ts'
import {
  answerText,
  type BulkRequest,
  CREATED,
  failed,
  FakeElasticsearch,
  type FakeItem,
} from '../../../support/fake-elasticsearch.ts'

const RUNS = Number(process.env['LOGBOOM_BULK_RUNS'] ?? 8)
const FIRST_SEED = Number(process.env['LOGBOOM_SEED'] ?? 1)
const BATCHES = 30

/** What may happen to a request beside that it is answered. */
const MISDEEDS: readonly ((request: BulkRequest) => void)[] = [
  ({ response }) => void response.socket!.destroy(),
  // Stored, but nobody hears of it.
  ({ store, response }) => {
    store()
    response.socket!.destroy()
  },
  ({ store }) => void store(),
  ({ store, documents, response }) => {
    response.write(answerText(documents, store()).slice(0, 30))
    setTimeout(() => response.socket?.destroy(), 5)
  },
  ({ store, reply }) => {
    store()
    reply(200, '<html><title>Login</title>')
  },
  ({ store, reply, documents }) => reply(200, answerText(documents.toReversed(), store())),
  ({ store, answer }) => answer([...store(), CREATED]),
  ({ reply }) => reply(503, ''),
  ({ reply }) => reply(429, '', { 'retry-after': '0' }),
  ({ reply }) => reply(401, ''),
  ({ reply }) => reply(404, ''),
]
const REFUSALS: readonly FakeItem[] = [
  failed(429, 'es_rejected_execution_exception', 'busy'),
  failed(503, 'unavailable_shards_exception', 'no primary'),
  failed(403, 'cluster_block_exception', 'read only'),
  failed(404, 'index_not_found_exception', 'no such index'),
]

class Rehearsal {
  readonly #random: SeededRandom
  readonly #store = new MemoryStore(systemClock)
  readonly #engine: DeliveryEngine
  readonly dead: number[] = []
  sent = 0
  #isKind = false

  constructor(random: SeededRandom, fake: FakeElasticsearch, run: ChunkedOutputRun) {
    this.#random = random
    fake.behave = (request) => this.#behave(request)
    this.#engine = new DeliveryEngine({
      ...{ store: this.#store, output: run.output, logger: new KeptLog() },
      ...{ clock: systemClock, timers: systemTimers, random: random.next },
      settings: {
        ...DEFAULTS,
        chunk: { bytes: 50_000, events: random.pick([7, 300]), ageMs: 0 },
        ...{ concurrency: random.whole(1, 4), isOrdered: random.chance(0.5) },
        backoff: { firstMs: 1, maxMs: 5 },
      },
      deadLetters: {
        add: (letters) => {
          for (const { entries } of letters) this.dead.push(...decodeRecords(entries).map(idOf))
          return Promise.resolve()
        },
      },
      observer: {
        taken: () => undefined,
        finished: () => undefined,
        retried: () => undefined,
        closedEarly: () => undefined,
      },
    })
    this.#engine.start()
  }

  async deliverAll(): Promise<void> {
    const answers = Array.from({ length: BATCHES }, () => this.#append())
    // In the end it takes everything, as no run would end otherwise.
    setTimeout(() => (this.#isKind = true), 300)
    await Promise.all(answers)
    await this.#engine.stop(AbortSignal.timeout(5000))
  }

  #append(): Promise<unknown> {
    const count = this.#random.whole(1, 40)
    const records = Array.from({ length: count }, () => ({ id: this.sent++ }))
    return this.#store.append(batchOf(this.#random.pick(['a', 'b']), ...records))
  }

  #behave(request: BulkRequest): void {
    const { documents, store, answer, reply } = request
    // Some documents can never be there, some only in another form.
    const poison = documents.some(({ json }) => isPoison(idIn(json)))
    if (poison) return reply(documents.length > 1 && this.#random.chance(0.5) ? 413 : 400, REFUSED)
    const take = (some = documents) =>
      some.map((document) => refusalOf(document.json) ?? store([document])[0]!)
    if (!this.#isKind && this.#random.chance(0.3))
      return this.#random.pick(MISDEEDS)({ ...request, store: take })
    answer(documents.map((document) => this.#mishap() ?? take([document])[0]!))
  }

  #mishap(): FakeItem | undefined {
    const isKind = this.#isKind || !this.#random.chance(0.1)
    return isKind ? undefined : this.#random.pick(REFUSALS)
  }
}

/** For good. */
function refusalOf(json: string): FakeItem | undefined {
  const id = idIn(json)
  if (id % 11 === 3 && json.includes('"id":'))
    return failed(400, 'document_parsing_exception', 'failed to parse field [id] of type [ip]')
  return isRefused(id) ? failed(400, 'document_parsing_exception', 'never') : undefined
}

/** In any form, by itself; others that no request may hold are `isPoison`. */
function isRefused(id: number): boolean {
  return id % 23 === 5
}

function isPoison(id: number): boolean {
  return id % 97 === 13
}

const REFUSED = '{"error":{"type":"illegal_argument_exception","reason":"malformed"}}'

function idOf(record: Readonly<Record<string, unknown>>): number {
  return Number(record['id'])
}

/** Of a document in whatever form. */
function idIn(json: string): number {
  return Number(/id\\?":\\?"?(\d+)/.exec(json)?.[1])
}

for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
  test(`seed ${seed}`, async () => {
    const random = new SeededRandom(seed)
    await using fake = await FakeElasticsearch.start()
    const compress = random.pick(['none', 'gzip'])
    const yaml = `url: ${fake.url}\ncompress: ${compress}\nrequest_timeout: 100ms`
    const run = await runChunkedOutput(elasticsearch, yaml)
    const rehearsal = new Rehearsal(random, fake, run)
    await rehearsal.deliverAll()
    const there = [...fake.documents.values()].map(idIn)
    const sorted = [...there, ...rehearsal.dead].sort((one, other) => one - other)
    assert.deepEqual(
      sorted,
      Array.from({ length: rehearsal.sent }, (_, id) => id),
    )
    // However often what is good was refused meanwhile.
    const hopeless = sorted.filter((id) => isRefused(id) || isPoison(id))
    assert.deepEqual(
      rehearsal.dead.toSorted((one, other) => one - other),
      hopeless,
    )
    const count = (outcome: string) => run.metric('documents_total', { outcome })!
    assert.equal(count('rejected'), rehearsal.dead.length)
    // What was stored without our hearing of it is a duplicate when it comes again.
    assert.equal(count('stored') + count('duplicate') + count('repaired'), there.length)
    await run.stopAndCheckCompliance()
  })
}
