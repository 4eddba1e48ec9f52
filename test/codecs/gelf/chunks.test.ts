import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ChunkSets, isChunk, type ChunkSetsOptions } from '../../../src/codecs/gelf/chunks.ts'
import { packingOf } from '../../../src/codecs/gelf/payload.ts'
import { gelfChunk, gelfChunks } from '../../support/gelf-chunks.ts'

function sets(changed: Partial<ChunkSetsOptions> = {}) {
  const faults: string[] = []
  const kept: string[] = []
  const options = { setsMax: 10, bytesMax: 100_000, messageMaxBytes: 10_000, timeoutMs: 5000 }
  const onFault = (fault: string, present: Uint8Array, sender: string) => {
    faults.push(fault)
    kept.push(`${sender}: ${text(present)}`)
  }
  return { faults, kept, chunks: new ChunkSets({ ...options, onFault, ...changed }) }
}

const text = (bytes: Uint8Array | null) => bytes && Buffer.from(bytes).toString()

test('in any order, with duplicates', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 600 }),
      fc.integer({ min: 5, max: 100 }),
      fc.array(fc.nat(), { maxLength: 30 }),
      (message, size, order) => {
        const { chunks, faults } = sets()
        const all = gelfChunks(message, 7, size)
        // Some come more than once; the last one missing comes last.
        const [last, ...others] = all.toSorted(
          (a, b) => (order[a[10]!] ?? 0) - (order[b[10]!] ?? 0),
        )
        const repeated = order.map((index) => others[index % Math.max(1, others.length)] ?? last!)
        if (others.length > 0) {
          for (const chunk of [...repeated, ...others]) {
            assert.equal(chunks.push(chunk, 'a', 0), null)
          }
        }
        assert.deepEqual(chunks.push(last!, 'a', 0), Uint8Array.from(message))
        assert.deepEqual([chunks.size, chunks.heldBytes, faults], [0, 0, []])
      },
    ),
    { numRuns: 200 },
  )
})

test('repeats behind the last part are no message of their own', () => {
  for (const order of [
    [0, 0, 1, 1],
    [0, 1, 0, 1],
    [0, 1, 1, 0, 0],
  ]) {
    const { chunks, faults } = sets()
    const found = order.map((at) => text(chunks.push(gelfChunk(`part${at}`, at, 2), 'a', 0)))
    assert.deepEqual(
      found.filter((each) => each !== null),
      ['part0part1'],
    )
    assert.equal(chunks.duplicates, order.length - 2)
    chunks.expire(10_000)
    assert.deepEqual([faults, chunks.size, chunks.heldBytes], [[], 0, 0])
  }
})

test('an id that is used again for other parts, or later, is a new message', () => {
  const { chunks, faults } = sets()
  const push = (data: string, sequence: number, nowMs: number) =>
    text(chunks.push(gelfChunk(data, sequence, 2), 'a', nowMs))
  push('a', 0, 0)
  assert.equal(push('b', 1, 0), 'ab')
  push('c', 0, 1)
  assert.equal(push('b', 1, 1), 'cb')
  assert.equal(push('b', 1, 5000), null)
  assert.equal(chunks.size, 0)
  push('c', 0, 5001)
  assert.equal(push('b', 1, 5001), 'cb')
  assert.deepEqual([faults, chunks.duplicates], [[], 1])
})

test('the empty last chunk that Docker sends', () => {
  const { chunks } = sets()
  assert.equal(chunks.push(gelfChunk('abc', 0, 2), 'a', 0), null)
  assert.equal(text(chunks.push(gelfChunk('', 1, 2), 'a', 0)), 'abc')
})

test('one chunk alone, and 128 of them', () => {
  const { chunks } = sets()
  assert.equal(text(chunks.push(gelfChunk('abc', 0, 1), 'a', 0)), 'abc')
  const all = Array.from({ length: 128 }, (_none, index) => gelfChunk('x', index, 128))
  const results = all.map((chunk) => text(chunks.push(chunk, 'a', 0)))
  assert.deepEqual(results.at(-1), 'x'.repeat(128))
})

