/**
 * Keeps an output that fails from being tried with everything there is.
 *
 *              failures in a row            its time is over
 *     closed ───────────────────▶ open ─────────────────────▶ half open
 *       ▲                         ▲  │                         │     │
 *       │                         └──┼──── the probe failed ───┘     │
 *       └────────────────────────────┴──────── any success ──────────┘
 *
 * Open, nothing is sent; half open, one chunk: the probe. A Retry-After keeps all chunks back in
 * every state. Pure: time comes as an argument, in monotonic milliseconds.
 */
import { nextDelayMs, type Random } from './backoff.ts'
import type { BackoffSettings } from './settings.ts'

export type BreakerState = 'closed' | 'open' | 'half_open'

export class Breaker {
  readonly #failuresMax: number
  readonly #backoff: BackoffSettings
  readonly #random: Random
  #failures = 0
  #isClosed = true
  /** The number of the probe under way, or 0. */
  #probe = 0
  #probes = 0
  #openUntilMs = -Infinity
  #quietUntilMs = -Infinity
  #delayMs = 0

  constructor(failuresMax: number, backoff: BackoffSettings, random: Random) {
    this.#failuresMax = failuresMax
    this.#backoff = backoff
    this.#random = random
  }

  /** In a row. */
  get failures(): number {
    return this.#failures
  }

  state(nowMs: number): BreakerState {
    if (this.#isClosed) return 'closed'
    return this.#probe !== 0 || nowMs >= this.#openUntilMs ? 'half_open' : 'open'
  }

  /** When the next chunk may be sent; Infinity as long as a probe is under way. */
  get freeAtMs(): number {
    if (this.#isClosed) return this.#quietUntilMs
    return this.#probe !== 0 ? Infinity : Math.max(this.#openUntilMs, this.#quietUntilMs)
  }

  /** To be called for a chunk that is sent now; returns what `fail` is to be told, 0 if closed. */
  send(): number {
    if (this.#isClosed) return 0
    this.#probe = ++this.#probes
    return this.#probe
  }

  /** The output has answered as one that works; whether it took the events or not. */
  succeed(): void {
    this.#failures = 0
    this.#isClosed = true
    this.#probe = 0
    this.#delayMs = 0
  }

  /** `probe` is what `send` has returned. Returns true if it opens with this failure. */
  fail(nowMs: number, probe: number): boolean {
    this.#failures++
    if (!this.#isClosed) {
      // Of those that were under way when it opened nothing new is learnt.
      if (probe === 0 || probe !== this.#probe) return false
      this.#open(nowMs)
      return true
    }
    if (this.#failures < this.#failuresMax) return false
    this.#open(nowMs)
    return true
  }

  /** Nothing is sent before `untilMs`. */
  keepQuiet(untilMs: number): void {
    this.#quietUntilMs = Math.max(this.#quietUntilMs, untilMs)
  }

  #open(nowMs: number): void {
    this.#isClosed = false
    this.#probe = 0
    this.#delayMs = nextDelayMs(this.#delayMs, this.#backoff, this.#random)
    this.#openUntilMs = nowMs + this.#delayMs
  }
}
