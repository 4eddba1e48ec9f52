/** The kernel has the checksums of zlib. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 as plainCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { crc32 } from '../../../src/codecs/kernel/checksum.ts'
import { testKernel } from './test-kernel.ts'

const kernel = testKernel()
/** What the kernel takes at least, and at a time. */
const LEAST = 16 * 1024
const PIECE = 256 * 1024

const noise = new Uint8Array(3 * PIECE)
for (let index = 0, state = 1; index < noise.length; index++) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  noise[index] = state >>> 24
}

function checkSame(bytes: Uint8Array, sum?: number): void {
  assert.equal(crc32(bytes, sum, kernel), plainCrc32(bytes, sum))
}

test('of every length around those where something else is done', () => {
  for (const length of [0, LEAST, PIECE, PIECE + LEAST, 2 * PIECE + 500]) {
    for (let off = -20; off <= 20; off++) checkSame(noise.subarray(0, Math.max(0, length + off)))
  }
})

test('of random pieces of bytes, behind a random sum', () => {
  const place = fc.nat(noise.length)
  const sum = fc.integer({ min: 0, max: 0xffff_ffff })
  fc.assert(
    fc.property(place, place, sum, (one, other, before) =>
      checkSame(noise.subarray(Math.min(one, other), Math.max(one, other)), before),
    ),
  )
})

test('changes with each bit, and the bytes stay as they are', () => {
  const bytes = noise.slice(0, LEAST + 7)
  const before = crc32(bytes, 0, kernel)
  for (let bit = 0; bit < bytes.length * 8; bit += 101) {
    bytes[bit >> 3]! ^= 1 << (bit & 7)
    assert.notEqual(crc32(bytes, 0, kernel), before)
    bytes[bit >> 3]! ^= 1 << (bit & 7)
  }
  assert.deepEqual(bytes, noise.slice(0, LEAST + 7))
})

test('long bytes go through the kernel, and a source that is loaded there stays', () => {
  const { memory, source, target } = kernel
  memory.fill(7, source, target)
  memory.fill(0, target)
  checkSame(noise)
  assert.ok(memory[target] !== 0)
  assert.ok(memory.subarray(source, target).every((byte) => byte === 7))
})

test('without a kernel zlib has them', () => {
  assert.equal(crc32(noise, 5, null), plainCrc32(noise, 5))
})
