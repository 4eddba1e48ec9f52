/**
 * A sender by HTTP: one request after the other, each sent until it is answered well. NDJSON to an
 * `http` input, whose answer must say the right number of events; or GELF, whose answer says none.
 */
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { tagOf } from './frames.ts'
import type { Sender } from './load.ts'

const AGAIN_MS = 20
const ANSWER_MS = 20_000

export interface HttpSenderOptions {
  readonly port: number
  readonly name: string
  readonly requestEvents: number
  readonly paddingBytes: number
  /** `ndjson` by itself. */
  readonly format?: 'ndjson' | 'gelf'
}

interface Answer {
  readonly status: number
  readonly text: string
}

export class HttpSender implements Sender {
  readonly repeatsInOrder = true
  readonly violations: string[] = []
  sent = 0
  acknowledged = 0
  resent = 0
  readonly #options: HttpSenderOptions
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #padding: string
  #latencies: number[] = []
  #isFinishing = false
  #isAbandoned = false

  constructor(options: HttpSenderOptions) {
    this.#options = options
    this.#padding = 'x'.repeat(options.paddingBytes)
  }

  get name(): string {
    return this.#options.name
  }

  isAcknowledged(number: number): boolean {
    return number < this.acknowledged
  }

  takeLatencies(): number[] {
    const taken = this.#latencies
    this.#latencies = []
    return taken
  }

  async run(): Promise<void> {
    while (!this.#isFinishing && !this.#isAbandoned) {
      const body = this.#nextBody()
      const startedAt = performance.now()
      while (!this.#isAbandoned && !(await this.#isTaken(body))) {
        this.resent += this.#options.requestEvents
        await sleep(AGAIN_MS)
      }
      if (this.#isAbandoned) break
      this.acknowledged = this.sent
      this.#latencies.push(performance.now() - startedAt)
    }
    this.#agent.destroy()
  }

  finish(): void {
    this.#isFinishing = true
  }

  abandon(): void {
    this.#isAbandoned = true
    this.#agent.destroy()
  }

  #nextBody(): string {
    let body = ''
    const end = this.sent + this.#options.requestEvents
    for (; this.sent < end; this.sent++) body += this.#event(this.sent)
    return body
  }

  #event(number: number): string {
    const { format, name } = this.#options
    if (format !== 'gelf') return `{"s":"${name}","n":${number},"log":"${this.#padding}"}\n`
    const fields = `"_tag":"${tagOf(name)}","_s":"${name}","_n":${number}`
    return `{"version":"1.1","host":"h","short_message":"${this.#padding}",${fields}}\n`
  }

  async #isTaken(body: string): Promise<boolean> {
    const answer = await this.#post(body).catch(() => null)
    if (answer === null) return false
    if (this.#options.format === 'gelf') return answer.status === 202
    const { accepted } = JSON.parse(answer.text) as { accepted?: number }
    const { requestEvents } = this.#options
    const isPossible = answer.status === 200 ? accepted === requestEvents : accepted !== undefined
    if (!isPossible || accepted! > requestEvents)
      this.violations.push(`${this.name} was answered ${answer.status} ${answer.text}`)
    return answer.status === 200
  }

  #post(body: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const isGelf = this.#options.format === 'gelf'
      const headers = { 'content-type': isGelf ? 'application/json' : 'application/x-ndjson' }
      const path = isGelf ? '/gelf' : `/${tagOf(this.name)}`
      const target = { host: '127.0.0.1', port: this.#options.port, path, method: 'POST', headers }
      const sent = request({ ...target, agent: this.#agent, timeout: ANSWER_MS })
      sent.on('error', reject)
      sent.on('timeout', () => sent.destroy(new Error('no answer')))
      sent.on('response', (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => (text += part))
        response.on('error', reject)
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      })
      sent.end(body)
    })
  }
}
