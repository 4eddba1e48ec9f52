/** Looking up addresses in a list of networks. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NetworkList } from '../../../src/inputs/support/network-list.ts'

test('finds addresses by network, of either family', () => {
  const list = new NetworkList(['10.0.0.0/8', '192.168.1.5', 'fd00::/8', '::1', '0.0.0.0/32'])
  const check = (address: string, expected: boolean) =>
    assert.equal(list.includes(address), expected, address)
  check('10.255.0.1', true)
  check('::ffff:10.255.0.1', true)
  check('11.0.0.1', false)
  check('192.168.1.5', true)
  check('192.168.1.6', false)
  check('fd12::1', true)
  check('fe80::1', false)
  check('::1', true)
  check('', false)
  check('unix', false)
})

test('an empty list holds nobody, a network of length 0 everybody of its family', () => {
  assert.equal(new NetworkList([]).includes('127.0.0.1'), false)
  assert.equal(new NetworkList(['0.0.0.0/0']).includes('8.8.8.8'), true)
  assert.equal(new NetworkList(['0.0.0.0/0']).includes('::1'), false)
})

test('throws on what is no network', () => {
  for (const text of ['', 'ten', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '::/129', '1.2.3/8']) {
    assert.throws(() => new NetworkList([text]), /cannot read network/, text)
  }
})
