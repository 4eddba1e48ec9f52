import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBulkEncoder } from '../../../src/codecs/bulk/bulk-lines.ts'
import { BULK_FORMAT, type BulkFormat, LineStarts } from '../../../src/codecs/bulk/format.ts'
import { TightWriter } from '../tight-writer.ts'
import { joinedEntries, Pairs, Raw } from './made-events.ts'

const HEAD = '{"@timestamp":"2026-11-21T08:50:00.000000000Z","tag":"t"'

function documentOf(record: unknown, format: Partial<BulkFormat> = {}): string {
  const writer = new TightWriter()
  const events = { tag: 't', buffer: 'b', sequence: 0, firstEvent: 0 }
  const action = { index: null, pipeline: null, routing: null }
  const encode = createBulkEncoder({ ...BULK_FORMAT, ...format })
  encode({ ...events, entries: joinedEntries([record]) }, action, writer, new LineStarts())
  const line = writer.text().split('\n')[1]!
  assert.ok(line.startsWith(HEAD), line)
  return `{${line.slice(HEAD.length + 1)}`
}

const check = (record: unknown, expected: string, format?: Partial<BulkFormat>) => {
  assert.equal(documentOf(record, format), expected)
}
const KEPT = { replaceDots: null }
const nested = (levels: number, value: unknown): unknown =>
  levels === 0 ? value : { d: nested(levels - 1, value) }

test('keeps usual fields as they are', () => {
  check(
    { log: 'a"b\n', n: 1, list: [1, 'x', null], map: { a: { b: true } }, utf: 'é' },
    '{"log":"a\\"b\\n","n":1,"list":[1,"x",null],"map":{"a":{"b":true}},"utf":"é"}',
  )
})

test('replaces dots on all levels', () => {
  check({ 'a.b': 1, 'a.b.c': { 'd.e': 2 }, '.': 3 }, '{"a_b":1,"a_b_c":{"d_e":2},"_":3}')
  check({ 'a.b': 1 }, '{"a-b":1}', { replaceDots: '-' })
})

test('keeps dots where they make no conflict', () => {
  check({ 'a.b': 1, 'a.c': 2 }, '{"a.b":1,"a.c":2}', KEPT)
  check({ 'a.b': 1, 'a.b.c': 2 }, '{"a.b":1,"a_b_c":2}', KEPT)
  check({ a: { b: 1 }, 'a.b': 2 }, '{"a":{"b":1},"a_b":2}', KEPT)
  check({ 'a.b': 1, a: 2, a_b: 3 }, '{"_a_b":1,"a":2,"a_b":3}', KEPT)
  check({ x: { 'a.b': 1, a: 2 } }, '{"x":{"a_b":1,"a":2}}', KEPT)
  check({ '.a': 1, 'b.': 2, 'c..d': 3, '.': 4 }, '{"_.a":1,"b._":2,"c._.d":3,"_._":4}', KEPT)
  check({ 'tag.a': 1, '_id.b': 2 }, '{"_tag.a":1,"__id.b":2}', KEPT)
})

test('gives a name to what has none', () => {
  check({ '': 1, ' ': 2, '\u2003\t\u001f': 3 }, '{"_":1,"_ ":2,"_\u2003\\t\\u001f":3}')
  check({ a: { '': 1 } }, '{"a":{"_":1}}')
  check(new Pairs([7, 1], [null, 2], [[1.5], 3]), '{"7":1,"null":2,"[1_5]":3}')
})

test('renames what the document and the server have names for', () => {
  check(
    { tag: 1, '@timestamp': 2, _id: 3, _source: 4, other_fields: 5, _PID: 6, _own: 7 },
    '{"_tag":1,"_@timestamp":2,"__id":3,"__source":4,"_other_fields":5,"_PID":6,"_own":7}',
  )
  check({ source: 1, a: { _id: 2 } }, '{"source":1,"a":{"_id":2}}')
  check({ tag: 1, _tag: 2 }, '{"__tag":1,"_tag":2}')
})

test('goes on past a name that servers keep for themselves', () => {
  const writer = new TightWriter()
  const encode = createBulkEncoder({ ...BULK_FORMAT, tagField: 'source' })
  const events = { tag: 't', buffer: 'b', sequence: 0, firstEvent: 0 }
  const action = { index: null, pipeline: null, routing: null }
  encode({ ...events, entries: joinedEntries([{ source: 1 }]) }, action, writer, new LineStarts())
  assert.match(writer.text(), /"source":"t","__source":1\}/)
})

