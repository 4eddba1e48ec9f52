/** Several bodies on their way at a time, as by default, and a kill in the midst of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CollectorProcess, type Places } from '../support/collector-process.ts'
import { type BulkRequest, failed, FakeElasticsearch } from '../support/fake-elasticsearch.ts'
import { ReliableSender } from '../support/reliable-sender.ts'
import { until } from '../support/wait.ts'

const EVENTS = 3000
/** The server refuses every request that has it. */
const POISON = 1234
const ANSWER_MS = 30
const BUSY = failed(429, 'es_rejected_execution_exception', 'busy')

const configuration = (url: string) => (places: Places) => `
data_dir: ./data
http: { listen: "tcp://127.0.0.1:${places.http}" }
inputs:
  docker: { type: forward, listen: "tcp://127.0.0.1:${places.forward}" }
outputs:
  search:
    type: elasticsearch
    url: "${url}"
    setup: off
    buffer: { type: disk, chunk: { max_events: 40 } }
pipeline:
  - match: "**"
    to: search
`

const numberIn = (json: string) => Number((JSON.parse(json) as { log: string }).log)

/** Takes its time, and takes not everything at once. */
class SlowServer {
  readonly #fake: FakeElasticsearch
  inFlight = 0
  mostInFlight = 0
  #answers = 0

  constructor(fake: FakeElasticsearch) {
    this.#fake = fake
    fake.behave = (request) => this.#behave(request)
  }

  get numbers(): number[] {
    return [...this.#fake.documents.values()].map(numberIn).sort((one, other) => one - other)
  }

  #behave(request: BulkRequest): void {
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight)
    setTimeout(() => {
      this.inFlight--
      this.#answer(request)
    }, ANSWER_MS)
  }

  #answer({ documents, store, answer, reply }: BulkRequest): void {
    if (documents.some(({ json }) => numberIn(json) === POISON))
      return reply(400, '{"error":{"type":"illegal_argument_exception","reason":"malformed"}}')
    if (this.#answers++ % 5 < 4) return answer(store())
    const [first, ...others] = documents
    answer([...store([first!]), ...others.map(() => BUSY)])
  }
}

test('nothing is lost or there twice, whatever was on its way at a kill', async () => {
  await using fake = await FakeElasticsearch.start()
  const server = new SlowServer(fake)
  await using collector = await CollectorProcess.start({ config: configuration(fake.url) })
  const { forward: port } = collector.places
  await new ReliableSender({ address: { port }, tag: 'app', window: 100 }).run(EVENTS)
  await until('several are on their way', () => server.inFlight >= 3 && fake.documents.size > 200)
  await collector.kill()
  assert.ok(fake.documents.size < EVENTS, 'it was killed too late')
  await collector.start()
  await until('all is settled', async () => (await collector.ledger()).in_flight === 0)
  const { restored, delivered, rejected, buffered } = await collector.stop()
  assert.deepEqual(
    { rejected, buffered, sum: delivered + rejected },
    { rejected: 1, buffered: 0, sum: restored },
  )
  const expected = Array.from({ length: EVENTS }, (_, number) => number)
  assert.deepEqual(
    server.numbers,
    expected.filter((number) => number !== POISON),
  )
  assert.ok(server.mostInFlight <= 4)
})
