/** Decompressing payloads of several members or frames, with a bound. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import {
  DecompressionError,
  Decompressor,
  type Compression,
} from '../../../src/inputs/forward/decompression.ts'

const CODECS = { gzip: gzipSync, zstd: zstdCompressSync } as const

for (const codec of ['gzip', 'zstd'] as const) {
  const compress = (content: string) => CODECS[codec](content)

  test(`${codec}: one part and several`, async () => {
    const check = async (...contents: string[]) => {
      const payload = Buffer.concat(contents.map(compress))
      const bytes = await new Decompressor(1024).decompress(codec, payload)
      assert.equal(Buffer.from(bytes).toString(), contents.join(''))
    }
    await check('')
    await check('one')
    await check('one', 'two', 'three')
    await check('x'.repeat(1024))
    await check('x'.repeat(1023), '', 'y')
  })

  test(`${codec}: the bound holds over all parts`, async () => {
    const check = (...contents: string[]) =>
      assertFails(codec, Buffer.concat(contents.map(compress)), 'decompressed_max')
    await check('x'.repeat(1025))
    await check('x'.repeat(1024), 'y')
    await check('x'.repeat(500), 'y'.repeat(525))
    await check('x'.repeat(10_000_000))
  })

  test(`${codec}: what is corrupt`, async () => {
    const whole = compress('some text')
    await assertFails(codec, whole.subarray(0, -1), 'corrupt_compression')
    await assertFails(codec, Buffer.from('no compression'), 'corrupt_compression')
    await assertFails(codec, new Uint8Array(0), 'corrupt_compression')
    const spoilt = Buffer.from(whole)
    spoilt.fill(0xff, 4)
    await assertFails(codec, spoilt, 'corrupt_compression')
  })
}

test('does many at a time and answers each', async () => {
  const decompressor = new Decompressor(1024)
  const contents = Array.from({ length: 40 }, (_, index) => `content ${index}`)
  const jobs = contents.map((content, index) => {
    const codec = index % 2 === 0 ? 'gzip' : 'zstd'
    return decompressor.decompress(codec, CODECS[codec](content))
  })
  const bad = decompressor.decompress('gzip', Buffer.from('bad')).catch((error: unknown) => error)
  const outputs = await Promise.all(jobs)
  assert.deepEqual(
    outputs.map((bytes) => Buffer.from(bytes).toString()),
    contents,
  )
  assert.ok((await bad) instanceof DecompressionError)
})

test('zstd: a frame for each event, as Fluentd makes them', async () => {
  const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`)
  const payload = Buffer.concat(lines.map((line) => zstdCompressSync(line)))
  const bytes = await new Decompressor(1024 * 1024).decompress('zstd', payload)
  assert.equal(Buffer.from(bytes).toString(), lines.join(''))
})

test('zstd: frames without number are not gone through', async () => {
  const empty = zstdCompressSync('')
  const payload = Buffer.alloc(empty.length * 200_000, empty)
  await assertFails('zstd', payload, 'corrupt_compression')
})

async function assertFails(codec: Compression, payload: Uint8Array, reason: string) {
  const failure = new Decompressor(1024).decompress(codec, payload)
  await assert.rejects(failure, (error: unknown) => {
    assert.ok(error instanceof DecompressionError)
    assert.equal(error.reason, reason)
    return true
  })
}
