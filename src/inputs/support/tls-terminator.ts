/**
 * The server side of TLS for sockets that a stream listener has accepted: handshake, client
 * certificates, and new certificate files picked up while it runs.
 */
import type { Socket } from 'node:net'
import { createSecureContext, createServer, type Server, type TLSSocket } from 'node:tls'
import type { Cancel, Timers } from '../../pipeline/clock.ts'
import type { Logger } from '../../pipeline/logger.ts'
import { readTlsFiles, tlsFilesVersion, type TlsConfig } from './tls-options.ts'

export interface TlsTerminatorOptions {
  readonly config: TlsConfig
  readonly handshakeTimeoutMs: number
  readonly timers: Timers
  readonly logger: Logger
  readonly onSecure: (socket: TLSSocket) => void
  /** The handshake failed, or the client's certificate will not do; the socket must go. */
  readonly onRefused: (socket: TLSSocket, cause: string) => void
}

const CERTIFICATE_CHECK_MS = 10_000

export class TlsTerminator {
  readonly #options: TlsTerminatorOptions
  #server: Server | null = null
  #filesVersion = ''
  #cancelCheck: Cancel | null = null

  constructor(options: TlsTerminatorOptions) {
    this.#options = options
  }

  /** Rejects if a file cannot be read or does not fit the others. */
  async open(): Promise<void> {
    const { config, handshakeTimeoutMs, timers, onRefused } = this.#options
    this.#filesVersion = await tlsFilesVersion(config).catch(() => '')
    const server = createServer({
      ...(await readChecked(config)),
      handshakeTimeout: handshakeTimeoutMs,
      requestCert: config.client_ca !== undefined,
      // Node would close the socket without a word; #judge refuses it and says why.
      rejectUnauthorized: false,
    })
    server.on('secureConnection', (socket) => this.#judge(socket))
    server.on('tlsClientError', (error: TlsError, socket) => {
      // Someone who left before the end of the handshake: Fluentd looks in like that every second.
      if (error.code !== 'ECONNRESET') onRefused(socket, tlsCause(error))
    })
    this.#server = server
    this.#cancelCheck = timers.every(CERTIFICATE_CHECK_MS, () => void this.#reload())
  }

  /** Starts the handshake on a socket that was just accepted. */
  accept(socket: Socket): void {
    this.#server?.emit('connection', socket)
  }

  close(): void {
    this.#cancelCheck?.()
    this.#cancelCheck = null
  }

  #judge(socket: TLSSocket): void {
    const { config, onRefused, onSecure } = this.#options
    const asked = config.client_ca !== undefined
    const excused = config.client_certificate === 'optional' && !hasCertificate(socket)
    if (!asked || socket.authorized || excused) {
      // Not before: a client that leaves in the handshake would be waited for.
      socket.allowHalfOpen = true
      return onSecure(socket)
    }
    const shown = hasCertificate(socket) ? 'was not signed by client_ca' : 'is missing'
    onRefused(socket, `the client certificate ${shown}`)
  }

  async #reload(): Promise<void> {
    const { config, logger } = this.#options
    try {
      const version = await tlsFilesVersion(config)
      if (version === this.#filesVersion) return
      this.#server?.setSecureContext(await readChecked(config))
      this.#filesVersion = version
      logger.info({ certificate: config.certificate }, 'took over new certificate files')
    } catch (error) {
      // Also seen when the files are being replaced one by one; the next check tries again.
      const cause = (error as Error).message
      logger.warn({ certificate: config.certificate, cause }, 'cannot use new certificate files')
    }
  }
}

export interface TlsError extends NodeJS.ErrnoException {
  /** Of OpenSSL: `wrong version number`. Its message has the places in its sources besides. */
  readonly reason?: string
}

export function tlsCause({ reason, message }: TlsError): string {
  return reason ?? message
}

/** Rejects with the name of the certificate if OpenSSL cannot use the files together. */
async function readChecked(config: TlsConfig) {
  const options = await readTlsFiles(config)
  try {
    createSecureContext(options)
  } catch (cause) {
    const reason = (cause as Error).message
    throw new Error(
      `cannot use tls.certificate ${config.certificate}: ${reason}; ` +
        'expected a PEM certificate, its key, and the passphrase if it has one',
      { cause },
    )
  }
  return options
}

function hasCertificate(socket: TLSSocket): boolean {
  return Object.keys(socket.getPeerCertificate() ?? {}).length > 0
}