test('the same id of two senders is two messages', () => {
  const { chunks } = sets()
  chunks.push(gelfChunk('a1', 0, 2), 'a', 0)
  chunks.push(gelfChunk('b1', 0, 2), 'b', 0)
  assert.equal(text(chunks.push(gelfChunk('a2', 1, 2), 'a', 0)), 'a1a2')
  assert.equal(text(chunks.push(gelfChunk('b2', 1, 2), 'b', 0)), 'b1b2')
})

test('what is not complete in time is given up', () => {
  const { chunks, faults } = sets()
  chunks.push(gelfChunk('old', 0, 2, 1), 'a', 0)
  chunks.push(gelfChunk('new', 0, 2, 2), 'a', 3000)
  chunks.expire(4999)
  assert.deepEqual(faults, [])
  chunks.expire(5000)
  assert.deepEqual([faults, chunks.size], [['chunks_expired'], 1])
  chunks.clear()
  assert.deepEqual([faults.length, chunks.size, chunks.heldBytes], [2, 0, 0])
})

test('what has come of a message that is given up is handed over, with its sender', () => {
  const { chunks, kept } = sets()
  chunks.push(gelfChunk('last', 4, 5, 1), 'a', 0)
  chunks.push(gelfChunk('first ', 0, 5, 1), 'a', 0)
  chunks.push(gelfChunk('other', 0, 2, 1), 'b', 0)
  chunks.push(gelfChunk(' more', 1, 3, 1), 'b', 0)
  chunks.clear()
  assert.deepEqual(kept, ['b: other more', 'a: first last'])
  const wrong = Buffer.from(gelfChunk('x', 2, 2))
  chunks.push(wrong, 'a', 0)
  assert.equal(kept[2], `a: ${wrong.toString()}`)
})

test('the oldest goes when there is too much', () => {
  const bySets = sets({ setsMax: 2 })
  for (const id of [1, 2, 3]) bySets.chunks.push(gelfChunk('x', 0, 2, id), 'a', 0)
  assert.deepEqual([bySets.faults, bySets.chunks.size], [['chunks_evicted'], 2])
  assert.equal(text(bySets.chunks.push(gelfChunk('y', 1, 2, 3), 'a', 0)), 'xy')
  const byBytes = sets({ bytesMax: 11_000 })
  const large = 'x'.repeat(4000)
  for (const id of [1, 2, 3]) byBytes.chunks.push(gelfChunk(large, 0, 2, id), 'a', 0)
  assert.deepEqual([byBytes.faults, byBytes.chunks.size], [['chunks_evicted'], 2])
  assert.ok(byBytes.chunks.heldBytes <= 11_000)
})

test('chunks that contradict each other, or are none', () => {
  const { chunks, faults } = sets()
  chunks.push(gelfChunk('x', 0, 2), 'a', 0)
  chunks.push(gelfChunk('x', 1, 3), 'a', 0)
  assert.deepEqual(faults, ['chunk_count_mismatch'])
  for (const wrong of [
    gelfChunk('x', 2, 2),
    gelfChunk('x', 0, 0),
    gelfChunk('x', 128, 129),
    gelfChunk('x', 0, 2).subarray(0, 11),
    Uint8Array.of(0x1e, 0x0f),
  ]) {
    assert.equal(isChunk(wrong), true)
    assert.equal(chunks.push(wrong, 'a', 0), null)
  }
  assert.deepEqual(faults.slice(1), Array(5).fill('invalid_chunk'))
  const large = sets({ messageMaxBytes: 10 })
  large.chunks.push(gelfChunk('x'.repeat(8), 0, 2), 'a', 0)
  large.chunks.push(gelfChunk('x'.repeat(8), 1, 2), 'a', 0)
  assert.deepEqual([large.faults, large.chunks.heldBytes], [['message_too_large'], 0])
})

test('what a message is packed in', () => {
  const check = (hex: string, expected: string) =>
    assert.equal(packingOf(Buffer.from(hex, 'hex')), expected)
  check('1f8b08', 'gzip')
  check('7801', 'zlib')
  check('789c', 'zlib')
  check('78da', 'zlib')
  check('7800', 'plain')
  check('28b52ffd', 'zstd')
  check('28b52f', 'plain')
  check('7b22', 'plain')
  check('', 'plain')
})
