/**
 * The real collector as a child process with a folder of its own, for end-to-end tests. It may be
 * stopped, killed and started again on the same folder and ports. Every stop checks that the
 * ledger is balanced: nothing that came in is unaccounted for.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Running, type Exit } from './child.ts'
import { freePort } from './free-port.ts'
import { countLines, countNewlines, readAllLines, readLines, type Line } from './output-files.ts'
import { until } from './wait.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** What a configuration has to name: the collector's ports and its folder. */
export interface Places {
  readonly forward: number
  readonly http: number
  readonly folder: string
}

export interface CollectorOptions {
  /** The configuration's text; without it the collector runs with none, on its default ports. */
  readonly config?: (places: Places) => string
  readonly env?: Readonly<Record<string, string>>
}

/** The sums over all events, as `/api/ledger` gives them and the log says them at the end. */
export type Ledger = Readonly<Record<LedgerColumn, number>>
type LedgerColumn = (typeof LEDGER_COLUMNS)[number]

const LEDGER_COLUMNS = [
  'received',
  'restored',
  'copied',
  'filtered',
  'delivered',
  'retried',
  'rejected',
  'dropped',
  'buffered',
  'in_flight',
] as const

/** Forward in, one file per tag out, HTTP; `pipeline` and more may follow. */
export function simpleConfig(places: Places): string {
  return `
data_dir: ./data
http: { listen: tcp://127.0.0.1:${places.http} }
inputs:
  docker: { type: forward, listen: tcp://127.0.0.1:${places.forward} }
outputs:
  files: { type: file, path: "./logs/\${tag}.log" }
pipeline:
  - match: "**"
    to: files
`
}

export class CollectorProcess implements AsyncDisposable {
  readonly folder: string
  readonly places: Places
  readonly #options: CollectorOptions
  #process: Running | undefined

  /** Makes the folder and the configuration file; `start` is the next step. */
  static async prepare(options: CollectorOptions = {}): Promise<CollectorProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'logboom-e2e-'))
    const places = options.config
      ? { forward: await freePort(), http: await freePort(), folder }
      : { forward: 24224, http: 24220, folder }
    if (options.config) await writeFile(join(folder, 'config.yaml'), options.config(places))
    return new CollectorProcess(places, options)
  }

  /** Prepared and started. */
  static async start(options: CollectorOptions = { config: simpleConfig }) {
    const collector = await CollectorProcess.prepare(options)
    try {
      await collector.start()
      return collector
    } catch (cause) {
      await collector[Symbol.asyncDispose]()
      throw cause
    }
  }

  private constructor(places: Places, options: CollectorOptions) {
    this.folder = places.folder
    this.places = places
    this.#options = options
  }

  /** Where `simpleConfig` writes. */
  get logs(): string {
    return join(this.folder, 'logs')
  }

  /** The running process, or the last one. */
  get process(): Running {
    if (!this.#process) throw new Error('the collector was never started')
    return this.#process
  }

  /** Starts a process, the first one or the next one, and waits until it is ready. */
  async start(): Promise<void> {
    this.spawn()
    const ready = async () => {
      if (!this.process.alive) throw new Error(`the collector ended:\n${this.process.output}`)
      return (await this.#status('/readyz')) === 200
    }
    await until('the collector is ready', ready)
  }

  /** Starts a process without waiting, for those that are meant to fail. */
  spawn(): Running {
    const config = this.#options.config ? ['-c', 'config.yaml'] : []
    this.#process = new Running(process.execPath, [MAIN, 'run', ...config], {
      cwd: this.folder,
      env: { ...process.env, ...this.#options.env },
    })
    return this.#process
  }

  /** SIGTERM, under whatever load; checks exit code and final ledger, and returns its sums. */
  async stop(): Promise<Ledger> {
    const exit = await this.process.end()
    const { output } = this.process
    assert.deepEqual(exit, { code: 0, signal: null }, output)
    const ledger = finalLedger(output)
    assertBalanced(ledger)
    assert.equal(ledger.in_flight, 0, output)
    return ledger
  }

  /** SIGKILL: the process gets no chance to do anything. */
  async kill(): Promise<Exit> {
    this.process.signal('SIGKILL')
    return this.process.exit
  }

  /** The ledger of this moment. */
  async ledger(): Promise<Ledger> {
    const { total } = (await this.getJson('/api/ledger')) as { total: unknown }
    return asLedger(total)
  }

  /** GET of the HTTP interface. */
  get(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.places.http}${path}`)
  }

  async getJson(path: string): Promise<unknown> {
    return (await this.get(path)).json()
  }

  /** All lines written so far, of all files; each must be JSON, and whole once it has ended. */
  lines(): Promise<Line[]> {
    return readAllLines(this.logs, this.process.alive)
  }

  /** The lines as soon as there are `count` of them. */
  async linesOnce(count: number, limitMs?: number): Promise<Line[]> {
    const enough = async () => (await countLines(this.logs)) >= count
    await until(`${count} lines are in the files`, enough, limitMs)
    return this.lines()
  }

  /** The lines of one tag's file as soon as there are `count` of them. */
  async linesOf(tag: string, count: number, limitMs?: number): Promise<Line[]> {
    const path = join(this.logs, `${tag}.log`)
    const enough = async () => (await countNewlines(path)) >= count
    await until(`${count} lines are in ${tag}.log`, enough, limitMs)
    return readLines(path, this.process.alive)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process?.alive) await this.kill()
    await rm(this.folder, { recursive: true, force: true })
  }

  async #status(path: string): Promise<number | undefined> {
    try {
      return (await this.get(path)).status
    } catch (_refused) {
      return undefined
    }
  }
}

/** What came in, was found on disk or was copied equals what became of it. */
export function assertBalanced(ledger: Ledger): void {
  const { received, restored, copied, filtered, delivered, retried, rejected } = ledger
  const went =
    filtered + delivered + retried + rejected + ledger.dropped + ledger.buffered + ledger.in_flight
  assert.equal(received + restored + copied, went, `unbalanced: ${JSON.stringify(ledger)}`)
}

/** The collector's last word: its log has the sums when everything is closed. */
function finalLedger(output: string): Ledger {
  const line = output.split('\n').find((text) => text.includes('"events in all"'))
  assert.ok(line, `no final ledger in:\n${output}`)
  return asLedger(JSON.parse(line))
}

function asLedger(value: unknown): Ledger {
  const row = value as Record<string, unknown>
  const entries = LEDGER_COLUMNS.map((column) => {
    assert.equal(typeof row[column], 'number', `${column} in ${JSON.stringify(row)}`)
    return [column, row[column]]
  })
  return Object.fromEntries(entries) as Ledger
}
