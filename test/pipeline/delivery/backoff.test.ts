import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  doublingDelayMs,
  isGivenUp,
  nextDelayMs,
  RETRY_AFTER_MAX_MS,
  retryAfterMs,
} from '../../../src/pipeline/delivery/backoff.ts'
import type { GiveUpAfter } from '../../../src/pipeline/delivery/settings.ts'

const settings = { firstMs: 100, maxMs: 1000 }

test('waits are drawn between the first and three times the last, up to the longest', () => {
  const check = (previousMs: number, random: number, expected: number) =>
    assert.equal(
      nextDelayMs(previousMs, settings, () => random),
      expected,
    )
  check(0, 0.999, 100)
  check(100, 0, 100)
  check(100, 0.5, 200)
  check(300, 0, 100)
  check(300, 0.5, 500)
  check(300, 0.999, 899)
  check(1000, 0.9, 1000)
})

test('without chance, waits double up to the longest', () => {
  const waits = [1, 2, 3, 4, 5, 2000].map((failures) => doublingDelayMs(failures, settings))
  assert.deepEqual(waits, [100, 200, 400, 800, 1000, 1000])
})

test('what a peer asks for is cut, and nonsense is nothing', () => {
  assert.equal(retryAfterMs(5), 5)
  for (const asked of [undefined, 0, -1, NaN, -Infinity]) assert.equal(retryAfterMs(asked), 0)
  for (const asked of [Infinity, 1e12]) assert.equal(retryAfterMs(asked), RETRY_AFTER_MAX_MS)
})

test('gives up after a count, after a time, or never', () => {
  const check = (after: GiveUpAfter, failures: number, ageMs: number, expected: boolean) =>
    assert.equal(isGivenUp(after, { failures, ageMs }), expected)
  check({ kind: 'forever' }, 1e9, 1e12, false)
  check({ kind: 'count', failures: 3 }, 2, 1e12, false)
  check({ kind: 'count', failures: 3 }, 3, 0, true)
  check({ kind: 'duration', ms: 500 }, 1e9, 499, false)
  check({ kind: 'duration', ms: 500 }, 1, 500, true)
})
