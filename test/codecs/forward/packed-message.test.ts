import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unpack } from 'msgpackr'
import {
  packedHead,
  packedTail,
  type PackedMessage,
} from '../../../src/codecs/forward/packed-message.ts'
import { entriesOf } from '../../support/entries.ts'

function check(message: PackedMessage, entries: Uint8Array, expected: unknown): void {
  const bytes = [packedHead(message, entries.length), entries, packedTail(message)]
  assert.deepEqual(unpack(Buffer.concat(bytes)), expected)
}

test('writes PackedForward that another msgpack reads', () => {
  for (const count of [1, 3, 20, 5000]) {
    const entries = entriesOf(Array.from({ length: count }, (_, n) => ({ n })))
    const message = { tag: 'docker.wéb', count, chunk: 'abc=', compression: null }
    const expected = ['docker.wéb', Buffer.from(entries), { size: count, chunk: 'abc=' }]
    check(message, entries, expected)
  }
})

test('says how the entries are compressed', () => {
  const message = { tag: 't', count: 2, chunk: null, compression: 'zstd' } as const
  const expected = ['t', Buffer.from([1, 2]), { size: 2, compressed: 'zstd' }]
  check(message, Uint8Array.of(1, 2), expected)
})

test('asks for no acknowledgement without an id', () => {
  const message = { tag: 't', count: 300, chunk: null, compression: null }
  check(message, Uint8Array.of(), ['t', Buffer.alloc(0), { size: 300 }])
})
