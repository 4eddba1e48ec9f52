/** When an attempt may begin, by what the output has answered. */
import assert from 'node:assert/strict'
import type { DeliverySettings } from '../../../../src/pipeline/delivery/settings.ts'

export class BreakerRule {
  readonly #settings: DeliverySettings
  #failures = 0
  #openedAtMs: number | null = null
  #probe: object | null = null
  #quietUntilMs = 0

  constructor(settings: DeliverySettings) {
    this.#settings = settings
  }

  begin(attempt: object, nowMs: number): void {
    assert.ok(nowMs >= this.#quietUntilMs, 'sent in spite of a Retry-After')
    if (this.#openedAtMs === null) return
    assert.equal(this.#probe, null, 'sent while a probe was under way')
    const earliestMs = this.#openedAtMs + this.#settings.backoff.firstMs
    assert.ok(nowMs >= earliestMs, 'sent while the breaker was open')
    this.#probe = attempt
  }

  succeed(): void {
    this.#failures = 0
    this.#openedAtMs = null
    this.#probe = null
  }

  fail(attempt: object, nowMs: number, afterMs: number): void {
    this.#failures++
    this.#quietUntilMs = Math.max(this.#quietUntilMs, nowMs + afterMs)
    const isToOpen =
      this.#openedAtMs === null
        ? this.#failures >= this.#settings.breakerFailures
        : attempt === this.#probe
    if (!isToOpen) return
    this.#openedAtMs = nowMs
    this.#probe = null
  }
}
