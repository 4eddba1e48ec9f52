import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AckReader, encodeAck } from '../../../src/codecs/forward/ack.ts'
import type { CodecError } from '../../../src/codecs/codec-error.ts'
import { packRecord } from '../../support/entries.ts'

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

const nextOf = (numbers: Iterator<number, number>) => numbers.next().value

function read(...parts: readonly Uint8Array[]) {
  const reader = new AckReader()
  const ids: Uint8Array[] = []
  let error: CodecError | null = null
  for (const part of parts) error ??= reader.push(part, ids)
  return { ids: ids.map(text), error, isMidway: reader.isMidway }
}

test('reads what a server of ours writes, however it is split', () => {
  const id = fc.uint8Array({ minLength: 1, maxLength: 300 })
  fc.assert(
    fc.property(fc.array(id, { maxLength: 5 }), fc.infiniteStream(fc.nat(40)), (ids, cuts) => {
      const bytes = Buffer.concat(ids.map((each) => encodeAck(each, 'msgpack')))
      const parts: Buffer[] = []
      for (let start = 0; start < bytes.length;) {
        const end = start + 1 + nextOf(cuts)
        parts.push(bytes.subarray(start, end))
        start = end
      }
      assert.deepEqual(read(...parts), { ids: ids.map(text), error: null, isMidway: false })
    }),
  )
})

test('reads an id in a bin, and one among other keys', () => {
  const ack = packRecord({ note: [1, { deep: true }], ack: Buffer.from('abc') })
  assert.deepEqual(read(ack).ids, ['abc'])
})

test('knows that an acknowledgement has arrived in part', () => {
  const bytes = encodeAck(Buffer.from('abc'), 'msgpack')
  assert.deepEqual(read(bytes.subarray(0, 4)), { ids: [], error: null, isMidway: true })
})

const garbage: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['an array', packRecord(['ack', 'abc']), /found fixarray/],
  ['text', Buffer.from('HTTP/1.1 400 Bad Request'), /expected \{"ack": id\}/],
  ['a map of something else', packRecord({ nack: 'abc' }), /a map without an id/],
  ['an id that is a number', packRecord({ ack: 7 }), /a map without an id/],
  ['a byte that no msgpack has', Uint8Array.of(0xc1), /byte 0xc1/],
  ['a str that is far too long', Uint8Array.of(0xdb, 0x7f, 0xff, 0xff, 0xff), /reaching further/],
]

for (const [what, bytes, message] of garbage) {
  test(`refuses ${what}, and keeps what came before`, () => {
    const { ids, error } = read(Buffer.concat([encodeAck(Buffer.from('ok'), 'msgpack'), bytes]))
    assert.deepEqual(ids, ['ok'])
    assert.match(error?.message ?? 'no error', message)
  })
}

test('holds no more than one acknowledgement', () => {
  const reader = new AckReader()
  const endless = Buffer.concat([
    Uint8Array.of(0x81),
    packRecord('ack'),
    Buffer.from('db00001fff', 'hex'),
  ])
  assert.match(reader.push(endless, [])?.message ?? 'no error', /reaching further/)
})
