/** Waiting for something to become true, with a limit that says what was missing. */
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 10
/** A costly condition is asked less often: what it waits for needs the machine too. */
const REST_MAX_MS = 500

type Truthy<Value> = Exclude<Value, undefined | null | false | 0 | ''>

/** Polls until `condition` returns something truthy and returns that; throws after `limitMs`. */
export async function until<Value>(
  what: string,
  condition: () => Value | Promise<Value>,
  limitMs = 45_000,
): Promise<Truthy<Value>> {
  const end = performance.now() + limitMs
  for (;;) {
    const asked = performance.now()
    const value = await condition()
    if (value) return value as Truthy<Value>
    const now = performance.now()
    if (now > end) throw new Error(`waited ${limitMs} ms in vain until ${what}`)
    await sleep(Math.min(Math.max(POLL_MS, 2 * (now - asked)), REST_MAX_MS))
  }
}
