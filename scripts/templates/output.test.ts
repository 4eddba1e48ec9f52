import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metricValue, testContext } from '../../test/drivers/context.ts'
import { templateName } from './output.ts'

test('takes events up to its end', async () => {
  const context = testContext()
  const output = templateName.create({ events_max: 1 }, context)
  const entries = new Uint8Array([0x92, 0xd7, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0x80])
  const batch = { tag: 'docker.web', entries, count: 1 }
  await output.start()
  assert.equal(await output.deliver(batch), 'delivered')
  assert.equal(output.problem, null)
  assert.equal(await output.deliver(batch), 'rejected')
  assert.equal(output.problem, 'it has taken 1 events')
  assert.equal(metricValue(context.registry, 'forgotten_events_total'), 1)
  await output.stop(AbortSignal.timeout(1000))
  await output.stop(AbortSignal.timeout(1000))
})
