/** Ends a connection with FIN, and waits for the peer's, but not for long. */
import type { Socket } from 'node:net'
import type { Cancel, Timers } from '../../pipeline/clock.ts'

/** How long the peer may take to answer our FIN; what it sent before it saw it is still read. */
const LINGER_MS = 200
/** How long a peer may take to read what was written last. */
const LAST_WRITE_MS = 5000

export class Farewell {
  readonly #socket: Socket
  readonly #timers: Timers
  #cancelLinger: Cancel | null = null

  constructor(socket: Socket, timers: Timers) {
    this.#socket = socket
    this.#timers = timers
  }

  /** Call it once; the socket is read meanwhile, or unread bytes turn the FIN into a RST. */
  say(): void {
    if (this.#socket.destroyed) return
    const giveUp = () => this.#socket.destroy()
    this.#cancelLinger = this.#timers.after(LAST_WRITE_MS, giveUp)
    this.#socket.end(() => {
      this.#cancelLinger?.()
      this.#cancelLinger = this.#socket.destroyed ? null : this.#timers.after(LINGER_MS, giveUp)
    })
  }

  /** The socket is gone. */
  cancel(): void {
    this.#cancelLinger?.()
    this.#cancelLinger = null
  }
}
