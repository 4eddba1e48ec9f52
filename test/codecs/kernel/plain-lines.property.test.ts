/** Lines become the same entries with the kernel and without. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteWriter } from '../../../src/codecs/byte-writer.ts'
import { plainLines } from '../../../src/codecs/kernel/plain-lines.ts'
import type { Kernel } from '../../../src/codecs/kernel/kernel.ts'
import { testKernel } from './test-kernel.ts'

const kernel = testKernel()
const prefix = new Uint8Array([0xa1, 0x6b])

function made(bytes: Uint8Array, start: number, used: Kernel | null) {
  const writer = new ByteWriter(16)
  const result = plainLines(bytes, start, bytes.length, prefix, writer, used)
  return { ...result, entries: Buffer.from(writer.written()).toString('base64') }
}

const piece = fc.oneof(
  fc.constantFrom('\n', '\r\n', '\r', ''),
  fc.string({ maxLength: 40 }),
  fc.integer({ min: 200, max: 70_000 }).map((length) => 'x'.repeat(length)),
)

test('whatever the lines are', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.nat({ max: 20 }), (pieces, start) => {
      const bytes = Buffer.from(pieces.join(''))
      const from = Math.min(start, bytes.length)
      assert.deepEqual(made(bytes, from, kernel), made(bytes, from, null))
    }),
  )
})

test('of any length, many and none', () => {
  const sizes = [0, 31, 32, 255, 256, 65_535, 65_536, 300_000, 1_500_000]
  const bytes = Buffer.from(sizes.map((size) => `${'y'.repeat(size)}\n`).join('') + 'rest')
  assert.deepEqual(made(bytes, 0, kernel), made(bytes, 0, null))
  const { count, used } = made(bytes, 0, kernel)
  assert.equal(count, sizes.length)
  assert.equal(used, bytes.length - 4)
  const many = Buffer.from('\n'.repeat(600_000))
  assert.deepEqual(made(many, 0, kernel), made(many, 0, null))
})
