/** Asks the collector that runs, at the address of its configuration. */
import { request, type RequestOptions } from 'node:http'
import { causeOf } from '../../config/cause.ts'
import { parseListen } from '../../config/listen-address.ts'
import type { HttpConfig } from '../../config/model.ts'
import { CommandError } from '../command.ts'

export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

const TIMEOUT_MS = 60_000
/** Where one listens on everything, there it is. */
const EVERYWHERE: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

export class Api {
  readonly #http: HttpConfig

  constructor(http: HttpConfig) {
    this.#http = http
  }

  /** The body of a good answer. Throws `CommandError` for any other, and if nobody answers. */
  async ask(method: 'GET' | 'POST', path: string): Promise<Answer['body']> {
    const { status, body } = await this.#answer(method, `/api/dead-letters${path}`)
    if (status < 300) return body
    const { message } = body
    throw new CommandError(
      typeof message === 'string' ? message : `the collector answered with status ${status}`,
    )
  }

  async #answer(method: string, path: string): Promise<Answer> {
    const { enabled, listen } = this.#http
    const expected = `expected a collector that runs with this configuration, at http.listen`
    if (!enabled)
      throw new CommandError(`cannot ask the collector: http.enabled is false; ${expected}`)
    try {
      return await exchange({ ...target(listen), method, path, timeout: TIMEOUT_MS })
    } catch (error) {
      const cause = `${listen}: ${causeOf(error)}`
      throw new CommandError(`cannot ask the collector at ${cause}; ${expected}`, { cause: error })
    }
  }
}

function target(listen: string): RequestOptions {
  const address = parseListen(listen)
  if (address?.scheme === 'unix') return { socketPath: address.path }
  if (address?.scheme === 'tcp')
    return { host: EVERYWHERE[address.host] ?? address.host, port: address.port }
  throw new Error('not an address of that kind')
}

function exchange(options: RequestOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('error', reject)
      response.on('end', () => {
        try {
          const body = JSON.parse(Buffer.concat(pieces).toString()) as Answer['body']
          resolve({ status: response.statusCode ?? 0, body })
        } catch (error) {
          reject(new Error('that is no answer of a collector', { cause: error }))
        }
      })
    })
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')))
    sent.on('error', reject)
    sent.end()
  })
}
