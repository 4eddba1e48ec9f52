/**
 * Who reads when: paths with something unread take turns, each with one block, and a few at the
 * same time, so that one that floods does not keep the others from being read, and what waits to be
 * delivered is bounded. Looking at a path is not bounded, nor does it wait for a delivery: a file
 * must be opened before it is gone.
 */
import type { MemoryAccount } from '../../../pipeline/memory-budget.ts'
import type { TailedPath } from './tailed-path.ts'

/** So many blocks are on their way at the same time. */
const TURNS_MAX = 4

export interface TurnsOptions {
  readonly memory: MemoryAccount
  readonly now: () => number
  /** Looks at what became of the path, delivers nothing; never rejects. */
  readonly look: (path: TailedPath) => Promise<void>
  /** The same, and delivers what nothing more comes to; never rejects. */
  readonly check: (path: TailedPath) => Promise<void>
  /** Reads and delivers one block; never rejects. */
  readonly read: (path: TailedPath) => Promise<void>
}

export class Turns {
  readonly #options: TurnsOptions
  readonly #queue: TailedPath[] = []
  readonly #running = new Set<Promise<void>>()
  #readingCount = 0
  #isStopped = false

  constructor(options: TurnsOptions) {
    this.#options = options
    options.memory.onRoom = () => this.#pump()
  }

  /** Something may have become of the path. */
  check(path: TailedPath): void {
    path.mustCheck = true
    if (this.#isStopped) return
    if (path.isDelivering) this.#lookAside(path)
    else if (!path.isBusy) this.#run(path, this.#options.check)
  }

  /** There may be something unread. */
  read(path: TailedPath): void {
    if (path.isQueued || this.#isStopped) return
    path.isQueued = true
    this.#queue.push(path)
    this.#pump()
  }

  /** Begins nothing new; settles once what is under way has settled. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#queue.length = 0
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  #pump(): void {
    const { memory, now } = this.#options
    for (let left = this.#queue.length; left > 0; left--) {
      if (this.#readingCount >= TURNS_MAX) return
      if (this.#readingCount > 0 && memory.isFull) return memory.wait()
      const path = this.#queue.shift()!
      path.isQueued = false
      // A busy one is asked again when it is done; one that has failed, by and by.
      if (path.isBusy || path.notBeforeMs > now()) continue
      this.#readingCount++
      this.#run(path, async (of) => {
        await this.#options.read(of)
        this.#readingCount--
      })
    }
  }

  /** While a delivery waits, which may be for long: files come and are deleted meanwhile. */
  #lookAside(path: TailedPath): void {
    path.looking ??= this.#options.look(path).then(() => {
      path.looking = null
      if (path.mustCheck && path.isDelivering) this.check(path)
    })
  }

  #run(path: TailedPath, work: (path: TailedPath) => Promise<void>): void {
    path.isBusy = true
    const running = work(path).then(() => {
      path.isBusy = false
      this.#running.delete(running)
      if (path.mustCheck) this.check(path)
      else if (path.unread) this.read(path)
      this.#pump()
    })
    this.#running.add(running)
  }
}
