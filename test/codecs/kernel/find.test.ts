/** The kernel finds what `Buffer.indexOf` finds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { includesBytes } from '../../../src/codecs/kernel/find.ts'
import { SOURCE_BYTES } from '../../../src/codecs/kernel/kernel.ts'
import { testKernel } from './test-kernel.ts'

const kernel = testKernel()
const needle = Buffer.from('partial_message')
const rarePair = needle.indexOf('l_')

function checkSame(bytes: Uint8Array): void {
  const expected = Buffer.from(bytes).includes(needle)
  assert.equal(includesBytes(bytes, { bytes: needle, rarePair }, kernel), expected)
}

test('at every place of texts of every length', () => {
  for (let length = needle.length; length < 150; length++) {
    for (let place = 0; place <= length - needle.length; place++) {
      const bytes = Buffer.alloc(length, 'l_')
      needle.copy(bytes, place)
      checkSame(bytes)
      // Cut off by one, it is not there.
      checkSame(bytes.subarray(place + 1))
      checkSame(bytes.subarray(0, place + needle.length - 1))
    }
  }
})

test('in random text made of its letters', () => {
  const piece = fc.constantFrom('partial_message', 'partial_messag', 'l_', 'p', 'artial', '_m', 'x')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) =>
      checkSame(Buffer.from(pieces.join(''))),
    ),
    { numRuns: 2000 },
  )
})

test('across the pieces in which long bytes are searched', () => {
  for (let before = SOURCE_BYTES - 20; before < SOURCE_BYTES + 5; before++) {
    const bytes = Buffer.alloc(SOURCE_BYTES * 2, 'x')
    needle.copy(bytes, before)
    checkSame(bytes)
  }
  checkSame(Buffer.alloc(SOURCE_BYTES * 2, 'partial_'))
})

test('not in what an earlier call has left behind the bytes', () => {
  checkSame(Buffer.concat([Buffer.alloc(100, 'x'), needle]))
  checkSame(Buffer.alloc(100, 'x'))
})
