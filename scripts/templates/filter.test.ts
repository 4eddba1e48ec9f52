import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metricValue, testContext } from '../../test/drivers/context.ts'
import { templateName } from './filter.ts'

test('passes a batch on as it is, or ends it', async () => {
  const context = {
    ...testContext(),
    emit: () => Promise.resolve('delivered' as const),
    restored: () => assert.fail('it keeps nothing on disk'),
  }
  const filter = templateName.create({ tags: ['noise'] }, context)
  const entries = new Uint8Array([0x92, 0xd7, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0x80])
  const batch = { tag: 'docker.web', entries, count: 1 }
  await filter.start()
  assert.equal(filter.process(batch), batch)
  assert.deepEqual(filter.process({ ...batch, tag: 'noise' }), { batch: null, held: 0 })
  assert.equal(metricValue(context.registry, 'ended_total'), 1)
  await filter.stop(AbortSignal.timeout(1000))
  await filter.stop(AbortSignal.timeout(1000))
})
