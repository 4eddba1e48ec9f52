import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metricValue, testContext } from '../../test/drivers/context.ts'
import { chunkOf } from '../../test/drivers/run-chunked-output.ts'
import { batchOf } from '../../test/support/entries.ts'
import { templateName } from './chunked-output.ts'

test('takes events up to its end', async () => {
  const context = testContext()
  const output = templateName.create({ events_max: 1 }, context)
  const chunk = chunkOf([batchOf('docker.web', { log: 'hello' })])
  const { signal } = new AbortController()
  await output.start()
  assert.deepEqual(await output.deliverChunk(chunk, signal), { kind: 'delivered' })
  const held = { kind: 'hold', reason: 'it has taken 1 events' }
  assert.deepEqual(await output.deliverChunk(chunk, signal), held)
  assert.equal(metricValue(context.registry, 'forgotten_events_total'), 1)
  await output.stop(AbortSignal.timeout(1000))
  await output.stop(AbortSignal.timeout(1000))
})
