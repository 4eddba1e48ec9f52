/** The parent's side of a sender (bench/sender.ts, bench/ack-sender.ts): ready, go, sent. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Prepared } from '../traffic/prepare.ts'

export type SenderTask = Pick<Prepared, 'file' | 'segments' | 'frameBytes'> & {
  readonly port: number
  /** Of `file-sender`. */
  readonly followed?: string
}

/** Of frames that were acknowledged. */
export interface RoundTrips {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

export type SenderMessage =
  { readonly ready: true } | { readonly sent: RoundTrips | null } | { readonly failed: string }

export type SenderKind = 'sender' | 'ack-sender' | 'file-sender' | 'udp-sender'

export class SenderProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #ready = Promise.withResolvers<void>()
  readonly #sent = Promise.withResolvers<RoundTrips | null>()
  #hasSent = false

  /** Resolves when all bytes are in its memory and all its connections are open. */
  static async start(kind: SenderKind, task: SenderTask): Promise<SenderProcess> {
    const sender = new SenderProcess(kind)
    sender.#child.send(task)
    await sender.#ready.promise
    return sender
  }

  private constructor(kind: SenderKind) {
    this.#child = fork(join(import.meta.dirname, '..', `${kind}.ts`), { execArgv: [] })
    this.#sent.promise.catch(() => undefined)
    this.#child.on('message', (message: SenderMessage) => this.#take(message))
    this.#child.once('exit', (code) => this.#fail(`the sender ended with ${code}`))
  }

  get hasSent(): boolean {
    return this.#hasSent
  }

  /** When the system has taken everything; rejects when a connection has failed. */
  get sent(): Promise<RoundTrips | null> {
    return this.#sent.promise
  }

  go(): void {
    this.#child.send('go')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.disconnect()
    await ended
  }

  #take(message: SenderMessage): void {
    if ('ready' in message) this.#ready.resolve()
    else if ('failed' in message) this.#fail(message.failed)
    else {
      this.#hasSent = true
      this.#sent.resolve(message.sent)
    }
  }

  #fail(cause: string): void {
    const error = new Error(`cannot send: ${cause}`)
    this.#ready.reject(error)
    this.#sent.reject(error)
  }
}