test('tells repeated names apart, and lets the last one keep it', () => {
  check(new Pairs(['a', 1], ['a', 2], ['a', 3]), '{"__a":1,"_a":2,"a":3}')
  check(new Pairs(['a', 1], ['_a', 2], ['a', 3]), '{"__a":1,"_a":2,"a":3}')
  check(new Pairs(['x', new Pairs(['a', 1], ['a', 2])]), '{"x":{"_a":1,"a":2}}')
  check({ 'a.b': 1, a_b: 2 }, '{"_a_b":1,"a_b":2}')
  check(new Pairs(['x.y', 1], ['x.y', 2], ['_x_y.z', 3]), '{"__x_y":1,"x.y":2,"_x_y.z":3}', KEPT)
  const illFormed = new Pairs([Buffer.from([0x61, 0xff]), 1], [Buffer.from([0x61, 0xfe]), 2])
  check(illFormed, '{"_a\ufffd":1,"a\ufffd":2}')
})

test('keeps names that are repeated too often as text', () => {
  const repeated = (count: number) =>
    new Pairs(...Array.from({ length: count }, (_, index) => ['a', index] as const))
  const document = JSON.parse(documentOf(repeated(34))) as Record<string, unknown>
  assert.equal(document[`${'_'.repeat(31)}a`], 2)
  assert.equal(document['other_fields'], '{"a":0,"a":1}')
  const inner = JSON.parse(documentOf(new Pairs(['x', repeated(34)]))) as Record<string, unknown>
  assert.match(String(inner['x']), /^\{"a":0,"a":1,"a":2,/)
})

test('keeps names that are too long as text', () => {
  const fits = 'n'.repeat(512)
  check({ [fits]: 1 }, `{"${fits}":1}`)
  check({ [`${fits}n`]: { a: '"' } }, `{"other_fields":"{\\"${fits}n\\":{\\"a\\":\\"\\\\\\"\\"}}"}`)
  check({ x: { [`${fits}n`]: 1 } }, `{"x":"{\\"${fits}n\\":1}"}`)
})

test('keeps fields past the limit as text', () => {
  const format = { fieldsMax: 6 }
  check({ a: 1, b: 2, c: 3 }, '{"a":1,"b":2,"c":3}', format)
  check(
    { a: 1, b: { x: [{ y: 1 }] }, c: 3 },
    '{"a":1,"c":3,"other_fields":"{\\"b\\":{\\"x\\":[{\\"y\\":1}]}}"}',
    { fieldsMax: 5 },
  )
  check(
    { a: 1, b: 2, c: 3, d: 4, e: '"' },
    '{"a":1,"b":2,"c":3,"other_fields":"{\\"d\\":4,\\"e\\":\\"\\\\\\"\\"}"}',
    format,
  )
})

test('keeps what is too deep as text', () => {
  const deepest = documentOf(nested(20, { d: 1 }))
  assert.ok(deepest.endsWith(`"d":"{\\"d\\":1}"${'}'.repeat(20)}`), deepest)
  const fits = documentOf(nested(19, { d: 1 }))
  assert.ok(fits.endsWith(`"d":1${'}'.repeat(20)}`), fits)
  check({ a: [[[1]]] }, '{"a":["[[1]]"]}', { depthMax: 2 })
  const path = (parts: number) => Array.from({ length: parts }, () => 'p').join('.')
  check({ [path(20)]: 1 }, `{"${path(20)}":1}`, KEPT)
  check({ [path(21)]: 1 }, `{"${path(21).replaceAll('.', '_')}":1}`, KEPT)
})

test('writes numbers so that a field has one type, and none is out of range', () => {
  check({ a: 1, b: -1.5, c: 1e300 }, '{"a":1,"b":-1.5,"c":1e+300}')
  const doubles = [
    [1, '1.0'],
    [0, '0.0'],
    [-0, '-0.0'],
    [-3, '-3.0'],
    [1e20, '100000000000000000000.0'],
    [NaN, 'null'],
    [Infinity, 'null'],
  ] as const
  for (const [value, text] of doubles) {
    const bytes = Buffer.alloc(9)
    bytes[0] = 0xcb
    bytes.writeDoubleBE(value, 1)
    check(new Pairs(['n', new Raw(bytes)]), `{"n":${text}}`)
    if (value !== 1e20) {
      const single = Buffer.alloc(5)
      single[0] = 0xca
      single.writeFloatBE(value, 1)
      check(new Pairs(['n', new Raw(single)]), `{"n":${text}}`)
    }
  }
  check({ n: 2n ** 63n - 1n, m: -(2n ** 63n) }, `{"n":${2n ** 63n - 1n},"m":${-(2n ** 63n)}}`)
  check({ n: 2n ** 63n, m: [2n ** 64n - 1n] }, `{"n":"${2n ** 63n}","m":["${2n ** 64n - 1n}"]}`)
})
