import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MsgpackScanner, SCAN_FAILED, SCAN_MORE } from '../../../src/codecs/msgpack/scanner.ts'
import { packRecord } from '../../support/entries.ts'

const hex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))

test('finds the end of a value and the start of its children', () => {
  const scanner = scannerOf()
  const check = (value: string, children: readonly number[]): void => {
    const bytes = hex(`c1${value}c1`)
    assert.equal(scanner.scan(bytes, 1, bytes.length), bytes.length - 2, value)
    assert.equal(scanner.childCount, children.length)
    assert.deepEqual([...scanner.childOffsets.subarray(0, children.length)], children)
  }
  check('c0', [])
  check('90', [])
  check('92 a161 c0', [1, 3])
  check('93 920102 8101910a 03', [1, 4, 8])
  check('81 a161 9101', [1, 3])
  check('dc0002 01 02', [3, 4])
})

test('waits for every byte of a value, whatever its type', () => {
  for (const value of [
    'ce00000001',
    'a26162',
    'da00026162',
    'c702056162',
    'dd00000001c0',
    '81a16191c0',
  ]) {
    const bytes = hex(value)
    const scanner = scannerOf()
    for (let end = 1; end < bytes.length; end++) {
      assert.equal(scanner.scan(bytes, 0, end), SCAN_MORE, `${value} up to ${end}`)
    }
    assert.equal(scanner.scan(bytes, 0, bytes.length), bytes.length)
  }
})

test('fails at the byte that cannot be', () => {
  const check = (value: string, reason: string, offset: number): void => {
    const scanner = scannerOf()
    assert.equal(scanner.scan(hex(value), 0, hex(value).length), SCAN_FAILED)
    assert.deepEqual([scanner.error?.reason, scanner.error?.offset], [reason, offset])
  }
  check('c1', 'unused_type', 0)
  check('92 a161 c1', 'unused_type', 3)
  check('dd 00010000', 'frame_too_large', 0)
  check('92 01 df 7fffffff', 'frame_too_large', 2)
  check('91 db ffffffff', 'frame_too_large', 1)
  check('91 c9 ffffffff', 'frame_too_large', 1)
  // Each array alone would fit, together they promise more than a value may have.
  check('dc 0300 dc 0200', 'frame_too_large', 3)
})

test('says so when a value is nested too deep, and still finds its end', () => {
  const scanner = scannerOf()
  const check = (value: string, isTooDeep: boolean): void => {
    const bytes = hex(value)
    assert.equal(scanner.scan(bytes, 0, bytes.length), bytes.length)
    assert.equal(scanner.isTooDeep, isTooDeep, value)
  }
  check('91919101', false)
  check('9191919101', true)
  check('9191919201920102', true)
  check('9191929101910202'.slice(0, 14), true)
  check('91919190', false)
  const children = hex('92 919191920102 03')
  assert.equal(scanner.scan(children, 0, children.length), children.length)
  assert.deepEqual([...scanner.childOffsets.subarray(0, scanner.childCount)], [1, 7])
})

test('a million open arrays take neither stack nor memory', () => {
  const scanner = new MsgpackScanner({ depthMax: 3, valueMaxBytes: 2_000_000 })
  const bytes = new Uint8Array(1_000_000).fill(0x91)
  assert.equal(scanner.scan(bytes, 0, bytes.length), SCAN_MORE)
  assert.equal(scanner.isTooDeep, true)
})

test('goes on where it stopped, also in another array', () => {
  const record = fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true })
  fc.assert(
    fc.property(record, fc.nat(), fc.nat(50), (fields, cut, shift) => {
      const bytes = packRecord(fields)
      const end = cut % bytes.length
      const scanner = new MsgpackScanner({ depthMax: 50, valueMaxBytes: bytes.length })
      assert.equal(scanner.scan(bytes, 0, end), SCAN_MORE)
      const moved = new Uint8Array(shift + bytes.length + 1)
      moved.set(bytes, shift)
      assert.equal(scanner.scan(moved, shift, moved.length), bytes.length)
      assert.equal(scanner.childCount, 2 * Object.keys(fields).length)
    }),
    { numRuns: 300 },
  )
})

function scannerOf(): MsgpackScanner {
  return new MsgpackScanner({ depthMax: 3, valueMaxBytes: 1024 })
}
