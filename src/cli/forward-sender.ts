/** One connection to a forward address, over `@fluent-org/logger`, that never tries twice. */
import { FluentClient, FluentSocketEvent, type FluentClientOptions } from '@fluent-org/logger'
import { systemClock, systemTimers } from '../pipeline/clock.ts'
import type { SendOptions } from './send-options.ts'
import type { EventRecord } from './send-records.ts'

export class ForwardSender {
  readonly #client: FluentClient
  /** Rejects as soon as the connection is lost. */
  readonly #lost: Promise<never>
  #isLost = false

  /** Resolves once connected and, where a key is asked for, let in. */
  static async connect(this: void, options: SendOptions): Promise<ForwardSender> {
    const client = new FluentClient(null, clientOptions(options))
    const sender = new ForwardSender(client)
    const established = new Promise<void>((resolve) =>
      client.socketOn(FluentSocketEvent.ESTABLISHED, () => resolve()),
    )
    const connected = client.connect().then(() => established)
    await inTime(Promise.race([connected, sender.#lost]), options.timeoutMs)
    return sender
  }

  private constructor(client: FluentClient) {
    this.#client = client
    this.#lost = new Promise<never>((_resolve, reject) => {
      const lose = (error: Error) => {
        this.#isLost = true
        reject(error)
      }
      client.socketOn(FluentSocketEvent.ERROR, lose)
      client.socketOn(FluentSocketEvent.CLOSE, () =>
        lose(new Error('the peer closed the connection; it may ask for a key or for TLS')),
      )
    })
    this.#lost.catch(() => undefined)
  }

  /** Resolves once the records are written and, unless switched off, acknowledged. */
  async send(tag: string, records: readonly EventRecord[]): Promise<void> {
    const time = systemClock.now()
    const emitted = records.map((record) => this.#client.emit(tag, record, time))
    await Promise.race([Promise.all(emitted), this.#lost])
  }

  /** The client waits for ever for the end of a connection that is lost already. */
  async close(): Promise<void> {
    if (!this.#isLost) await this.#client.shutdown()
  }
}

function clientOptions(options: SendOptions): FluentClientOptions {
  const { target, security, timeoutMs } = options
  const place =
    target.scheme === 'unix' ? { path: target.path } : { host: target.host, port: target.port }
  return {
    eventMode: options.mode,
    milliseconds: true,
    socket: {
      ...place,
      ...(target.scheme === 'tls' && { tls: tlsOptions(options, target.host) }),
      timeout: -1,
      disableReconnect: true,
    },
    ...(security && { security }),
    ...(options.ack && { ack: { ackTimeout: timeoutMs } }),
    disconnect: { waitForPending: false },
  }
}

function tlsOptions({ tls }: SendOptions, host: string) {
  return /^[\d.]+$|:/.test(host) ? tls : { ...tls, servername: host }
}

async function inTime<Value>(promise: Promise<Value>, milliseconds: number): Promise<Value> {
  const late = Promise.withResolvers<never>()
  const cancel = systemTimers.after(milliseconds, () =>
    late.reject(new Error(`no answer within ${milliseconds} ms`)),
  )
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    cancel()
  }
}
