/**
 * The real collector in front of a real server: numbered events go in with acknowledgements, and
 * what the server has in the end is compared number by number.
 */
import assert from 'node:assert/strict'
import { CollectorProcess, type Ledger, type Places } from '../collector-process.ts'
import { EventTime, ForwardClient, packed } from '../forward-client.ts'
import { until } from '../wait.ts'
import type { RealServer } from './real-server.ts'

const PAGE = 10_000
const PER_FRAME = 1_000
const FIRST_SECOND = Math.floor(Date.UTC(2026, 10, 26, 10) / 1000)

export interface BulkRunOptions {
  /** More options of the output, lines of YAML. */
  readonly output?: string
  /** Where the collector delivers to, if not straight to the server. */
  readonly url?: string
  /** Whether all is written to files too. */
  readonly hasFiles?: boolean
}

export class BulkRun implements AsyncDisposable {
  readonly collector: CollectorProcess
  readonly #server: RealServer

  static async start(server: RealServer, options: BulkRunOptions = {}): Promise<BulkRun> {
    const config = (places: Places) => configOf(places, server, options)
    return new BulkRun(server, await CollectorProcess.start({ config }))
  }

  private constructor(server: RealServer, collector: CollectorProcess) {
    this.#server = server
    this.collector = collector
  }

  /** Sends the numbers from `from` below `to`; resolves once all are acknowledged. */
  async send(from: number, to: number): Promise<void> {
    await using client = await ForwardClient.connect({ port: this.collector.places.forward })
    for (let first = from; first < to; first += PER_FRAME) {
      const chunk = `numbers/${first}`
      const count = Math.min(PER_FRAME, to - first)
      const entries = Array.from({ length: count }, (_, index) => entryOf(first + index))
      await client.request(packed('docker.web1', entries, { chunk }), chunk)
    }
  }

  /** `settled`, then stops; the final ledger. */
  async drain(): Promise<Ledger> {
    await this.settled()
    return this.collector.stop()
  }

  /** Waits until all that came in is stored or refused for good. */
  async settled(limitMs = 200_000): Promise<void> {
    const isSettled = async () => {
      const { received, restored, copied, delivered, rejected } = await this.collector.ledger()
      return received + restored > 0 && delivered + rejected >= received + restored + copied
    }
    try {
      await until('all is delivered', isSettled, limitMs)
    } catch (cause) {
      const ledger = JSON.stringify(await this.collector.ledger())
      throw new Error(`${ledger}\n${this.collector.process.output.slice(-3_000)}`, { cause })
    }
  }

  /** The server has each number below `count` once, and nothing else. */
  async checkStored(count: number): Promise<void> {
    const numbers = await storedNumbers(this.#server)
    assert.equal(new Set(numbers).size, numbers.length, 'no document is there twice')
    const isInOrder = numbers.every((number, index) => number === index)
    assert.ok(isInOrder, `each number is there; found ${numbers.length} of ${count}`)
    assert.equal(numbers.length, count)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.collector[Symbol.asyncDispose]()
  }
}

function configOf(places: Places, server: RealServer, options: BulkRunOptions): string {
  return `
data_dir: ./data
http: { listen: tcp://127.0.0.1:${places.http} }
inputs:
  docker: { type: forward, listen: tcp://127.0.0.1:${places.forward} }
outputs:
  files: { type: file, path: "./logs/\${tag}.log" }
  search:
    type: ${server.installation.product}
    url: ${options.url ?? server.url}
    data_stream: { dataset: docker }
    buffer: { type: disk, chunk: { max_bytes: 512KiB, max_age: 100ms } }
    delivery: { concurrency: 4 }
    retry: { max_interval: 1s }
${(options.output ?? '').replaceAll(/^/gm, '    ')}
pipeline:
  - match: "**"
    to: ${options.hasFiles ? '[files, search]' : 'search'}
`
}

/** Every number has a nanosecond of its own. */
function entryOf(number: number): readonly [EventTime, Record<string, unknown>] {
  const time = new EventTime(FIRST_SECOND + Math.floor(number / 1_000), (number % 1_000) * 1_001)
  return [time, { log: `line ${number}`, number, container_name: '/web1', source: 'stdout' }]
}

async function storedNumbers(server: RealServer): Promise<number[]> {
  await server.json('POST', '/logs-docker-default/_refresh')
  const numbers: number[] = []
  for (let after: readonly unknown[] | null = null; ;) {
    const page: Page = await server.json('POST', '/logs-docker-default/_search', {
      ...{ size: PAGE, sort: [{ number: 'asc' }], _source: false },
      ...(after && { search_after: after }),
    })
    const { hits } = page.hits
    for (const { sort } of hits) numbers.push(Number(sort[0]))
    if (hits.length < PAGE) return numbers
    after = hits.at(-1)!.sort
  }
}

interface Page {
  readonly hits: { readonly hits: readonly { readonly sort: readonly unknown[] }[] }
}
