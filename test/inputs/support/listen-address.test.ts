/** Reading and writing listen addresses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  formatListenAddress,
  listenAddresses,
  parseListenAddress,
  plainAddress,
} from '../../../src/inputs/support/listen-address.ts'

test('reads addresses and writes them the same', () => {
  const check = (text: string, expected: object) => {
    const address = parseListenAddress(text)
    assert.deepEqual(address, expected)
    assert.equal(formatListenAddress(address), text)
  }
  check('tcp://127.0.0.1:24224', { kind: 'tcp', host: '127.0.0.1', port: 24224 })
  check('tls://[::1]:0', { kind: 'tls', host: '::1', port: 0 })
  check('udp://logs.example:65535', { kind: 'udp', host: 'logs.example', port: 65535 })
  check('unix:///run/x.sock', { kind: 'unix', path: '/run/x.sock' })
})

test('throws on what is no address', () => {
  const texts = [
    '',
    '127.0.0.1:24224',
    'http://127.0.0.1:80',
    'tcp://127.0.0.1',
    'tcp://127.0.0.1:65536',
    'tcp://:80',
    'tcp://::1:80',
    'unix://relative',
    'unix:///',
    `unix:///${'x'.repeat(107)}`,
  ]
  for (const text of texts) assert.throws(() => parseListenAddress(text), /cannot listen on/, text)
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
