/** The slope test of `npm run soak`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Sample } from '../../chaos/soak/samples.ts'
import { trendOf } from '../../chaos/soak/trend.ts'

const tolerance = { measured: 'rssMiB', title: 'memory', absolute: 8, share: 0.05 } as const

function samplesOf(count: number, rssMiB: (at: number) => number): Sample[] {
  return Array.from({ length: count }, (_, at) => ({
    ...{ at, rssMiB: rssMiB(at), heapMiB: 1, handles: 1, p50Ms: 1, p99Ms: 1, acknowledged: at },
  }))
}

test('what breathes is flat, whatever it did at first', () => {
  const breathing = samplesOf(600, (at) => (at < 200 ? at / 2 : 100 + (at % 7) * 5))
  assert.ok(trendOf(breathing, tolerance).isFlat)
})

test('a single second moves nothing', () => {
  const peak = samplesOf(600, (at) => (at === 590 ? 10_000 : 100))
  assert.equal(trendOf(peak, tolerance).growth, 0)
})

test('what grows slowly under its breathing is found', () => {
  const leaking = samplesOf(3000, (at) => 100 + (at % 7) * 5 + at / 100)
  const { isFlat, growth } = trendOf(leaking, tolerance)
  assert.equal(isFlat, false)
  assert.ok(growth > 13 && growth < 17, `${growth}`)
})

test('a few samples, or none that can be read, show nothing', () => {
  assert.equal(
    trendOf(
      samplesOf(10, () => 100),
      tolerance,
    ).isFlat,
    false,
  )
  assert.equal(
    trendOf(
      samplesOf(100, () => NaN),
      tolerance,
    ).isFlat,
    false,
  )
})
