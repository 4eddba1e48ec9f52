/** The `listen` option, and how peers are shown. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listenAddresses, parseListenAddress } from '../../../src/inputs/support/listen-list.ts'
import { plainAddress } from '../../../src/inputs/support/peer.ts'

test('throws on what the schema should have refused', () => {
  assert.throws(() => parseListenAddress('http://a:1'), /cannot listen on http:\/\/a:1/)
})

test('takes one address or several', () => {
  assert.deepEqual(listenAddresses('tcp://a:1'), ['tcp://a:1'])
  assert.deepEqual(listenAddresses(['tcp://a:1', 'tcp://b:1']), ['tcp://a:1', 'tcp://b:1'])
})

test('shows IPv4 peers of an IPv6 listener as they are known', () => {
  assert.equal(plainAddress('::ffff:10.1.2.3'), '10.1.2.3')
  assert.equal(plainAddress('::ffff:abcd'), '::ffff:abcd')
  assert.equal(plainAddress('fe80::1'), 'fe80::1')
})
