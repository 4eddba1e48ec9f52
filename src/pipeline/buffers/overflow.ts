/**
 * What happens when a buffer is full. Holding back is the store's own doing: it lets a batch wait.
 * To throw away the oldest, they are taken from the store before the delivery engine does; what
 * that has is on its way and stays; what has no room beside it is thrown away in its place.
 */
import type { Batch } from '../batch.ts'
import type { BatchStore, StoredBatch } from './batch-store.ts'

export type WhenFull = 'block' | 'drop_oldest' | 'drop_newest'

export interface OverflowOptions {
  readonly store: BatchStore
  /** Of entries. */
  readonly maxBytes: number
  readonly whenFull: WhenFull
  /** Bytes of entries in the store that the delivery engine has taken. */
  readonly heldBytes: () => number
  /** The store has forgotten it; it was never delivered. */
  readonly onDropped: (batch: StoredBatch) => void
}

export class Overflow {
  readonly #options: OverflowOptions
  /** Given to the store, and not in its `bytes` yet. */
  #pendingBytes = 0
  #makingRoom: Promise<void> | null = null
  #isStopped = false

  constructor(options: OverflowOptions) {
    this.#options = options
  }

  /** False for one that is to be thrown away; else `appended` is to be called once it is in. */
  admits({ entries }: Batch): boolean {
    const { store, whenFull } = this.#options
    if (whenFull === 'block') return true
    if (whenFull === 'drop_newest' && !this.#hasRoom(entries.length)) return false
    if (whenFull === 'drop_oldest' && !this.#canHaveRoom(entries.length)) return false
    if (store.isDurable) this.#pendingBytes += entries.length
    if (whenFull === 'drop_oldest')
      this.#makingRoom ??= this.#makeRoom().then(() => {
        this.#makingRoom = null
      })
    return true
  }

  /** Nothing is thrown away any more once it has settled. The store must not be stopped before. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#makingRoom
  }

  appended({ entries }: Batch): void {
    const { store, whenFull } = this.#options
    if (whenFull !== 'block' && store.isDurable) this.#pendingBytes -= entries.length
  }

  #hasRoom(bytes: number): boolean {
    const { store, maxBytes } = this.#options
    const waiting = store.bytes + this.#pendingBytes
    // One that is larger than all of it passes alone, as it does where the sender is held back.
    return waiting === 0 || waiting + bytes <= maxBytes
  }

  /** Without what is on its way. In memory that is of no account, as its senders wait for it. */
  #canHaveRoom(bytes: number): boolean {
    const { store, maxBytes, heldBytes } = this.#options
    const held = store.isDurable ? heldBytes() : 0
    return held === 0 || held + bytes <= maxBytes
  }

  async #makeRoom(): Promise<void> {
    const { store } = this.#options
    while (!this.#hasRoom(0)) {
      const [oldest] = await store.take({ bytes: 1, events: 1 })
      if (!oldest || this.#isStopped) break
      store.finish(oldest, 'rejected')
      this.#options.onDropped(oldest)
    }
  }
}
