/**
 * The collector as a user starts it, a process of its own, that is killed, stopped, started and
 * looked at. Its log goes to a file in the run's folder, over all its lives.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync, openSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from '../../test/support/wait.ts'
import { faultsOf, finalTotals, type Totals } from './ledger.ts'

const START_MS = 120_000
const STOP_MS = 30_000

export interface CollectorOptions {
  /** Of the file it is started from. */
  readonly program: string
  readonly folder: string
  readonly name: string
  readonly httpPort: number
  readonly config: string
  readonly env?: NodeJS.ProcessEnv
}

export interface Readiness {
  readonly ready: boolean
  readonly reasons: readonly string[]
}

export class Collector {
  readonly faults: string[] = []
  starts = 0
  /** Lives that were ended by SIGKILL: what the ledger of those knew last is gone. */
  kills = 0
  /** Events found on disk at the starts, as far as they were read when it was looked at. */
  restored = 0
  /** Of those, what its present life has read. */
  #restoredNow = 0
  /** Events that its outputs were given again, in its last life. */
  repeated = 0
  readonly #options: CollectorOptions
  #process: ChildProcess | undefined
  /** Whether its end is wanted. */
  #mayEnd = true
  /** Where in the log its present life begins. */
  #logStart = 0

  constructor(options: CollectorOptions) {
    this.#options = options
  }

  get isAlive(): boolean {
    const { exitCode, signalCode } = this.#process ?? { exitCode: 0, signalCode: null }
    return exitCode === null && signalCode === null
  }

  get id(): number {
    if (!this.#process?.pid) throw new Error(`${this.#options.name} was never started`)
    return this.#process.pid
  }

  /** Starts without waiting. */
  async spawn(): Promise<void> {
    const { program, folder, name, env } = this.#options
    if (this.starts === 0) await this.configure(this.#options.config)
    const log = openSync(this.#logPath, 'a')
    this.#logStart = fstatSync(log).size
    const child = spawn(process.execPath, [program, 'run', '-c', `${name}.yaml`], {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    endWithThisProcess(child)
    this.starts += 1
    this.#restoredNow = 0
    this.#process = child
    this.#mayEnd = false
    child.once('exit', (code, signal) => {
      if (!this.#mayEnd) this.faults.push(`${name} ended by itself: ${code ?? signal}`)
    })
  }

  /** Starts and waits until it answers; it need not be ready. */
  async start(): Promise<void> {
    await this.spawn()
    await until('the collector answers', () => this.#answers(), START_MS)
    this.#noteRestored(await this.totals())
  }

  /** It reads in the background, so there may be more than when it had just started. */
  #noteRestored(totals: Totals | undefined): void {
    if (!totals) return
    this.restored += totals.restored - this.#restoredNow
    this.#restoredNow = totals.restored
  }

  /** The ledger of this moment, checked; undefined when it does not answer any more. */
  async totals(): Promise<Totals | undefined> {
    const answer = (await this.#get('/api/ledger')) as { total: Totals } | undefined
    if (answer) this.faults.push(...faultsOf(answer.total, `${this.#options.name}, running`))
    return answer?.total
  }

  readiness(): Promise<Readiness | undefined> {
    return this.#get('/readyz') as Promise<Readiness | undefined>
  }

  /** Of all components; 0 when there is none. */
  async metricSum(name: string): Promise<number> {
    const pattern = new RegExp(`^${name}(\\{[^}]*\\})? (.*)$`, 'gm')
    const found = [...(await this.#metricsText()).matchAll(pattern)]
    return found.reduce((sum, [, , value]) => sum + Number(value), 0)
  }

  async noteRepeated(): Promise<void> {
    this.repeated = await this.metricSum('logboom_output_buffer_retries_total')
  }

  async #metricsText(): Promise<string> {
    const response = await fetch(`${this.#url}/metrics`)
    return response.text()
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.id, name)
  }

  /** It gets no chance to do anything. */
  async kill(): Promise<void> {
    if (!this.isAlive) return
    this.#noteRestored(await this.totals())
    this.#mayEnd = true
    this.kills += 1
    const ended = once(this.#process!, 'exit')
    this.signal('SIGKILL')
    await ended
  }

  /** In order, and its final account is checked; returns that. */
  async stop(): Promise<Totals | undefined> {
    const { name } = this.#options
    if (!this.isAlive) return undefined
    this.#mayEnd = true
    const ended = once(this.#process!, 'exit')
    this.signal('SIGTERM')
    const timer = setTimeout(() => this.signal('SIGKILL'), STOP_MS)
    const [code, signal] = (await ended) as [number | null, NodeJS.Signals | null]
    clearTimeout(timer)
    if (code !== 0) this.faults.push(`${name} did not stop in order: ${code ?? signal}`)
    const totals = finalTotals(await this.#log())
    this.#noteRestored(totals)
    if (totals) this.faults.push(...faultsOf(totals, `${name}, at its end`))
    else this.faults.push(`${name} left no account`)
    return totals
  }

  configure(config: string): Promise<void> {
    return writeFile(join(this.#options.folder, `${this.#options.name}.yaml`), config)
  }

  /**
   * SIGHUP, as an operator does. The log leaves repeated lines out, so the API is asked to do it
   * once more: it answers when all reloads are done, and whether this configuration is reached.
   */
  async reload(config: string): Promise<void> {
    await this.configure(config)
    this.signal('SIGHUP')
    const signal = AbortSignal.timeout(START_MS)
    const response = await fetch(`${this.#url}/api/reload`, { method: 'POST', signal })
    if (response.status !== 200) this.faults.push(`a reload failed: ${await response.text()}`)
  }

  /** Of its present life. */
  async #log(): Promise<string> {
    const bytes = await readFile(this.#logPath)
    return bytes.toString('utf8', this.#logStart)
  }

  get #logPath(): string {
    return join(this.#options.folder, `${this.#options.name}.log`)
  }

  get #url(): string {
    return `http://127.0.0.1:${this.#options.httpPort}`
  }

  async #answers(): Promise<boolean> {
    if (!this.isAlive) throw new Error(`${this.#options.name} does not start; see its log`)
    return (await this.#get('/healthz')) !== undefined
  }

  /** Undefined when nobody answers. */
  async #get(path: string): Promise<unknown> {
    try {
      const response = await fetch(this.#url + path, { signal: AbortSignal.timeout(5000) })
      return await response.json()
    } catch (_nobody) {
      return undefined
    }
  }
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

function endWithThisProcess(child: ChildProcess): void {
  running.add(child)
  child.once('exit', () => running.delete(child))
}
