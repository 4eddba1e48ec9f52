import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Unpackr } from 'msgpackr'
import { ByteWriter } from '../../../src/codecs/byte-writer.ts'
import {
  writeArrayHeader,
  writeBin,
  writeBoolean,
  writeDouble,
  writeInteger,
  writeMapHeader,
  writeNil,
  writeStr,
  writeStrBytes,
} from '../../../src/codecs/msgpack/writer.ts'

const unpackr = new Unpackr({ useRecords: false, int64AsType: 'bigint' })

test('writes integers in their shortest form', () => {
  const check = (value: number | bigint, expected: string): void => {
    assert.equal(
      hexOf((writer) => writeInteger(writer, value)),
      expected,
      String(value),
    )
  }
  check(0, '00')
  check(127, '7f')
  check(128, 'cc80')
  check(256, 'cd0100')
  check(65536, 'ce00010000')
  check(2 ** 32 - 1, 'ceffffffff')
  check(2 ** 32, 'cf0000000100000000')
  check(5n, '05')
  check(2n ** 64n - 1n, 'cfffffffffffffffff')
  check(-1, 'ff')
  check(-32, 'e0')
  check(-33, 'd0df')
  check(-129, 'd1ff7f')
  check(-32769, 'd2ffff7fff')
  check(-(2 ** 31) - 1, 'd3ffffffff7fffffff')
  check(-(2n ** 63n), 'd38000000000000000')
  check(2n ** 64n, 'cb43f0000000000000')
  check(-(2n ** 63n) - 1n, 'cbc3e0000000000000')
  check(1.5, 'cb3ff8000000000000')
})

test('writes headers of every width', () => {
  const check = (count: number, map: string, array: string): void => {
    assert.equal(
      hexOf((writer) => writeMapHeader(writer, count)),
      map,
    )
    assert.equal(
      hexOf((writer) => writeArrayHeader(writer, count)),
      array,
    )
  }
  check(0, '80', '90')
  check(15, '8f', '9f')
  check(16, 'de0010', 'dc0010')
  check(65535, 'deffff', 'dcffff')
  check(65536, 'df00010000', 'dd00010000')
})

test('writes the single values', () => {
  assert.equal(hexOf(writeNil), 'c0')
  assert.equal(
    hexOf((writer) => writeBoolean(writer, true)),
    'c3',
  )
  assert.equal(
    hexOf((writer) => writeBoolean(writer, false)),
    'c2',
  )
  assert.equal(
    hexOf((writer) => writeDouble(writer, -0)),
    'cb8000000000000000',
  )
})

test('writes str and bin of every width', () => {
  const check = (length: number, str: string, bin: string): void => {
    const bytes = new Uint8Array(length).fill(0x61)
    const head = (write: (writer: ByteWriter) => void): string => hexOf(write).slice(0, str.length)
    assert.equal(
      head((writer) => writeStr(writer, 'a'.repeat(length))),
      str,
    )
    assert.equal(
      head((writer) => writeStrBytes(writer, bytes, 0, length)),
      str,
    )
    assert.equal(hexOf((writer) => writeBin(writer, bytes)).slice(0, bin.length), bin)
  }
  check(31, 'bf61', 'c41f61')
  check(32, 'd92061', 'c42061')
  check(256, 'da010061', 'c5010061')
  check(65536, 'db0001000061', 'c60001000061')
})

test('replaces lone surrogates and takes only the bytes asked for', () => {
  assert.equal(
    hexOf((writer) => writeStr(writer, 'é\ud800')),
    'a5c3a9efbfbd',
  )
  const bytes = Uint8Array.of(1, 0xff, 0xfe, 2)
  assert.equal(
    hexOf((writer) => writeStrBytes(writer, bytes, 1, 3)),
    'a2fffe',
  )
})

test('msgpackr reads back what was written', () => {
  const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n })
  const text = fc.string({ unit: 'binary', maxLength: 70_000 })
  fc.assert(
    fc.property(integer, fc.double(), text, (whole, real, string) => {
      const writer = new ByteWriter(1)
      writeArrayHeader(writer, 3)
      writeInteger(writer, whole)
      writeDouble(writer, real)
      writeStr(writer, string)
      const [first, ...rest] = unpackr.unpack(writer.written()) as [bigint, number, string]
      assert.equal(BigInt(first), whole)
      assert.deepEqual(rest, [real, string])
    }),
    { numRuns: 100 },
  )
})

function hexOf(write: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter(1)
  write(writer)
  return Buffer.from(writer.written()).toString('hex')
}
