import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeJsonString } from '../../../src/codecs/json/string-encoder.ts'
import { writeUtf8 } from '../../../src/codecs/utf8.ts'
import { decoder, joined } from '../msgpack-model.ts'
import { TightWriter } from '../tight-writer.ts'

function check(text: Uint8Array): void {
  // Rubbish around the text: nothing beyond its end may be looked at.
  const source = joined([0xbf], text, [0xbf, 0xbf, 0xbf])
  const json = new TightWriter()
  encodeJsonString(source, 1, 1 + text.length, json)
  const expected = decoder.decode(text)
  if (json.text() !== JSON.stringify(expected)) assert.fail(Buffer.from(text).toString('hex'))
  const plain = new TightWriter()
  writeUtf8(source, 1, 1 + text.length, plain)
  if (plain.text() !== expected) assert.fail(Buffer.from(text).toString('hex'))
}

const ascii = (length: number): Uint8Array => new Uint8Array(length).fill(0x61)

/** Around 16-byte lanes and around the end of a block. */
const PREFIX_LENGTHS = [...range(0, 36), ...range(4090, 4098)]

/** One byte of each class that the UTF-8 decoder tells apart. */
const CLASSES = [
  0x00, 0x22, 0x61, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1,
  0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
]

test('repairs every combination of up to four byte classes as TextDecoder does', () => {
  check(ascii(0))
  const two = CLASSES.flatMap((first) => CLASSES.map((second) => [first, second]))
  for (const pair of two) check(new Uint8Array(pair))
  for (const pair of two) for (const third of CLASSES) check(new Uint8Array([...pair, third]))
  // All fours at once, each behind a letter so that none continues the one before.
  const fours = two.flatMap((front) => two.map((back) => [0x61, ...front, ...back]))
  for (let start = 0; start < fours.length; start += 256) {
    check(new Uint8Array(fours.slice(start, start + 256).flat()))
  }
})

test('repairs ill-formed bytes at every position around the borders', () => {
  const sequences = [
    '80',
    'c3',
    'c328',
    'e282',
    'e28228',
    'eda080',
    'f09f98',
    'f09f9828',
    'f4908080',
  ]
  const valid = ['c3a9', 'e282ac', 'ef bb bf'.replaceAll(' ', ''), 'e280a8', 'f09f9880', 'f48fbfbf']
  for (const sequence of [...sequences, ...valid].map((hex) => Buffer.from(hex, 'hex'))) {
    for (const length of PREFIX_LENGTHS) {
      check(joined(ascii(length), sequence))
      check(joined(ascii(length), sequence, ascii(1)))
      check(joined(ascii(length), sequence, sequence, ascii(17)))
    }
  }
})

test('escapes every byte that asks for it in every lane', () => {
  for (let byte = 0; byte < 0x80; byte++) {
    for (let length = 0; length < 20; length++) {
      check(joined(ascii(length), [byte], ascii(20 - length)))
      check(joined(ascii(length), [byte, byte]))
    }
  }
  for (const length of PREFIX_LENGTHS) check(joined(ascii(length), [0x0a], ascii(5)))
  check(joined(new Uint8Array(4095).fill(0x01), Buffer.from('f09f9880', 'hex')))
  check(new Uint8Array(10_000).fill(0x01))
  check(new Uint8Array(10_000).fill(0xff))
})

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}
