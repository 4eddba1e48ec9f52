/** Slices: short whatever comes, at the borders of entries, and each batch answered once. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ByteWriter } from '../../../src/codecs/byte-writer.ts'
import { encodeJsonLines } from '../../../src/codecs/lines/json-lines.ts'
import type { EntryEncoder } from '../../../src/codecs/lines/entry-encoder.ts'
import { BatchQueue } from '../../../src/outputs/support/batch-queue.ts'
import { BufferPool, SLICE_BYTES } from '../../../src/outputs/support/buffer-pool.ts'
import type { Batch, Outcome } from '../../../src/pipeline/batch.ts'
import { KeptLog } from '../../drivers/context.ts'
import { batchOf, encodeEntry, TEST_SECONDS } from '../../support/entries.ts'

const shortage = () => new RangeError('Array buffer allocation failed')

function setUp(encode: EntryEncoder = encodeJsonLines) {
  const log = new KeptLog()
  const queue = new BatchQueue(encode, log)
  const outcomes: (Outcome | undefined)[] = []
  const add = (batch: Batch) => {
    const index = outcomes.push(undefined) - 1
    void queue.add(batch).then((outcome) => (outcomes[index] = outcome))
  }
  const slice = () => {
    const writer = new ByteWriter(0)
    queue.encodeSlice(writer)
    return Buffer.from(writer.written()).toString()
  }
  return { log, queue, outcomes, add, slice }
}

/** `count` times the same small record, made without making so many objects. */
function manySmall(tag: string, count: number): Batch {
  const entry = encodeEntry(TEST_SECONDS, 0, {})
  const entries = new Uint8Array(entry.length * count)
  for (let index = 0; index < count; index++) entries.set(entry, index * entry.length)
  return { tag, entries, count }
}

const linesIn = (text: string) => text.split('\n').length - 1

describe('slices', () => {
  test('hold all that waits, when it is little', async () => {
    const { add, slice, queue, outcomes } = setUp()
    add(batchOf('a', { log: '1' }, { log: '2' }))
    add(batchOf('b', { log: '3' }))
    assert.equal(linesIn(slice()), 3)
    queue.settle('delivered')
    await Promise.resolve()
    assert.deepEqual(outcomes, ['delivered', 'delivered'])
    assert.ok(queue.isEmpty)
    assert.equal(queue.bytes, 0)
    assert.equal(queue.sliceBytes, 0)
  })

  test('are short though a long tag makes lines of tiny entries long', async () => {
    const { add, slice, queue, outcomes } = setUp()
    const tag = 't'.repeat(20_000)
    add(manySmall(tag, 500))
    add(batchOf('a', { log: 'last' }))
    let lines = 0
    let last = ''
    while (!queue.isEmpty) {
      assert.deepEqual(outcomes, [undefined, undefined])
      last = slice()
      assert.ok(last.length <= SLICE_BYTES + tag.length * 2, `${last.length} bytes`)
      assert.ok(last.endsWith('\n'))
      lines += linesIn(last)
      queue.settle('delivered')
    }
    await Promise.resolve()
    assert.equal(lines, 501)
    assert.match(last, /"log":"last"}\n$/)
    assert.deepEqual(outcomes, ['delivered', 'delivered'])
  })

  test('one that was not settled comes again, byte for byte', () => {
    const { add, slice, queue } = setUp()
    add(manySmall('a', 50_000))
    slice()
    queue.settle('delivered')
    const second = slice()
    assert.equal(slice(), second)
    queue.settle('delivered')
    assert.notEqual(slice(), second)
  })

  test('a line longer than a slice is one', () => {
    const { add, slice, queue } = setUp()
    add(batchOf('a', { log: 'x'.repeat(SLICE_BYTES) }, { log: 'next' }))
    assert.equal(linesIn(slice()), 1)
    queue.settle('delivered')
    assert.equal(linesIn(slice()), 1)
  })

  test('what was added meanwhile is behind it, and thousands are let go of', async () => {
    const { add, slice, queue, outcomes } = setUp()
    let lines = 0
    for (let round = 0; round < 5000; round++) {
      add(batchOf('a', { log: 'x'.repeat(1000) }))
      if (round % 3 > 0) continue
      lines += linesIn(slice())
      add(batchOf('a', { log: 'later' }))
      lines++
      queue.settle('delivered')
    }
    lines += linesIn(slice()) - 1667
    queue.settle('delivered')
    await Promise.resolve()
    assert.ok(queue.isEmpty)
    assert.equal(lines, 5000 + 1667)
    assert.deepEqual(new Set(outcomes), new Set(['delivered']))
  })
})

