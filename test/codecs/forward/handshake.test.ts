import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { CodecError } from '../../../src/codecs/codec-error.ts'
import {
  cutMessage,
  decodeHelo,
  decodePing,
  decodePong,
  encodeHelo,
  encodePing,
  encodePong,
  HANDSHAKE_MAX_BYTES,
  isSameDigest,
  passwordDigest,
  sharedKeyDigest,
} from '../../../src/codecs/forward/handshake.ts'
import { packRecord } from '../../support/entries.ts'

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
const rawNonce = Uint8Array.from({ length: 16 }, (_, index) => 0xf0 | index)
const ping = {
  hostname: bytesOf('client'),
  salt: rawNonce,
  digest: bytesOf('d'.repeat(128)),
  username: bytesOf('bob'),
  passwordDigest: bytesOf('p'.repeat(128)),
}

test('writes HELO as Fluentd does', () => {
  const helo = encodeHelo({ nonce: rawNonce, authSalt: bytesOf('salt'), keepalive: true })
  const expected = Buffer.concat([
    Buffer.from('92a4', 'hex'),
    Buffer.from('HELO'),
    Buffer.from('83a56e6f6e6365c410', 'hex'),
    rawNonce,
    Buffer.from('a461757468c404', 'hex'),
    Buffer.from('salt'),
    Buffer.from('a96b656570616c697665c3', 'hex'),
  ])
  assert.deepEqual(Buffer.from(helo), expected)
})

test('every message reads back as it was written, raw bytes included', () => {
  const helo = { nonce: rawNonce, authSalt: new Uint8Array(0), keepalive: false }
  assert.deepEqual(decodeHelo(encodeHelo(helo)), helo)
  assert.deepEqual(decodePing(encodePing(ping)), ping)
  const pong = { isAccepted: false, reason: 'no', hostname: bytesOf(''), digest: bytesOf('') }
  assert.deepEqual(decodePong(encodePong(pong)), pong)
})

test('reads HELO with raw bytes in str, as Fluent Bit sends it, and without options', () => {
  const nonce = Buffer.concat([Buffer.from('92a448454c4f81a56e6f6e6365b0', 'hex'), rawNonce])
  const expected = { nonce: rawNonce, authSalt: new Uint8Array(0), keepalive: true }
  assert.deepEqual(decodeHelo(new Uint8Array(nonce)), expected)
})

test('refuses what is not the message that was due', () => {
  const check = (message: Uint8Array, offset: number, expected: string): void => {
    const error = decodePing(message)
    assert.ok(error instanceof CodecError)
    assert.deepEqual([error.offset, error.expected], [offset, expected])
  }
  check(new Uint8Array(0), 0, 'PING, an array of 6')
  check(packRecord({ a: 1 }), 0, 'PING, an array of 6')
  check(packRecord(['PING', 'a', 'b']), 0, 'PING, an array of 6')
  check(packRecord(['PONG', 'a', 'b', 'c', 'd', 'e']), 1, 'the word PING')
  check(packRecord(['PING', 'a', 'b', 3, 'd', 'e']), 10, 'a str or bin')
  check(encodePing(ping).subarray(0, 20), 0, 'PING, an array of 6')
  check(Uint8Array.of(0x96, 0xc1), 1, 'a msgpack type')
  for (const message of [['HELO'], ['HELO', 1], ['HELO', {}], ['HELO', { nonce: 1 }]]) {
    assert.ok(decodeHelo(packRecord(message)) instanceof CodecError)
  }
  for (const message of [
    ['PONG', true],
    ['PONG', true, '', 1, ''],
    ['PONG', true, '', '', 1],
  ]) {
    assert.ok(decodePong(packRecord(message)) instanceof CodecError)
  }
})

test('cuts the first message off a stream, whenever it is whole', () => {
  const message = encodePing(ping)
  const stream = new Uint8Array(Buffer.concat([message, bytesOf('rest')]))
  for (let end = 0; end < message.length; end++) {
    assert.equal(cutMessage(stream.subarray(0, end)), null)
  }
  const cut = cutMessage(stream)
  assert.ok(cut !== null && !(cut instanceof CodecError))
  assert.deepEqual([Buffer.from(cut.message), cut.length], [Buffer.from(message), message.length])
})

test('takes no message longer than a handshake has', () => {
  const error = cutMessage(Uint8Array.of(0x96, 0xc6, 0x00, 0x01, 0x00, 0x00))
  assert.ok(error instanceof CodecError)
  assert.equal(error.reason, 'frame_too_large')
  assert.match(error.expected, new RegExp(`${HANDSHAKE_MAX_BYTES}`))
})

test('digests the bytes in the order of the protocol', () => {
  const proof = {
    salt: rawNonce,
    hostname: bytesOf('h'),
    nonce: bytesOf('n'),
    sharedKey: bytesOf('k'),
  }
  const hex = createHash('sha512')
    .update(Buffer.concat([rawNonce, bytesOf('hnk')]))
    .digest('hex')
  assert.equal(Buffer.from(sharedKeyDigest(proof)).toString(), hex)
  const password = { authSalt: bytesOf('s'), username: bytesOf('u'), password: bytesOf('p') }
  const passwordHex = createHash('sha512').update('sup').digest('hex')
  assert.equal(Buffer.from(passwordDigest(password)).toString(), passwordHex)
})

test('compares digests', () => {
  assert.equal(isSameDigest(bytesOf('abc'), bytesOf('abc')), true)
  assert.equal(isSameDigest(bytesOf('abc'), bytesOf('abd')), false)
  assert.equal(isSameDigest(bytesOf('abc'), bytesOf('ab')), false)
})
