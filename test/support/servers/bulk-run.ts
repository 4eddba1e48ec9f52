/**
 * The real collector in front of a real server: numbered events go in with acknowledgements, and
 * what the server has in the end is compared number by number.
 */
import assert from 'node:assert/strict'
import { CollectorProcess, type Ledger, type Places } from '../collector-process.ts'
import { type Entry, EventTime, type Fields, ForwardClient, packed } from '../forward-client.ts'
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
  /** Of the data stream; `docker` unless told. */
  readonly dataset?: string
  /** Whether all is written to files too. */
  readonly hasFiles?: boolean
}

export class BulkRun implements AsyncDisposable {
  readonly collector: CollectorProcess
  readonly #server: RealServer
  readonly #index: string

  static async start(server: RealServer, options: BulkRunOptions = {}): Promise<BulkRun> {
    const config = (places: Places) => configOf(places, server, options)
    return new BulkRun(server, await CollectorProcess.start({ config }), datasetOf(options))
  }

  private constructor(server: RealServer, collector: CollectorProcess, dataset: string) {
    this.#server = server
    this.#index = `/logs-${dataset}-default`
    this.collector = collector
  }

  /** Sends the numbers from `from` below `to`; resolves once all are acknowledged. */
  async send(from: number, to: number): Promise<void> {
    await using client = await ForwardClient.connect({ port: this.collector.places.forward })
    for (let first = from; first < to; first += PER_FRAME) {
      const count = Math.min(PER_FRAME, to - first)
      const entries = Array.from({ length: count }, (_, index) => entryOf(first + index))
      await request(client, `numbers/${first}`, entries)
    }
  }

  /** Sends these, together; resolves once they are acknowledged. */
  async sendRecords(records: readonly Fields[]): Promise<void> {
    await using client = await ForwardClient.connect({ port: this.collector.places.forward })
    const entries = records.map((record, index): Entry => [timeOf(index), record])
    await request(client, 'records', entries)
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
    const numbers = await this.#storedNumbers()
    assert.equal(new Set(numbers).size, numbers.length, 'no document is there twice')
    const isInOrder = numbers.every((number, index) => number === index)
    assert.ok(isInOrder, `each number is there; found ${numbers.length} of ${count}`)
    assert.equal(numbers.length, count)
  }

  /** What the server has of each document, as JSON; no more than a page of them. */
  async documents(): Promise<string[]> {
    await this.#server.json('POST', `${this.#index}/_refresh`)
    const { hits } = await this.#search({ sort: ['@timestamp'] })
    return hits.map(({ _source }) => JSON.stringify(_source))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.collector[Symbol.asyncDispose]()
  }

  async #storedNumbers(): Promise<number[]> {
    await this.#server.json('POST', `${this.#index}/_refresh`)
    const numbers: number[] = []
    for (let after: readonly unknown[] | null = null; ;) {
      const query = { sort: [{ number: 'asc' }], _source: false }
      const { hits }: Page['hits'] = await this.#search({
        ...query,
        ...(after && { search_after: after }),
      })
      for (const { sort } of hits) numbers.push(Number(sort[0]))
      if (hits.length < PAGE) return numbers
      after = hits.at(-1)!.sort
    }
  }

  async #search(query: object): Promise<Page['hits']> {
    const body = { size: PAGE, ...query }
    return (await this.#server.json<Page>('POST', `${this.#index}/_search`, body)).hits
  }
}

function datasetOf({ dataset = 'docker' }: BulkRunOptions): string {
  return dataset
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
    data_stream: { dataset: ${datasetOf(options)} }
    buffer: { type: disk, chunk: { max_bytes: 512KiB, max_age: 100ms } }
    delivery: { concurrency: 4 }
    retry: { max_interval: 1s }
${(options.output ?? '').replaceAll(/^/gm, '    ')}
pipeline:
  - match: "**"
    to: ${options.hasFiles ? '[files, search]' : 'search'}
`
}

function request(client: ForwardClient, chunk: string, entries: readonly Entry[]): Promise<void> {
  return client.request(packed('docker.web1', entries, { chunk }), chunk)
}

function entryOf(number: number): Entry {
  const fields = { log: `line ${number}`, number, container_name: '/web1', source: 'stdout' }
  return [timeOf(number), fields]
}

/** Every number has a nanosecond of its own. */
function timeOf(number: number): EventTime {
  return new EventTime(FIRST_SECOND + Math.floor(number / 1_000), (number % 1_000) * 1_001)
}

interface Page {
  readonly hits: {
    readonly hits: readonly { readonly sort: readonly unknown[]; readonly _source: unknown }[]
  }
}
