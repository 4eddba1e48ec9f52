/** Finding the frames of zstd data, checked against zstd itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { splitZstdFrames } from '../../src/codecs/zstd-frames.ts'

const SKIPPABLE = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])

const FRAMES_MAX = 1000

function split(bytes: Uint8Array): Uint8Array[] {
  return [...splitZstdFrames(bytes, FRAMES_MAX)]
}

function frame(content: string | Uint8Array, checksum = 0): Buffer {
  const params = { [constants.ZSTD_c_checksumFlag]: checksum }
  return zstdCompressSync(content, { params })
}

test('finds each frame of any contents', () => {
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.nat(600_000).map((length) => new Uint8Array(length)),
  )
  const contents = fc.array(fc.tuple(content, fc.constantFrom(0, 1)), {
    minLength: 1,
    maxLength: 4,
  })
  const isFound = (parts: [Uint8Array, number][]) => {
    const frames = parts.map(([bytes, checksum]) => frame(bytes, checksum))
    const found = split(Buffer.concat(frames))
    assert.deepEqual(found, frames)
    const decoded = found.map((bytes) => zstdDecompressSync(bytes).length)
    assert.deepEqual(
      decoded,
      parts.map(([{ length }]) => length),
    )
  }
  fc.assert(fc.property(contents, isFound), { numRuns: 60 })
})

test('leaves skippable frames out', () => {
  const found = split(Buffer.concat([SKIPPABLE, frame('a'), SKIPPABLE, frame('b')]))
  assert.deepEqual(found, [frame('a'), frame('b')])
})

test('throws an error on what is no frame, or is cut short', () => {
  const check = (bytes: Uint8Array, expected: RegExp) => assert.throws(() => split(bytes), expected)
  check(new Uint8Array(0), /no zstd frame/)
  check(SKIPPABLE, /no zstd frame/)
  check(Buffer.from('plain text'), /no zstd frame at byte 0/)
  check(Buffer.concat([frame('a'), Buffer.from('rest')]), /no zstd frame at byte \d/)
  const whole = frame('some text that is long enough '.repeat(9), 1)
  for (let length = 1; length < whole.length; length++) {
    check(whole.subarray(0, length), /goes past the \d+ bytes|no zstd frame/)
  }
  const reserved = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x00, 0x07, 0, 0])
  check(reserved, /reserved zstd block/)
})

test('gives frames before it looks at those behind, and no more than it may', () => {
  const many = Buffer.concat([frame('a'), frame('b'), Buffer.from('no frame')])
  const [first, second] = [frame('a'), frame('b')]
  const frames = splitZstdFrames(many, 2)
  assert.deepEqual(frames.next().value, first)
  assert.deepEqual(frames.next().value, second)
  assert.throws(() => frames.next(), /no zstd frame at byte/)
  const two = Buffer.concat([frame('a'), SKIPPABLE, frame('b')])
  assert.equal([...splitZstdFrames(two, 3)].length, 2)
  assert.throws(() => [...splitZstdFrames(two, 2)], /more than 2 zstd frames/)
})
