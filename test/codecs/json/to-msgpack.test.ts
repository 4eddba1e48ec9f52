import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Unpackr } from 'msgpackr'
import { ByteWriter } from '../../../src/codecs/byte-writer.ts'
import { JsonFramer } from '../../../src/codecs/json/framer.ts'
import { JsonToMsgpack } from '../../../src/codecs/json/to-msgpack.ts'
import { SCAN_MORE } from '../../../src/codecs/msgpack/scanner.ts'

const unpackr = new Unpackr({ useRecords: false, int64AsType: 'number' })

test('turns JSON into msgpack bytes', () => {
  const check = (json: string, expected: string): void => {
    const writer = new ByteWriter(1)
    assert.equal(transcode(json, writer), null, json)
    assert.equal(hexOf(writer), expected.replaceAll(' ', ''), json)
  }
  check('null', 'c0')
  check(' true\n', 'c3')
  check('false', 'c2')
  check('""', 'a0')
  check('"é"', 'a2 c3a9')
  check('{}', '80')
  check('[ ]', '90')
  check('{"b":1,"a":[],"b":{"c":null}}', '83 a162 01 a161 90 a162 81 a163 c0')
  check(`[${'1,'.repeat(15)}1]`, `dc0010 ${'01'.repeat(16)}`)
  check(`[[${'1,'.repeat(15)}1],2]`, `92 dc0010 ${'01'.repeat(16)} 02`)
  // Numbers
  check('0', '00')
  check('-0', 'cb 8000000000000000')
  check('-33', 'd0 df')
  check('9007199254740993', 'cf 0020000000000001')
  check('18446744073709551615', 'cf ffffffffffffffff')
  check('-9223372036854775808', 'd3 8000000000000000')
  // Beyond 64 bits: a double that has the digits, else the text
  check('100000000000000000000000', 'cb 44b52d02c7e14af6')
  check('-123456789012345680000', 'cb c41ac53a7e04bcda')
  check('18446744073709551616', `b4 ${hexOfText('18446744073709551616')}`)
  check('-9223372036854775809', `b4 ${hexOfText('-9223372036854775809')}`)
  check('123456789012345678901234567890', `be ${hexOfText('123456789012345678901234567890')}`)
  check('999999999999999999999999999999', `be ${'39'.repeat(30)}`)
  check('100000000000000000000001', `b8 ${hexOfText('100000000000000000000001')}`)
  check('1.5', 'cb 3ff8000000000000')
  check('15e-1', 'cb 3ff8000000000000')
  check('1E+2', 'cb 4059000000000000')
  // What no double can hold is a text
  check('1e400', 'a5 3165343030')
  check('[-1.5E999,1]', '92 a8 2d312e3545393939 01')
  check('9'.repeat(310), `da0136 ${'39'.repeat(310)}`)
  // Escapes
  check('"\\"\\\\\\/\\b\\f\\n\\r\\t"', 'a8 225c2f080c0a0d09')
  check('"a\\u0000\\u00e9\\u20AC"', 'a7 6100c3a9e282ac')
  check('"\\ud83d\\ude00"', 'a4 f09f9880')
  check('"\\ud83dx"', 'a4 efbfbd78')
  check('"\\ude00\\ud83d"', 'a6 efbfbdefbfbd')
  check('"\\ude00\\ude00"', 'a6 efbfbdefbfbd')
  check('"\\ud83d\\u0041"', 'a4 efbfbd41')
  check('{"\\u006b":1}', '81 a16b 01')
})

test('passes bytes that are not UTF-8 through', () => {
  const writer = new ByteWriter(1)
  const bytes = Uint8Array.of(0x22, 0xff, 0xc3, 0x22)
  assert.equal(new JsonToMsgpack(4).transcode(bytes, 0, 4, writer), null)
  assert.equal(hexOf(writer), 'a2ffc3')
})

