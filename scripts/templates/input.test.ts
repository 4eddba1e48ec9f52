import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualTime } from '../../test/drivers/context.ts'
import { runInput } from '../../test/drivers/run-input.ts'
import { templateName } from './input.ts'

test('makes an event each time', async () => {
  const time = new ManualTime()
  const run = await runInput(templateName, 'every: 10s', { time })
  time.advance(10_000)
  await run.untilRecords(1)
  time.advance(10_000)
  await run.untilRecords(2)
  assert.deepEqual(run.tags, ['template_name', 'template_name'])
  assert.deepEqual(run.records[0], { message: 'hello' })
  await run.stopAndCheckCompliance()
})

test('counts what was not taken, since it cannot be sent again', async () => {
  const time = new ManualTime()
  const run = await runInput(templateName, 'every: 10s', { time, outcomes: ['retry'] })
  time.advance(10_000)
  await run.until('the event is given up', () => run.lost.length === 1)
  assert.deepEqual(run.lost, [{ tag: 'template_name', count: 1, reason: 'not_taken' }])
  await run.stopAndCheckCompliance()
})
