/**
 * Sends messages over a connection and reads what the server says of them. They all go at once;
 * acknowledgements are told apart by their ids and may come in any order.
 */
import { AckReader } from '../../codecs/forward/ack.ts'
import type { Compression } from '../../codecs/forward/packed-message.ts'
import type { Connection, Conversation } from './connection.ts'
import { isHelo } from './handshake.ts'
import { compressedSegments, idOf, type Message, plainSegments, sum } from './message.ts'
import type { ForwardMetrics } from './metrics.ts'
import { ServerError } from './server-error.ts'

export interface ExchangeOptions {
  readonly requireAck: boolean
  readonly compression: Compression | null
  readonly metrics: ForwardMetrics
}

export class Exchange implements Conversation {
  /** Those that the server has, in no order; nothing is added once `run` has settled. */
  readonly taken: Message[] = []
  readonly #connection: Connection
  readonly #options: ExchangeOptions
  readonly #reader = new AckReader()
  /** Sent and not acknowledged, by id. */
  readonly #awaited = new Map<string, Message>()
  /** Of which the system has not all bytes yet. */
  #unwritten = 0
  #hasSentAll = false
  readonly #over = Promise.withResolvers<ServerError | null>()
  #error: ServerError | null = null

  constructor(connection: Connection, options: ExchangeOptions) {
    this.#connection = connection
    this.#options = options
  }

  /**
   * Answers why not all were taken, or null. The connection is closed then, and also when `signal`
   * fires, as an acknowledgement could come in the next exchange. Afterwards no entry is read.
   */
  async run(messages: readonly Message[], signal: AbortSignal): Promise<ServerError | null> {
    const connection = this.#connection
    const giveUp = () =>
      connection.destroy(
        new ServerError({ kind: 'given_up', reason: 'it did not acknowledge in time' }),
      )
    connection.converse(this)
    signal.addEventListener('abort', giveUp)
    try {
      if (signal.aborted) giveUp()
      await this.#send(messages)
      return await this.#over.promise
    } finally {
      signal.removeEventListener('abort', giveUp)
      connection.converse(null)
    }
  }

  received(bytes: Uint8Array): void {
    const ids: Uint8Array[] = []
    const fault = this.#reader.push(bytes, ids)
    for (const id of ids) if (!this.#acknowledge(Buffer.from(id).toString('latin1'))) return
    if (fault !== null) return this.#fail(whyUnreadable(bytes, fault.message))
    this.#checkOver()
  }

  broken(error: ServerError): void {
    this.#error = error
    this.#over.resolve(error)
  }

  async #send(messages: readonly Message[]): Promise<void> {
    const { compression } = this.#options
    try {
      for (const message of messages) {
        // No entry is read after the end.
        if (this.#error) return
        const id = this.#options.requireAck ? idOf(message) : null
        const segments =
          compression === null
            ? plainSegments(message, id)
            : await compressedSegments(message, id, compression)
        this.#write(message, id, segments)
      }
    } catch (error) {
      // No memory, say. What was sent of the others may be acknowledged later, so it ends here.
      const reason = `cannot encode a message: ${(error as Error).message}`
      this.#connection.destroy(new ServerError({ kind: 'given_up', reason }, error))
    }
    this.#hasSentAll = true
    this.#checkOver()
  }

  #write(message: Message, id: string | null, segments: readonly Uint8Array[]): void {
    if (this.#error) return
    if (id !== null) this.#awaited.set(id, message)
    this.#unwritten++
    this.#options.metrics.sentBytes.add(sum(segments))
    this.#connection.write(segments, () => {
      this.#unwritten--
      if (id === null && !this.#error) this.taken.push(message)
      this.#checkOver()
    })
  }

  /** False if it was not awaited. */
  #acknowledge(id: string): boolean {
    const message = this.#awaited.get(id)
    if (!message) {
      this.#fail(protocolError('it acknowledged what it was not sent'))
      return false
    }
    this.#awaited.delete(id)
    this.taken.push(message)
    this.#options.metrics.acknowledgements.add(1)
    return true
  }

  #checkOver(): void {
    if (!this.#hasSentAll || this.#unwritten > 0 || this.#awaited.size > 0) return
    // The beginning of something that nobody waits for.
    if (this.#reader.isMidway) this.#fail(protocolError('it said more than it was asked'))
    else this.#over.resolve(null)
  }

  #fail(error: ServerError): void {
    this.#connection.destroy(error)
  }
}

function whyUnreadable(bytes: Uint8Array, fault: string): ServerError {
  if (!isHelo(bytes)) return protocolError(`its acknowledgement makes no sense: ${fault}`)
  const reason = 'it asks for a shared key; expected `security` in the configuration'
  return new ServerError({ kind: 'handshake', reason, isHold: true })
}

function protocolError(reason: string): ServerError {
  return new ServerError({ kind: 'protocol', reason })
}
