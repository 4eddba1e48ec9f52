import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { encodeJsonNumber, putNineDigits } from '../../../src/codecs/json/number-encoder.ts'
import { floatJson } from '../msgpack-model.ts'
import { TightWriter } from '../tight-writer.ts'

function numberOf(bytes: Uint8Array): string {
  const writer = new TightWriter()
  encodeJsonNumber(bytes, 0, writer)
  return writer.text()
}

const view64 = (type: number) => {
  const view = new DataView(new ArrayBuffer(9))
  view.setUint8(0, type)
  return view
}

function checkUnsigned(value: bigint): void {
  const view = view64(0xcf)
  view.setBigUint64(1, value)
  assert.equal(numberOf(new Uint8Array(view.buffer)), `${value}`)
}

function checkSigned(value: bigint): void {
  const view = view64(0xd3)
  view.setBigInt64(1, value)
  assert.equal(numberOf(new Uint8Array(view.buffer)), `${value}`)
}

function checkFloat(value: number): void {
  const view = view64(0xcb)
  view.setFloat64(1, value)
  assert.equal(numberOf(new Uint8Array(view.buffer)), floatJson(value))
}

describe('integers', () => {
  test('keep all digits around every power of two and of ten', () => {
    const powers = [2n, 10n].flatMap((base) =>
      [...Array(64).keys()].map((exponent) => base ** BigInt(exponent)),
    )
    for (const value of powers.flatMap((power) => [power - 1n, power, power + 1n])) {
      if (value < 2n ** 64n) checkUnsigned(value)
      if (value < 2n ** 63n) checkSigned(value)
      if (value <= 2n ** 63n) checkSigned(-value)
    }
  })

  test('keep all digits of any 64 bits', () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), checkUnsigned))
    fc.assert(fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), checkSigned))
  })

  test('in every width', () => {
    const check = (hex: string, expected: string) =>
      assert.equal(numberOf(Buffer.from(hex, 'hex')), expected)
    check('00', '0')
    check('7f', '127')
    check('e0', '-32')
    check('ff', '-1')
    check('ccff', '255')
    check('cdffff', '65535')
    check('ceffffffff', '4294967295')
    check('d080', '-128')
    check('d07f', '127')
    check('d18000', '-32768')
    check('d17fff', '32767')
    check('d280000000', '-2147483648')
    check('d27fffffff', '2147483647')
    check('d30000000000000000', '0')
  })
})

describe('floats', () => {
  test('are the shortest that read back', () => {
    for (const value of [0, -0, 1, -1, 0.1, 1e21, 123456789012345680000, 1e-7, 5e-324]) {
      checkFloat(value)
    }
    checkFloat(Number.MAX_VALUE)
    checkFloat(-2.2250738585072014e-308)
    checkFloat(2 ** 53)
    checkFloat(-(2 ** 53) - 2)
    fc.assert(fc.property(fc.double(), checkFloat), { numRuns: 1000 })
  })

  test('that JSON does not know are null', () => {
    for (const value of [NaN, Infinity, -Infinity]) checkFloat(value)
  })

  test('of 32 bits are the double they stand for', () => {
    assert.equal(numberOf(Buffer.from('ca3dcccccd', 'hex')), '0.10000000149011612')
    assert.equal(numberOf(Buffer.from('ca3fc00000', 'hex')), '1.5')
    assert.equal(numberOf(Buffer.from('ca7f800000', 'hex')), 'null')
    assert.equal(numberOf(Buffer.from('ca80000000', 'hex')), '-0')
  })
})

test('nine digits have their zeros in front', () => {
  const check = (value: number, expected: string) => {
    const bytes = new Uint8Array(10)
    assert.equal(putNineDigits(bytes, 1, value), 10)
    assert.equal(Buffer.from(bytes.subarray(1)).toString(), expected)
  }
  check(0, '000000000')
  check(7, '000000007')
  check(123_456_789, '123456789')
  check(999_999_999, '999999999')
})
