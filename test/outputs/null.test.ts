import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nullOutput } from '../../src/outputs/null.ts'
import { runOutput } from '../drivers/run-output.ts'
import { batchOf } from '../support/entries.ts'

test('takes everything and counts its bytes', async () => {
  const run = await runOutput(nullOutput)
  const batch = batchOf('app', { log: 'a' }, { log: 'b' })
  assert.equal(await run.deliverBatch(batch), 'delivered')
  assert.equal(await run.deliverBatch(batch), 'delivered')
  assert.equal(run.metric('discarded_bytes_total'), 2 * batch.entries.length)
  assert.equal(run.output.problem, null)
  await run.stopAndCheckCompliance()
})

test('has no options', async () => {
  await assert.rejects(runOutput(nullOutput, 'format: json'), /format/)
})
