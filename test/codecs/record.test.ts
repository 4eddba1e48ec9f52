import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  entryEnd,
  findField,
  mapBodyOffset,
  mapCount,
  payloadEnd,
  payloadStart,
  skipValue,
} from '../../src/codecs/record.ts'
import { encodeEntry, packRecord } from '../support/entries.ts'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const hex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))

test('skips one value of every msgpack type', () => {
  const check = (value: string): void => {
    const bytes = hex(`ff${value}ff`)
    assert.equal(skipValue(bytes, 1), bytes.length - 1, value)
  }
  for (const value of ['00', '7f', 'e0', 'c0', 'c2', 'c3', 'cc00', 'cd0000', 'ce00000000']) {
    check(value)
  }
  check(`cf${'00'.repeat(8)}`)
  for (const [type, size] of [
    ['d0', 1],
    ['d1', 2],
    ['d2', 4],
    ['d3', 8],
    ['ca', 4],
    ['cb', 8],
  ]) {
    check(`${type}${'00'.repeat(Number(size))}`)
  }
  for (const [type, size] of [
    ['d4', 1],
    ['d5', 2],
    ['d6', 4],
    ['d7', 8],
    ['d8', 16],
  ]) {
    check(`${type}07${'00'.repeat(Number(size))}`)
  }
  for (const value of ['a0', 'a161', 'd90161', 'da000161', 'db0000000161']) check(value)
  for (const value of ['c40161', 'c5000161', 'c60000000161']) check(value)
  for (const value of ['c7010561', 'c800010561', 'c9000000010561']) check(value)
  for (const value of ['90', '91c0', 'dc0001c0', 'dd00000001c0', '929191c0a161']) check(value)
  for (const value of ['80', '81c0c0', 'de0001c0c0', 'df00000001c0c0', '8201820102030402c0']) {
    check(value)
  }
})

test('finds the end of each of several entries', () => {
  const first = encodeEntry(1, 2, { a: 1 })
  const both = new Uint8Array(Buffer.concat([first, encodeEntry(3, 4, { b: [1, { c: 'x' }] })]))
  assert.equal(entryEnd(both, 0), first.length)
  assert.equal(entryEnd(both, first.length), both.length)
})

test('finds a field by its key', () => {
  const record = packRecord({ lo: 1, log: 'text', nested: { source: 2 }, source: 'stdout' })
  const at = findField(record, 0, utf8('log'))
  const found = record.subarray(payloadStart(record, at), payloadEnd(record, at))
  assert.equal(Buffer.from(found).toString(), 'text')
  const source = findField(record, 0, utf8('source'))
  assert.equal(payloadEnd(record, source) - payloadStart(record, source), 6)
  assert.equal(findField(record, 0, utf8('logs')), -1)
  assert.equal(findField(record, 0, utf8('')), -1)
})

test('takes the last of a repeated key, and only str keys', () => {
  const bytes = hex('84 a16b 01 c4016b 02 a16b 03 6b 04')
  assert.equal(bytes[findField(bytes, 0, utf8('k'))], 3)
})

test('gives -1 for the payload of what has none', () => {
  for (const value of ['01', 'c0', '80', 'd40700', 'cb0000000000000000']) {
    assert.equal(payloadStart(hex(value), 0), -1)
    assert.equal(payloadEnd(hex(value), 0), -1)
  }
  assert.deepEqual([payloadStart(hex('c40161'), 0), payloadEnd(hex('c40161'), 0)], [2, 3])
})

test('reads map headers of every width', () => {
  const check = (header: string, count: number, body: number): void => {
    assert.equal(mapCount(hex(header), 0), count)
    assert.equal(mapBodyOffset(hex(header), 0), body)
  }
  check('80', 0, 1)
  check('8f', 15, 1)
  check('de0100', 256, 3)
  check('df80000000', 2 ** 31, 5)
})

test('every field of every record is found where msgpackr put it', () => {
  const key = fc.string({ maxLength: 300, unit: 'binary' }).filter((text) => text !== '__proto__')
  const record = fc.dictionary(key, fc.jsonValue(), { maxKeys: 40, noNullPrototype: true })
  fc.assert(
    fc.property(record, (fields) => {
      const bytes = packRecord(fields)
      assert.equal(skipValue(bytes, 0), bytes.length)
      for (const [name, value] of Object.entries(fields)) {
        const at = findField(bytes, 0, utf8(name))
        const found = Buffer.from(bytes.subarray(at, skipValue(bytes, at)))
        assert.deepEqual(found, Buffer.from(packRecord(value)))
      }
    }),
    { numRuns: 100 },
  )
})
