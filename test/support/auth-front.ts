/**
 * Stands before a server that knows neither TLS nor credentials, and asks for both: what it admits
 * goes on to the server, and the server's answer back.
 */
import {
  createServer as createPlain,
  request as requestPlain,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { createServer as createSecure, type ServerOptions } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { type Certificate, keyPem } from './certificates.ts'

export interface Asking {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

export interface FrontOptions {
  /** Absent: it speaks plain HTTP. */
  readonly certificate?: Certificate
  /** Whose certificates clients must have; absent: they need none. */
  readonly clientAuthority?: Certificate
  /** Whether a request may go on; absent: each may. */
  readonly admits?: (asking: Asking) => boolean | Promise<boolean>
}

const REFUSAL = {
  error: { type: 'security_exception', reason: 'unable to authenticate the user' },
  status: 401,
}

export class AuthFront implements AsyncDisposable {
  admits: NonNullable<FrontOptions['admits']>
  /** Requests that were not admitted. */
  refused = 0
  admitted = 0
  readonly #upstream: string
  readonly #server: Server & { closeAllConnections(): void }
  readonly #scheme: string

  static async start(upstream: string, options: FrontOptions = {}): Promise<AuthFront> {
    const front = new AuthFront(upstream, options)
    await new Promise<void>((resolve) => front.#server.listen(0, '127.0.0.1', resolve))
    return front
  }

  private constructor(upstream: string, options: FrontOptions) {
    this.#upstream = upstream
    this.admits = options.admits ?? (() => true)
    const serve = (asked: IncomingMessage, response: ServerResponse) =>
      void this.#serve(asked, response)
    const { certificate } = options
    this.#scheme = certificate ? 'https' : 'http'
    this.#server = certificate
      ? createSecure(tlsOf(certificate, options.clientAuthority), serve)
      : createPlain(serve)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await message.toArray().catch(() => [] as Buffer[]))
    const { method = '', url: path = '', headers } = message
    if (!(await this.admits({ method, path, headers, body }))) {
      this.refused++
      response.writeHead(401, { 'content-type': 'application/json' })
      return void response.end(JSON.stringify(REFUSAL))
    }
    this.admitted++
    const onward = requestPlain(`${this.#upstream}${path}`, { method, headers })
    onward.on('error', () => response.destroy())
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    onward.end(body)
  }
}

function tlsOf(certificate: Certificate, clientAuthority: Certificate | undefined): ServerOptions {
  return {
    ...{ cert: certificate.pem, key: keyPem(certificate) },
    ...(clientAuthority && { ca: clientAuthority.pem, requestCert: true }),
  }
}
