/** The kernel and its twin make the same bodies, whatever the entries are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  BULK_FORMAT,
  type BulkAction,
  type BulkFormat,
  LineStarts,
} from '../../../src/codecs/bulk/format.ts'
import { EVENTS_MAX } from '../../../src/codecs/bulk/ids.ts'
import { ByteWriter } from '../../../src/codecs/byte-writer.ts'
import { createBulkEncoder } from '../../../src/codecs/kernel/bulk-lines.ts'
import { SOURCE_BYTES } from '../../../src/codecs/kernel/kernel.ts'
import { encodeEntry, entriesOf, TEST_SECONDS } from '../../support/entries.ts'
import { Pairs, packed, Raw } from '../bulk/made-events.ts'
import { joined, randomEntry, textValue } from '../msgpack-model.ts'
import { testKernel } from './test-kernel.ts'

const NOWHERE: BulkAction = { index: null, pipeline: null, routing: null }
const EVENTS = { tag: 'docker.web1', buffer: 'abcdefghijkl', sequence: 7, firstEvent: 0 }
const kernel = testKernel()
const FORMATS: readonly BulkFormat[] = [
  BULK_FORMAT,
  { ...BULK_FORMAT, replaceDots: null, operation: 'upsert' },
  { ...BULK_FORMAT, replaceDots: '-', operation: 'update', fieldsMax: 12, depthMax: 3 },
  {
    ...BULK_FORMAT,
    replaceDots: null,
    id: { type: 'server' },
    tagField: null,
    fieldsMax: 5,
    depthMax: 3,
  },
]
const PAIRS = FORMATS.map((format) => ({
  byKernel: createBulkEncoder(format, kernel),
  byTwin: createBulkEncoder(format, null),
}))

type Changes = Partial<Parameters<(typeof PAIRS)[number]['byKernel']>[0]>

function checkSame(entries: Uint8Array, changes: Changes = {}, action = NOWHERE): void {
  for (const { byKernel, byTwin } of PAIRS) {
    const events = { ...EVENTS, ...changes, entries }
    const [made, right] = [byKernel, byTwin].map((encode) => {
      const body = new ByteWriter()
      // Something that is there already.
      body.append(Buffer.from('before\n'))
      const starts = new LineStarts()
      encode(events, action, body, starts)
      return { body: body.written(), starts: starts.offsets.subarray(0, starts.length) }
    })
    if (Buffer.compare(made!.body, right!.body) !== 0) {
      // Texts, which are readable, first; then what texts may hide.
      assert.equal(Buffer.from(made!.body).toString(), Buffer.from(right!.body).toString())
      assert.fail('the bytes differ where the texts do not')
    }
    assert.deepEqual(made!.starts, right!.starts)
  }
}

const entryOf = (record: unknown) => encodeEntry(TEST_SECONDS, 123_456_789, packed(record))
const named = (name: Uint8Array) =>
  new Pairs(
    [new Raw(textValue(name, 'str').bytes), 1],
    ['x', new Pairs([new Raw(textValue(name, 'str').bytes), 2])],
  )

test('random records of every type and size', () => {
  const entries = fc.array(randomEntry, { maxLength: 6 })
  const property = fc.property(fc.string({ unit: 'binary' }), entries, (tag, list) =>
    checkSame(joined(...list.map(({ bytes }) => bytes)), { tag }),
  )
  fc.assert(property, { numRuns: 150 })
})

const leaf = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.double(),
  fc.integer(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.constantFrom(true, false, null, 0, 1e20, 1e21, 5e-324),
)
const key = fc.oneof(
  { arbitrary: fc.constantFrom(...'abcdefgh'), weight: 4 },
  fc.string({ unit: 'binary', maxLength: 5 }),
  fc.stringMatching(/^[a-c_. \t]{0,6}$/),
  fc.stringMatching(/^[a-c.]{1,4}$/),
  fc.constantFrom('@timestamp', 'tag', '_tag', '_id', '_source', 'tag.a', '_id.b', '_PID', '_'),
  fc.constantFrom('a.b.c', 'a.b.c.d'),
  fc.constantFrom('other_fields', 'other.fields', '.id', 'x'.repeat(61), 'x'.repeat(62)),
  fc.constantFrom('com.docker.compose.project', 'com.docker.compose.project.working_dir'),
)
const pairs = (value: fc.Arbitrary<unknown>, maxLength: number) =>
  fc.array(fc.tuple(key, value), { maxLength }).map((list) => new Pairs(...list))
const value = fc.oneof(
  { arbitrary: leaf, weight: 3 },
  fc.array(leaf, { maxLength: 4 }),
  pairs(leaf, 4),
  pairs(fc.oneof(leaf, pairs(fc.array(pairs(leaf, 3), { maxLength: 2 }), 3)), 3),
)

test('records as most are, with names that are not', () => {
  const property = fc.property(fc.array(pairs(value, 8), { maxLength: 8 }), (records) => {
    checkSame(joined(...records.map(entryOf)))
    // A second time, so that the table has the names of other records.
    checkSame(joined(...records.toReversed().map(entryOf)))
  })
  fc.assert(property, { numRuns: 400 })
})

test('every byte at every place of a name', () => {
  for (const length of [1, 2, 3, 8, 15, 16, 31, 32, 40, 62, 63]) {
    const entries: Uint8Array[] = []
    for (let place = 0; place < length; place++) {
      for (let byte = 0; byte < 256; byte++) {
        const name = new Uint8Array(length).fill(0x61)
        name[place] = byte
        if (length < 4 || byte % 7 === place % 7) entries.push(entryOf(named(name)))
      }
    }
    checkSame(joined(...entries))
  }
})

test('names that are blank in UTF-8', () => {
  const blanks = ['\u00a0', '\u0085', '\u1680', '\u2003', '\u2028', '\u202f', '\u205f', '\u3000']
  const names = [...blanks, '\ufeff', '\u200b', 'é', 'ж', '中', '😀', '\ufffd', ' \u2003', '\u001c']
  checkSame(joined(...names.map((name) => entryOf(named(Buffer.from(name))))))
  checkSame(joined(...names.map((name) => entryOf(named(Buffer.from(`${name}a`))))))
})

test('names that change from record to record, in their order and their number', () => {
  const shapes = [
    { a: 1, b: 2, c: 3 },
    { a: 1, b: 2 },
    { a: 1, bb: 2, c: 3 },
    { b: 2, a: 1, c: 3 },
    { c: 3 },
    {},
    { a: 1, b: 2, c: 3, d: { a: 1, b: { a: 1 } } },
  ]
  const orders = shapes.flatMap((one) => shapes.flatMap((other) => [one, other, one]))
  checkSame(entriesOf(orders))
})

test('more fields than the table has slots, and than a map has names', () => {
  const wide = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, index]))
  for (const count of [15, 16, 31, 32, 33, 63, 64, 65, 200, 397, 398, 500]) {
    checkSame(entriesOf([wide(count), { x: wide(count) }, { a: 1, x: [wide(count)] }, { a: 1 }]))
  }
})

test('names in every order, as the table fills with others and is emptied', () => {
  const names = ['log', 'a', 'a.b', 'a_b', 'a.b.c', 'container_id', 'x'.repeat(20)]
  const records = Array.from({ length: 300 }, (_, index) => {
    const rotated = [...names.slice(index % 7), ...names.slice(0, index % 7)]
    const own = [...rotated.slice(0, 1 + (index % 6)), `name_${index % 90}`]
    return Object.fromEntries(own.map((name, place) => [name, place]))
  })
  checkSame(entriesOf(records))
})

test('texts longer than the target has room for, and than the source', () => {
  for (const length of [1000, 170_000, 200_000, SOURCE_BYTES, SOURCE_BYTES * 2]) {
    const long = { log: '\u0001'.repeat(length) }
    checkSame(entriesOf([{ log: 'before' }, long, { log: 'behind' }]))
  }
})

test('more entries than the source holds, and than one call can say the starts of', () => {
  const records = Array.from({ length: 20_000 }, (_, index) => ({ log: `line ${index}`, pad: 1 }))
  checkSame(entriesOf(records))
  checkSame(entriesOf(Array.from({ length: 10_000 }, () => ({}))))
})

test('places at the end of the usual ids', () => {
  const entries = entriesOf(Array.from({ length: 10 }, () => ({ a: 1 })))
  for (const firstEvent of [0, 63, 64, 4095, 4096, 262_143, EVENTS_MAX - SOURCE_BYTES - 3]) {
    checkSame(entries, { firstEvent })
  }
  for (const firstEvent of [EVENTS_MAX - 12, EVENTS_MAX - 3, EVENTS_MAX]) {
    checkSame(entries, { firstEvent })
  }
})

test('tags, batches and actions in turn', () => {
  const entries = entriesOf([{ a: 1 }])
  for (const length of [0, 1, 15, 16, 255, 400, 1000]) {
    for (const unit of ['t', '"', '\u0000', 'é', '\ud800']) {
      const tag = unit.repeat(length)
      checkSame(entries, { tag })
      checkSame(entries, { tag, sequence: length })
      checkSame(entries, { tag, buffer: 'another-buff' })
      const action = { index: 'i"\n', pipeline: unit.repeat(length), routing: 'r' }
      checkSame(entries, { tag }, action)
      checkSame(entries, {}, { ...NOWHERE, index: 'logs' })
    }
  }
})

test('seconds that change from line to line, at the ends of days and years', () => {
  const edges = [0, 59, 60, 86_399, 86_400, 951_782_399, 951_868_800, 4_107_542_399, 4_294_967_295]
  const entries = edges.flatMap((seconds) =>
    [0, 1, 999_999_999].map((part) => encodeEntry(seconds, part, { a: 1 })),
  )
  checkSame(joined(...entries, ...entries.toReversed()))
})
