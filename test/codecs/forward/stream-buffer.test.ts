/** The bytes a decoder has not consumed, and how much memory they keep. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { StreamBuffer } from '../../../src/codecs/forward/stream-buffer.ts'

const READ_BYTES = 256 * 1024

function filled(...chunks: readonly Uint8Array[]): StreamBuffer {
  const buffer = new StreamBuffer(false)
  for (const chunk of chunks) buffer.append(chunk)
  return buffer
}

describe('keeps no memory that it does not need', () => {
  test('when all is consumed', () => {
    const buffer = filled(new Uint8Array(READ_BYTES))
    buffer.consume(READ_BYTES)
    assert.equal(buffer.bytes.length, 0)
    assert.equal(buffer.streamOffset, READ_BYTES)
  })

  test('when little of much is left, and goes on with that little', () => {
    const buffer = filled(new Uint8Array(READ_BYTES).fill(7))
    buffer.consume(READ_BYTES - 3)
    buffer.trim()
    assert.equal(buffer.bytes.buffer.byteLength, 3)
    buffer.append(Uint8Array.of(8))
    assert.deepEqual([...buffer.bytes.subarray(buffer.start, buffer.end)], [7, 7, 7, 8])
    assert.equal(buffer.streamOffset, READ_BYTES - 3)
  })
})

test('memory is not copied while most of it is held', () => {
  const chunk = new Uint8Array(READ_BYTES)
  const buffer = filled(chunk)
  buffer.consume(READ_BYTES / 2)
  buffer.trim()
  assert.equal(buffer.bytes, chunk)
})

test('views of consumed bytes stay for who holds them, then are empty', () => {
  const buffer = filled(Uint8Array.of(1, 2, 3), Uint8Array.of(4))
  const view = buffer.bytes.subarray(buffer.start, buffer.start + 2)
  const lease = buffer.lease!.retain()
  buffer.consume(2)
  for (let left = 100; left > 0; left--) buffer.append(Uint8Array.of(9))
  assert.deepEqual([...view], [1, 2])
  lease.release()
  assert.equal(view.length, 0)
})

test('what is appended stays its owner’s, unless it is given away', () => {
  for (const isGiven of [false, true]) {
    const buffer = new StreamBuffer(isGiven)
    const chunks = [Uint8Array.of(1, 2), Uint8Array.of(3), Uint8Array.of(4, 5).subarray(1)]
    for (const chunk of chunks) buffer.append(chunk)
    buffer.consume(buffer.length)
    // A part of a larger buffer is left alone: others may look at the rest.
    assert.deepEqual(
      chunks.map((chunk) => chunk.length),
      isGiven ? [0, 0, 1] : [2, 1, 1],
    )
  }
})

test('what comes behind an expected value has room beside it', () => {
  const half = new Uint8Array(64 * 1024)
  const buffer = filled(half)
  buffer.append(half.subarray(0, 1000), half.length + 2000)
  const { bytes } = buffer
  buffer.append(half)
  // Without a report of how arrays of that size differ.
  assert.ok(buffer.bytes === bytes)
  assert.equal(buffer.length, 2 * half.length + 1000)
})
