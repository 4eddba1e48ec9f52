import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freePort } from './free-port.ts'
import { ReliableSender } from './reliable-sender.ts'

test('a reliable sender ends when its collector is gone for good', async () => {
  const address = { port: await freePort() }
  const sender = new ReliableSender({ address, tag: 'a', window: 1, refusalsMax: 3 })
  await assert.rejects(sender.run(1), /^Error: cannot send the numbers from 0 on: .* is gone$/)
  assert.deepEqual([sender.acknowledged, sender.refusals], [0, 3])
})
