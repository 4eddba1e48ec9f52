/** Reading and writing listen addresses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatListenAddress, parseListen } from '../../src/config/listen-address.ts'

test('reads addresses and writes them the same', () => {
  const check = (text: string, expected: object) => {
    const address = parseListen(text)
    assert.deepEqual(address, expected)
    assert.equal(address && formatListenAddress(address), text)
  }
  check('tcp://127.0.0.1:24224', { scheme: 'tcp', host: '127.0.0.1', port: 24224 })
  check('tls://[::1]:0', { scheme: 'tls', host: '::1', port: 0 })
  check('udp://logs.example:65535', { scheme: 'udp', host: 'logs.example', port: 65535 })
  check('unix:///run/x.sock', { scheme: 'unix', path: '/run/x.sock' })
})

test('refuses what is no address', () => {
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
    'tcp://a b:1',
  ]
  for (const text of texts) assert.equal(parseListen(text), undefined, text)
})
