/** Token buckets by key: what each may still pass. */

/** How often it is looked for quotas that can be forgotten. */
const FORGET_EVERY_MS = 1000
/** Longer keys are not remembered: senders choose them. */
const KEY_LENGTH_MAX = 1024

export interface QuotaOptions {
  readonly eventsPerSecond: number
  /** What may pass at once, at least 1. */
  readonly burst: number
  readonly quotasMax: number
}

export class Quota {
  readonly key: string
  /** Events dropped since the last report. */
  unreported = 0
  readonly #options: QuotaOptions
  /** May be a part of one. */
  #left: number
  #asOfMs: number

  constructor(key: string, options: QuotaOptions, nowMs: number) {
    this.key = key
    this.#options = options
    this.#left = options.burst
    this.#asOfMs = nowMs
  }

  /** How many of `count` events may pass; they are used up. */
  take(count: number, nowMs: number): number {
    this.#refill(nowMs)
    const taken = Math.min(count, Math.floor(this.#left))
    this.#left -= taken
    return taken
  }

  /** For events that have not passed after all. */
  giveBack(count: number): void {
    this.#left = Math.min(this.#options.burst, this.#left + count)
  }

  /** Whether a new one would be the same. */
  isUnused(nowMs: number): boolean {
    this.#refill(nowMs)
    return this.#left >= this.#options.burst && this.unreported === 0
  }

  #refill(nowMs: number): void {
    const { eventsPerSecond, burst } = this.#options
    const came = ((nowMs - this.#asOfMs) / 1000) * eventsPerSecond
    this.#left = Math.min(burst, this.#left + came)
    this.#asOfMs = nowMs
  }
}

export class Quotas {
  readonly #options: QuotaOptions
  readonly #byKey = new Map<string, Quota>()
  readonly #shared: Quota
  #forgotAtMs = -Infinity

  /** `sharedKey` is what those are called that are too many. */
  constructor(options: QuotaOptions, sharedKey: string, nowMs: number) {
    this.#options = options
    this.#shared = new Quota(sharedKey, options, nowMs)
  }

  get size(): number {
    return this.#byKey.size
  }

  of(key: string, nowMs: number): Quota {
    return this.#byKey.get(key) ?? this.#create(key, nowMs)
  }

  /** Those of which events were dropped since the last report. */
  shedding(): Quota[] {
    return [...this.#byKey.values(), this.#shared].filter(({ unreported }) => unreported > 0)
  }

  #create(key: string, nowMs: number): Quota {
    if (key.length > KEY_LENGTH_MAX) return this.#shared
    if (this.#byKey.size >= this.#options.quotasMax) this.#forget(nowMs)
    if (this.#byKey.size >= this.#options.quotasMax) return this.#shared
    const quota = new Quota(key, this.#options, nowMs)
    this.#byKey.set(key, quota)
    return quota
  }

  #forget(nowMs: number): void {
    if (nowMs - this.#forgotAtMs < FORGET_EVERY_MS) return
    this.#forgotAtMs = nowMs
    for (const [key, quota] of this.#byKey) if (quota.isUnused(nowMs)) this.#byKey.delete(key)
  }
}
