/** Whole fields are changed in the kernel as they are by its twin, the operations themselves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SOURCE_BYTES } from '../../../../src/codecs/kernel/kernel.ts'
import type { Batch } from '../../../../src/pipeline/batch.ts'
import { FieldEdits } from '../../../../src/pipeline/filters/modify/field-edits.ts'
import { createOperations, isEditing } from '../../../../src/pipeline/filters/modify/operations.ts'
import type { OperationConfig } from '../../../../src/pipeline/filters/modify/schema.ts'
import { EntryChanges } from '../../../../src/pipeline/filters/support/entry-changes.ts'
import { testKernel } from '../../../codecs/kernel/test-kernel.ts'
import { joined, randomEntry } from '../../../codecs/msgpack-model.ts'
import { encodeEntry, entriesOf, packRecord, TEST_SECONDS } from '../../../support/entries.ts'

const kernel = testKernel()
const NO_COUNTER = { add: () => undefined, value: 0 }

/** Checks that both do the same, and returns whether anything changed. */
function checkSame(configs: readonly OperationConfig[], entries: Uint8Array, count = 1): boolean {
  const operations = configs.flatMap((config) => createOperations(config, NO_COUNTER))
  const edits = operations.filter(isEditing).map(({ edit }) => edit)
  assert.equal(edits.length, operations.length)
  const batch: Batch = { tag: 't', entries, count }
  const quick = FieldEdits.create(kernel, edits, new EntryChanges(operations))
  // Very long names together are more than the kernel takes.
  if (quick === null) return false
  const [found, expected] = [quick.apply(batch), new EntryChanges(operations).apply(batch)]
  assert.deepEqual(Buffer.from(found.entries), Buffer.from(expected.entries))
  return found !== batch
}

const name = fc.constantFrom('a', 'b', 'c', 'log', 'x'.repeat(31), 'y'.repeat(40), 'z'.repeat(260))
const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant('v'.repeat(70)))
const literal = fc.oneof(fc.constantFrom('', 'prod', 'w'.repeat(40)), fc.integer(), fc.boolean())
const operation: fc.Arbitrary<OperationConfig> = fc.oneof(
  fc.record({ set: fc.dictionary(name, literal, { minKeys: 1, maxKeys: 2 }) }),
  fc.record({ rename: fc.dictionary(name, name, { minKeys: 1, maxKeys: 2 }) }),
  fc.record({ remove: fc.array(name, { minLength: 1, maxLength: 2 }) }),
  fc.record({ keep: fc.array(name, { minLength: 1, maxLength: 5 }) }),
)
const operations = fc.array(operation, { minLength: 1, maxLength: 3 })
const record = fc.dictionary(fc.oneof(name, fc.string({ maxLength: 3 })), value, { maxKeys: 20 })

test('records of every kind', () => {
  fc.assert(
    fc.property(operations, fc.array(record, { maxLength: 5 }), (configs, records) => {
      checkSame(configs, entriesOf(records), records.length)
    }),
    { numRuns: 2000 },
  )
})

test('random records of every type', () => {
  fc.assert(
    fc.property(operations, fc.array(randomEntry, { maxLength: 5 }), (configs, list) => {
      checkSame(configs, joined(...list.map(({ bytes }) => bytes)), list.length)
    }),
    { numRuns: 500 },
  )
})

const set = { set: { env: 'prod' } }

test('names that come twice, no names, many fields', () => {
  const head = encodeEntry(TEST_SECONDS, 5, {}).subarray(0, -1)
  const twice = [0x83, 0xa1, 0x61, 1, 0xa1, 0x61, 2, 0xa1, 0x62, 3]
  for (const config of [{ set: { a: 5 } }, { rename: { a: 'b' } }, { rename: { b: 'a' } }]) {
    assert.ok(checkSame([config], joined(head, Uint8Array.from(twice))))
  }
  const numbers = [0x82, 0x05, 0x06, 0xc4, 0x01, 0x61, 0x07]
  assert.ok(checkSame([set, { keep: ['a', 'env'] }], joined(head, Uint8Array.from(numbers))))
  for (const count of [0, 14, 15, 16, 127, 128, 129, 70_000]) {
    const fields = Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, 1]))
    assert.ok(checkSame([set, { remove: ['f0'] }], joined(head, packRecord(fields))))
  }
})

test('more than the kernel holds', () => {
  const records = Array.from({ length: 4000 }, (_, index) => ({ log: 'x'.repeat(index % 200) }))
  const large = [{ log: 'x'.repeat(SOURCE_BYTES) }]
  const many = [...records, ...large, ...records]
  assert.ok(checkSame([set, { rename: { log: 'message' } }], entriesOf(many), many.length))
  const wide = { set: { note: 'y'.repeat(900) } }
  assert.ok(checkSame([wide], entriesOf(records), records.length))
})

test('a batch of which nothing changes is itself', () => {
  assert.equal(checkSame([{ remove: ['no'] }], entriesOf([{ a: 1 }, { b: 2 }]), 2), false)
})