test('says where JSON is wrong and leaves the writer as it was', () => {
  const check = (json: string, offset: number, reason = 'invalid_json'): void => {
    const writer = new ByteWriter(1)
    writer.append(Uint8Array.of(7))
    const error = transcode(json, writer)
    assert.deepEqual([error?.offset, error?.reason], [offset, reason], json)
    assert.equal(hexOf(writer), '07')
  }
  check('', 0)
  check('  ', 2)
  check('x', 0)
  check('tru', 0)
  check('nul1', 0)
  check('1 2', 2)
  check('[1,]', 3)
  check('[1 2]', 3)
  check('[1}', 2)
  check('{"a"}', 4)
  check('{"a":}', 5)
  check('{"a":1,}', 7)
  check('{a:1}', 1)
  check('{"a":1', 6)
  check('{"a"', 4)
  check('["a', 3)
  check('["a\nb"]', 3)
  check('["a\u001fb"]', 3)
  check('["\\n\u001fb"]', 4)
  check('"\\x"', 1)
  check('"ab\\u12g4"', 3)
  check('"\\', 1)
  check('01', 0)
  check('-', 0)
  check('1.', 0)
  check('1e', 0)
  check('.5', 0)
  check('+1', 0)
  check('[[[[[1]]]]]', 4, 'depth_exceeded')
})

test('reads what JSON.parse reads, and refuses what it refuses', () => {
  const json = fc.json({ maxDepth: 6 })
  const broken = fc.tuple(
    json,
    fc.nat(),
    fc.constantFrom('"', ',', '}', ']', '\\', '0', '-', 'e', ' '),
  )
  const damaged = broken.map(([text, at, letter]) => {
    const position = at % text.length
    return text.slice(0, position) + letter + text.slice(position + 1)
  })
  // msgpackr, which reads the result here, gives this one key another name.
  const readable = fc.oneof(json, damaged).filter((text) => !text.includes('__proto__'))
  fc.assert(
    fc.property(readable, (text) => {
      const expected = parse(text)
      const writer = new ByteWriter(1)
      const error = transcode(text, writer, 64)
      assert.equal(error === null, expected !== undefined, text)
      if (error === null) assert.deepEqual(unpackr.unpack(writer.written()), expected)
    }),
    { numRuns: 1000 },
  )
})

test('escapes of any character read back', () => {
  const text = fc.string({ unit: 'binary' })
  const escaped = text.map((plain) =>
    [...plain].flatMap((letter) => [...Array(letter.length).keys()].map((at) => unit(letter, at))),
  )
  fc.assert(
    fc.property(fc.tuple(text, escaped), ([plain, units]) => {
      const writer = new ByteWriter(1)
      assert.equal(transcode(`[${JSON.stringify(plain)},"${units.join('')}"]`, writer), null)
      const expected = JSON.parse(`[${JSON.stringify(plain)},"${units.join('')}"]`) as unknown
      assert.deepEqual(unpackr.unpack(writer.written()), expected)
    }),
    { numRuns: 200 },
  )
})

test('the framer finds the end of an array or object at any cut', () => {
  const value = fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()))
  fc.assert(
    fc.property(value, fc.nat(), (item, cut) => {
      const bytes = new TextEncoder().encode(`${JSON.stringify(item)}]}"`)
      const length = bytes.length - 3
      const framer = new JsonFramer(length)
      const end = 1 + (cut % (length - 1))
      if (end < length) assert.equal(framer.scan(bytes, 0, end), SCAN_MORE)
      assert.equal(framer.scan(bytes, 0, bytes.length), length)
    }),
    { numRuns: 300 },
  )
})

function transcode(
  json: string,
  writer: ByteWriter,
  depthMax = 4,
): ReturnType<JsonToMsgpack['transcode']> {
  // With bytes around it that are not its own.
  const bytes = new TextEncoder().encode(`"1${json}1]"`)
  return new JsonToMsgpack(depthMax).transcode(bytes, 2, bytes.length - 3, writer)
}

/** What no double can hold is its text. */
function unlessInfinite(_key: string, value: unknown, { source }: { source?: string } = {}) {
  return value === Infinity || value === -Infinity ? source : value
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text, unlessInfinite) as unknown
  } catch (error) {
    assert.ok(error instanceof SyntaxError)
    return undefined
  }
}

function unit(letter: string, at: number): string {
  return `\\u${letter.charCodeAt(at).toString(16).padStart(4, '0')}`
}

function hexOfText(text: string): string {
  return Buffer.from(text).toString('hex')
}

function hexOf(writer: ByteWriter): string {
  return Buffer.from(writer.written()).toString('hex')
}
