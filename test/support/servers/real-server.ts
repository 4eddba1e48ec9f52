/**
 * One real node of Elasticsearch or OpenSearch on a free port of the loopback interface, with data
 * of its own. It may be paused, killed and started again on the same port and data.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'
import { until } from '../wait.ts'
import type { Installation, NodeSettings } from './installation.ts'
import { ServerJvm } from './server-jvm.ts'

const START_LIMIT_MS = 200_000
const REQUEST_LIMIT_MS = 30_000

const BASE_SETTINGS: NodeSettings = {
  'network.host': '127.0.0.1',
  'transport.port': '0',
  'discovery.type': 'single-node',
  'node.name': 'logboom-test',
  'cluster.routing.allocation.disk.threshold_enabled': 'false',
}

export interface Answer {
  readonly status: number
  /** The body read as JSON, or as text where it is none. */
  readonly body: unknown
}

export class RealServer implements AsyncDisposable {
  readonly installation: Installation
  readonly port: number
  readonly #data: string
  readonly #settings: NodeSettings
  #jvm: ServerJvm | undefined

  /** A node with fresh data, ready for requests. */
  static async start(installation: Installation, settings: NodeSettings = {}): Promise<RealServer> {
    const data = await mkdtemp(join(tmpdir(), `logboom-${installation.product}-`))
    const server = new RealServer(installation, data, await freePort(), settings)
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
    data: string,
    port: number,
    settings: NodeSettings,
  ) {
    this.installation = installation
    this.#data = data
    this.port = port
    this.#settings = settings
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Starts the node, for the first time or again on its data. */
  async start(): Promise<void> {
    this.#jvm = await ServerJvm.take(this.installation)
    this.#jvm.startNode({
      ...BASE_SETTINGS,
      'http.port': String(this.port),
      'path.data': this.#data,
      ...this.#settings,
    })
    await until(`${this.installation.product} answers`, () => this.#answers(), START_LIMIT_MS)
  }

  /** Starts a node that knows nothing of before, at the same place. */
  async startEmpty(): Promise<void> {
    await rm(this.#data, { recursive: true })
    await mkdir(this.#data)
    await this.start()
  }

  /** SIGKILL: the node gets no chance to do anything. */
  async kill(): Promise<void> {
    await this.#running.end()
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
    try {
      if (this.#jvm?.alive) {
        this.resume()
        await this.#jvm.giveBack()
      } else await this.#jvm?.end()
    } finally {
      await rm(this.#data, { recursive: true, force: true, maxRetries: 5 })
    }
  }

  get #running(): ServerJvm {
    if (!this.#jvm) throw new Error('the server was never started')
    return this.#jvm
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
