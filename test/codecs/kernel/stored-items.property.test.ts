/** The kernel reads as many items of an answer as its twin does, whatever the answer is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { storedItems as byTwin } from '../../../src/codecs/bulk/stored-items.ts'
import { SOURCE_BYTES } from '../../../src/codecs/kernel/kernel.ts'
import { storedItems } from '../../../src/codecs/kernel/stored-items.ts'
import { testKernel } from './test-kernel.ts'

const kernel = testKernel()
const HEAD = '{"errors":false,"items":['

function checkSame(items: string, operation = 'create'): number {
  const answer = Buffer.from(HEAD + items)
  const read = storedItems(answer, HEAD.length, operation, kernel)
  assert.deepEqual(read, byTwin(answer, HEAD.length, operation), items.slice(0, 2000))
  return read.count
}

const stored = (id: string, operation = 'create') => `{"${operation}":{"_id":"${id}","status":201}}`

test('answers of any length, by each operation, with ids and without', () => {
  for (const operation of ['create', 'index', 'update']) {
    for (const count of [1, 2, 100, 5000, 20_000]) {
      const items = Array.from({ length: count }, (_, place) =>
        place % 3 === 0 ? `{"${operation}":{"status":200}}` : stored(`id-${place}`, operation),
      )
      assert.equal(checkSame(`${items.join()}]}`, operation), count)
    }
  }
})

test('ids of every length, across the ends of what the kernel has at a time', () => {
  for (let length = 0; length < 70; length++)
    assert.equal(checkSame(`${stored('x'.repeat(length))}]}`), 1)
  for (const length of [500, 511, 512]) {
    const items = Array.from({ length: (3 * SOURCE_BYTES) / length }, () =>
      stored('é'.repeat(length / 2)),
    )
    assert.equal(checkSame(items.join()), items.length)
  }
  for (const id of ['x'.repeat(513), 'x'.repeat(SOURCE_BYTES), '\\u0041', 'a\\"b'])
    assert.equal(checkSame([stored('a'), stored(id), stored('b')].join()), 1)
})

test('an answer that is cut off or changed at every place', () => {
  const items = [stored('one'), '{"create":{"status":201}}', stored('two')].join()
  for (let place = 0; place < items.length; place++) {
    checkSame(items.slice(0, place))
    for (const text of ['"', '}', ',', '0', '3', 'x', '\\', '\u0000'])
      checkSame(items.slice(0, place) + text + items.slice(place + 1))
  }
})

test('random pieces of answers', () => {
  const piece = fc.constantFrom(
    ...['{"create":{', '"_id":"', '","status":', '"status":', '201', '404', '}}', ',', ']}'],
    ...[stored('a'), `,${stored('b')}`, '"failure_store":"used"', '{"index":{'],
  )
  const property = fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
    checkSame(pieces.join(''))
  })
  fc.assert(property, { numRuns: 3000 })
})
