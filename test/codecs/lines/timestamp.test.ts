import assert from 'node:assert/strict'
import { test } from 'node:test'
import { putTimestamp, TIMESTAMP_BYTES } from '../../../src/codecs/lines/timestamp.ts'

function check(seconds: number): void {
  const bytes = new Uint8Array(TIMESTAMP_BYTES + 1)
  assert.equal(putTimestamp(bytes, 1, seconds, 123_456_789), bytes.length)
  const expected = new Date(seconds * 1000).toISOString().replace('.000Z', '.123456789Z')
  assert.equal(Buffer.from(bytes.subarray(1)).toString(), expected)
}

test('writes the first and the last second of every day an entry can have', () => {
  for (let day = 0; day <= 49_709; day++) {
    check(day * 86_400)
    check(day * 86_400 + 86_399)
  }
  check(0xffff_ffff)
})

test('writes every second of a day', () => {
  for (let second = 0; second < 86_400; second++) check(1_795_251_000 + second)
})

test('writes a second again that is not the last one', () => {
  for (const seconds of [0, 1_795_251_000, 0, 1_795_251_000, 1_795_251_001]) check(seconds)
})
