import assert from 'node:assert/strict'
import test from 'node:test'
import type { Timers } from '../../src/pipeline/clock.ts'
import {
  boundYoungGeneration,
  YOUNG_GENERATION_MAX,
  youngGenerationBytes,
} from '../../src/cli/young-generation.ts'

test('the young generation stays small however much survives', () => {
  let look = (): void => assert.fail('nothing looks')
  const timers: Timers = {
    after: () => assert.fail('nothing happens once only'),
    every: (_, callback) => {
      look = callback
      return () => undefined
    },
  }
  boundYoungGeneration(timers)
  const survivors: object[] = []
  for (let round = 0; round < 100; round++) {
    for (let index = 0; index < 200_000; index++) survivors[index % 100_000] = { round, index }
    look()
  }
  const size = youngGenerationBytes()
  assert.ok(size >= YOUNG_GENERATION_MAX / 2, `it grew to ${size} B: as little as nothing`)
  assert.ok(size <= YOUNG_GENERATION_MAX, `it grew to ${size} B`)
})
