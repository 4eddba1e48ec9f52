/** Headers of the PROXY protocol, both versions, whole and not, and what is none. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readProxyHeader } from '../../src/codecs/proxy-protocol.ts'

const SIGNATURE = '0d0a0d0a000d0a515549540a'
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))
const hex = (text: string) => new Uint8Array(Buffer.from(SIGNATURE + text, 'hex'))

function check(bytes: Uint8Array, source: object | null): void {
  const rest = Buffer.from('<13>text')
  const whole = readProxyHeader(Buffer.concat([bytes, rest]))
  assert.deepEqual(whole, { kind: 'header', length: bytes.length, source })
  for (let length = 0; length < bytes.length; length++) {
    assert.equal(readProxyHeader(bytes.subarray(0, length)).kind, 'more', `${length} bytes`)
  }
}

test('version 1', () => {
  check(bytesOf('PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n'), {
    address: '192.0.2.1',
    port: 56324,
  })
  check(bytesOf('PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n'), { address: '2001:db8::1', port: 1 })
  check(bytesOf('PROXY UNKNOWN\r\n'), null)
})

test('version 2', () => {
  check(hex('2111000cc0000201c6336401dc0401bb'), { address: '192.0.2.1', port: 56324 })
  check(hex('2111000fc0000201c6336401dc0401bb040000'), { address: '192.0.2.1', port: 56324 })
  const [source, target] = ['20010db8000000000000000000000001', '20010db8000000000000000000000002']
  check(hex(`21210024${source}${target}00010002`), { address: '2001:db8::1', port: 1 })
  check(hex('20000000'), null)
  check(hex('21000000'), null)
})

test('what is none', () => {
  const bad = (bytes: Uint8Array) => assert.equal(readProxyHeader(bytes).kind, 'bad')
  bad(bytesOf('<13>text'))
  bad(bytesOf('PROXY TCP4 2001:db8::1 198.51.100.1 1 2\r\n'))
  bad(bytesOf('PROXY TCP4 192.0.2.1 198.51.100.1 x 2\r\n'))
  bad(bytesOf('PROXY TCP4 192.0.2.1 198.51.100.1 1 2\n'))
  bad(bytesOf(`PROXY ${'x'.repeat(200)}`))
  bad(hex('3111000cc0000201c6336401dc0401bb'))
  bad(hex('2111ffff'))
})
