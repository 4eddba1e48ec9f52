/**
 * One bound on the memory of all that is held, whoever holds it.
 *
 *     half of it: the inputs' own, as much for each     the other half: for whoever needs it
 *     ├──────────────────┼──────────────────┤           ├───────────────────┼──────────────────┤
 *           input 1            input 2                  buffers read ahead      inputs alone
 *                                                       up to here
 *
 * So buffers stop reading ahead before inputs stop reading, and no input can take another's share.
 * It says when to stop, and takes what comes all the same: a batch may be larger than all of it.
 */
import type { Gauge, Labels, Metrics } from './metrics.ts'

/** Inputs have a share of their own. */
export type MemoryUse = 'input' | 'other'

/** Of what is for all; up to here buffers read ahead. */
const AHEAD_PART = 1 / 2

export class MemoryBudget {
  readonly #metrics: Metrics
  readonly #maxGauge: Gauge
  readonly #open = new Set<MemoryAccount>()
  /** In the order in which they began to wait. */
  readonly #waiting = new Set<MemoryAccount>()
  #bytesMax: number
  #share = 0
  /** What is held beyond the shares. */
  #common = 0
  #isTellingSoon = false

  constructor(bytesMax: number, metrics: Metrics) {
    this.#metrics = metrics
    this.#bytesMax = bytesMax
    this.#maxGauge = metrics.gauge('memory_max_bytes', 'The `memory_max` of the configuration.')
    this.resize(bytesMax)
  }

  /** For one component; `labels` name it. It counts from its first bytes on. */
  account(use: MemoryUse, labels: Labels): MemoryAccount {
    return new MemoryAccount(this, use, labels)
  }

  /** Of an account; only those that hold something are shown. */
  gauge(labels: Labels): Gauge {
    return this.#metrics.gauge(
      'memory_held_bytes',
      'Memory of what waits, by who holds it.',
      labels,
    )
  }

  resize(bytesMax: number): void {
    this.#bytesMax = bytesMax
    this.#maxGauge.set(bytesMax)
    this.#shareOut()
  }

  /** What an input may hold, whatever the others do. */
  get share(): number {
    return this.#share
  }

  /** Whether of what is for all `part` is taken: 1 is all of it. */
  isTaken(part: number): boolean {
    return this.#common >= (this.#bytesMax / 2) * part
  }

  /** For accounts alone, as the rest below. */
  open(account: MemoryAccount): void {
    this.#open.add(account)
    this.#shareOut()
  }

  close(account: MemoryAccount): void {
    this.#waiting.delete(account)
    if (this.#open.delete(account)) this.#shareOut()
  }

  moveCommon(bytes: number): void {
    this.#common += bytes
  }

  wait(account: MemoryAccount): void {
    this.#waiting.add(account)
  }

  tellSoon(): void {
    if (this.#isTellingSoon || this.#waiting.size === 0) return
    this.#isTellingSoon = true
    // Not at once: whoever is told takes in, what that is may settle at once, and so on.
    process.nextTick(this.#tell)
  }

  #shareOut(): void {
    const inputs = [...this.#open].filter(({ use }) => use === 'input').length
    this.#share = Math.floor(this.#bytesMax / 2 / Math.max(1, inputs))
    this.#common = 0
    for (const account of this.#open) this.#common += account.beyondShare
    this.tellSoon()
  }

  readonly #tell = (): void => {
    this.#isTellingSoon = false
    for (const account of [...this.#waiting]) {
      if (!account.hasRoom) continue
      this.#waiting.delete(account)
      account.onRoom()
    }
  }
}

export class MemoryAccount {
  readonly use: MemoryUse
  bytes = 0
  /** Called once after `wait`, when there is room. */
  onRoom: () => void = () => undefined
  readonly #budget: MemoryBudget
  readonly #labels: Labels
  #gauge: Gauge | null = null
  #state: 'new' | 'open' | 'closed' = 'new'

  constructor(budget: MemoryBudget, use: MemoryUse, labels: Labels) {
    this.#budget = budget
    this.use = use
    this.#labels = labels
  }

  /** A negative number gives back. */
  add(bytes: number): void {
    if (this.#state !== 'open' && !this.#opens()) return
    const before = this.beyondShare
    this.bytes += bytes
    this.#gauge?.add(bytes)
    this.#budget.moveCommon(this.beyondShare - before)
    if (bytes < 0) this.#budget.tellSoon()
  }

  /**
   * Whether to take no more for now. It knows nothing of what the holder has: one who has nothing
   * that it could give back goes on all the same, or it would wait for ever.
   */
  get isFull(): boolean {
    const budget = this.#budget
    if (this.use === 'other') return budget.isTaken(AHEAD_PART)
    return this.bytes >= budget.share && budget.isTaken(1)
  }

  /** Whether one who was full may go on: not with the first byte that is given back. */
  get hasRoom(): boolean {
    const budget = this.#budget
    if (this.use === 'other') return !budget.isTaken(AHEAD_PART)
    return this.bytes <= budget.share / 2 || !budget.isTaken(1 / 2)
  }

  get beyondShare(): number {
    const share = this.use === 'input' ? this.#budget.share : 0
    return Math.max(0, this.bytes - share)
  }

  wait(): void {
    if (this.#state !== 'closed') this.#budget.wait(this)
  }

  /** Of a component that has stopped: nothing of it counts any more, whatever it gives back. */
  close(): void {
    this.#gauge?.add(-this.bytes)
    this.#state = 'closed'
    this.bytes = 0
    this.#budget.close(this)
  }

  #opens(): boolean {
    if (this.#state === 'closed') return false
    this.#state = 'open'
    this.#gauge = this.#budget.gauge(this.#labels)
    this.#budget.open(this)
    return true
  }
}
