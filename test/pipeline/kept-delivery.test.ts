import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Batch, Outcome, ShedFate } from '../../src/pipeline/batch.ts'
import { deliverKept } from '../../src/pipeline/kept-delivery.ts'
import { batchOf } from '../support/entries.ts'

/** Of events that were thrown away on the way to an answer. */
async function fateOf(answer: Outcome, isKept = false): Promise<ShedFate[]> {
  const fates: ShedFate[] = []
  const deliver = ({ onShed, onKept }: Batch) => {
    onShed?.((fate) => void fates.push(fate))
    if (isKept) onKept?.()
    return Promise.resolve(answer)
  }
  const given = await deliverKept(deliver, batchOf('x', {}))
  assert.deepEqual(given, { outcome: answer, isKept })
  return fates
}

test('what was thrown away counts by who has it now', async () => {
  assert.deepEqual(await fateOf('rejected'), ['rejected'])
  assert.deepEqual(await fateOf('retry'), ['retry'])
  assert.deepEqual(await fateOf('delivered'), ['dropped'], 'another place has taken it')
  assert.deepEqual(await fateOf('rejected', true), ['dropped'], 'another has letters of it')
})
