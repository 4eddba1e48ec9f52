/**
 * One real node of Elasticsearch or OpenSearch on a free port of the loopback interface, with a
 * folder of its own. It may be paused, killed and started again on the same port and data.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Running } from '../child.ts'
import { freePort } from '../free-port.ts'
import { until } from '../wait.ts'
import type { Installation, NodeFolders } from './installation.ts'

const START_LIMIT_MS = 200_000
const REQUEST_LIMIT_MS = 30_000

/** Node settings, as in `elasticsearch.yml`: `{ 'http.max_content_length': '1kb' }`. */
export type NodeSettings = Readonly<Record<string, string>>

const BASE_SETTINGS: NodeSettings = {
  'network.host': '127.0.0.1',
  'transport.port': '0',
  'discovery.type': 'single-node',
  'node.name': 'logboom-test',
  'cluster.routing.allocation.disk.threshold_enabled': 'false',
}

const LOGGING = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
`

export interface Answer {
  readonly status: number
  /** The body read as JSON, or as text where it is none. */
  readonly body: unknown
}

export class RealServer implements AsyncDisposable {
  readonly installation: Installation
  readonly port: number
  readonly #folder: string
  #settings: NodeSettings
  #process: Running | undefined

  /** A node with fresh data, ready for requests. */
  static async start(installation: Installation, settings: NodeSettings = {}): Promise<RealServer> {
    const folder = await mkdtemp(join(tmpdir(), `logboom-${installation.product}-`))
    const server = new RealServer(installation, folder, await freePort(), settings)
    try {
      await server.start()
      return server
    } catch (cause) {
      await server[Symbol.asyncDispose]()
      throw cause
    }
  }

  private constructor(
    installation: Installation,
    folder: string,
    port: number,
    settings: NodeSettings,
  ) {
    this.installation = installation
    this.#folder = folder
    this.port = port
    this.#settings = settings
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get processId(): number {
    return this.#running.child.pid!
  }

  /** Starts the node, for the first time or again on its data, perhaps with other settings. */
  async start(settings: NodeSettings = this.#settings): Promise<void> {
    this.#settings = settings
    await this.spawn()
    await until(`${this.installation.product} answers`, () => this.#answers(), START_LIMIT_MS)
  }

  /** Starts a node that knows nothing of before, at the same place. */
  async startEmpty(): Promise<void> {
    await rm(join(this.#folder, 'data'), { recursive: true, force: true })
    await this.start()
  }

  /** Starts the node without waiting for it. */
  async spawn(): Promise<void> {
    const folders = await this.#makeFolders()
    const all = {
      ...BASE_SETTINGS,
      'http.port': String(this.port),
      'path.data': folders.data,
      'path.logs': folders.logs,
      ...this.#settings,
    }
    const settings = Object.entries(all).map(([key, value]) => `${key}=${value}`)
    const { installation } = this
    const [file, ...args] = [
      ...installation.command(folders),
      ...installation.settingArguments(settings),
    ]
    const env = { ...process.env, JAVA_TOOL_OPTIONS: '' }
    this.#process = new Running(file!, args, { cwd: this.#folder, env })
  }

  /** SIGTERM, and waits for the end. */
  async stop(): Promise<void> {
    await this.#running.end()
  }

  /** SIGKILL: the node gets no chance to do anything. */
  async kill(): Promise<void> {
    this.#running.signal('SIGKILL')
    await this.#running.exit
  }

  /** SIGSTOP: it keeps its connections, and says nothing. */
  pause(): void {
    this.#running.signal('SIGSTOP')
  }

  resume(): void {
    this.#running.signal('SIGCONT')
  }

  /** Any answer is returned; only a failure to get one throws. A string is sent as it is. */
  async request(method: string, path: string, body?: unknown): Promise<Answer> {
    const type = typeof body === 'string' ? 'application/x-ndjson' : 'application/json'
    const response = await fetch(`${this.url}${path}`, {
      method,
      signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
      ...(body === undefined
        ? {}
        : {
            headers: { 'content-type': type },
            body: typeof body === 'string' ? body : JSON.stringify(body),
          }),
    })
    const text = await response.text()
    return { status: response.status, body: isJson(response) ? JSON.parse(text) : text }
  }

  /** The body of an answer of 2xx; any other throws. */
  async json<Body = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Body> {
    const answer = await this.request(method, path, body)
    if (answer.status < 300) return answer.body as Body
    const found = `${answer.status} ${JSON.stringify(answer.body)}`
    throw new Error(`cannot ${method} ${path}: the server answers ${found}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process?.alive) {
      this.resume()
      await this.kill()
    }
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }

  get #running(): Running {
    if (!this.#process) throw new Error('the server was never started')
    return this.#process
  }

  async #makeFolders(): Promise<NodeFolders> {
    const at = (name: string) => join(this.#folder, name)
    const names = ['config', 'data', 'logs', 'temporary'] as const
    for (const name of names) await mkdir(at(name), { recursive: true })
    for (const name of ['elasticsearch.yml', 'opensearch.yml']) {
      await writeFile(join(at('config'), name), '')
    }
    await writeFile(join(at('config'), 'log4j2.properties'), LOGGING)
    return {
      config: at('config'),
      data: at('data'),
      logs: at('logs'),
      temporary: at('temporary'),
    }
  }

  async #answers(): Promise<boolean> {
    const { alive, output } = this.#running
    if (!alive) throw new Error(`the server ended while starting:\n${output.slice(-4000)}`)
    try {
      const path = '/_cluster/health?wait_for_status=yellow&timeout=2s'
      return (await this.request('GET', path)).status === 200
    } catch (_notYet) {
      return false
    }
  }
}

function isJson(response: Response): boolean {
  return (response.headers.get('content-type') ?? '').includes('json')
}