describe('answers', () => {
  test('are one promise for all that come before a slice begins, up to a slice', () => {
    const { queue, slice } = setUp()
    const small = batchOf('a', { log: '1' })
    const first = queue.add(small)
    assert.equal(queue.add(small), first)
    slice()
    const second = queue.add(small)
    assert.notEqual(second, first)
    assert.notEqual(queue.add(manySmall('a', 50_000)), second)
  })

  test('wait for the last of those that share one, and for no other', async () => {
    const { add, slice, queue, outcomes } = setUp()
    add(batchOf('a', { log: '1' }))
    add(manySmall('a', 50_000))
    slice()
    queue.settle('delivered')
    await Promise.resolve()
    assert.deepEqual(outcomes, ['delivered', undefined])
  })

  test('are retry if one of them is, so that nothing is lost', async () => {
    const { add, slice, queue, outcomes } = setUp((tag, entries, writer) => {
      if (tag === 'bad') throw new TypeError('a bug')
      encodeJsonLines(tag, entries, writer)
    })
    add(batchOf('bad', { log: '1' }))
    add(batchOf('a', { log: '2' }))
    slice()
    queue.giveUp()
    await Promise.resolve()
    assert.deepEqual(outcomes, ['retry', 'retry'])
  })
})

describe('failures', () => {
  test('a batch that cannot be encoded is left out, its tag cut in the log', async () => {
    const { add, slice, queue, outcomes, log } = setUp((tag, entries, writer) => {
      if (tag.startsWith('bad')) throw new TypeError('a bug')
      encodeJsonLines(tag, entries, writer)
    })
    for (const tag of ['a', `bad${'x'.repeat(50_000)}`, 'b']) add(batchOf(tag, { log: '1' }))
    assert.equal(linesIn(slice()), 2)
    queue.settle('delivered')
    await Promise.resolve()
    assert.deepEqual(outcomes, ['rejected', 'rejected', 'rejected'])
    const message = 'BUG: cannot encode a batch: rejected, as are those answered with it'
    assert.deepEqual(log.messages('error'), [message])
    assert.ok((log.lines[0]!.fields['tag'] as string).length < 1000)
    assert.equal(queue.bytes, 0)
  })

  test('a batch whose memory was given back too early is not delivered', async () => {
    const { add, slice, queue, outcomes } = setUp()
    const batch = batchOf('a', { log: '1' })
    add(batch)
    add(batchOf('a', { log: '2' }))
    ;(batch.entries.buffer as ArrayBuffer).transfer(0)
    assert.equal(linesIn(slice()), 1)
    queue.settle('delivered')
    await Promise.resolve()
    assert.deepEqual(outcomes, ['rejected', 'rejected'])
    assert.equal(queue.bytes, 0)
  })

  test('lack of memory rejects nothing: what is encoded goes, the rest waits', async () => {
    let isShort = true
    const { add, slice, queue, outcomes } = setUp((tag, entries, writer) => {
      encodeJsonLines(tag, entries, writer)
      if (isShort && tag === 'b') throw shortage()
    })
    for (const tag of ['a', 'b', 'c']) add(batchOf(tag, { log: '1' }))
    assert.equal(linesIn(slice()), 1)
    queue.settle('delivered')
    assert.throws(slice, RangeError)
    isShort = false
    assert.equal(linesIn(slice()), 2)
    queue.settle('delivered')
    await Promise.resolve()
    assert.deepEqual(outcomes, ['delivered', 'delivered', 'delivered'])
  })

  test('given up, all are answered retry, and it can be used again', async () => {
    const { add, slice, queue, outcomes } = setUp()
    add(batchOf('a', { log: '1' }))
    slice()
    add(batchOf('a', { log: '2' }))
    queue.giveUp()
    queue.settle('delivered')
    await Promise.resolve()
    assert.deepEqual(outcomes, ['retry', 'retry'])
    add(batchOf('a', { log: '3' }))
    await Promise.resolve()
    assert.deepEqual(outcomes, ['retry', 'retry', undefined])
    assert.match(slice(), /^[^\n]*"log":"3"}\n$/)
    add(batchOf('a', { log: '4' }))
    queue.giveUp()
    add(batchOf('a', { log: '5' }))
    await Promise.resolve()
    assert.equal(outcomes.at(-1), undefined)
  })
})

describe('the pool', () => {
  test('gives the same memory again, and little for little', () => {
    const pool = new BufferPool()
    const large = pool.take(SLICE_BYTES)
    const small = pool.take(100)
    assert.ok(small.bytes.length <= 4096)
    for (const writer of [large, small]) {
      writer.append(Uint8Array.of(1))
      pool.give(writer)
    }
    assert.equal(pool.take(SLICE_BYTES), large)
    assert.equal(pool.take(100), small)
    assert.equal(large.length, 0)
  })

  test('keeps no more than its bound', () => {
    const pool = new BufferPool()
    const writers = Array.from({ length: 50 }, () => pool.take(SLICE_BYTES))
    for (const writer of writers) pool.give(writer)
    const again = new Set(Array.from({ length: 50 }, () => pool.take(SLICE_BYTES)))
    assert.equal(writers.filter((writer) => again.has(writer)).length, 4)
    const grown = pool.take(SLICE_BYTES)
    grown.reserve(10 * SLICE_BYTES)
    pool.give(grown)
    assert.notEqual(pool.take(SLICE_BYTES), grown)
  })
})
