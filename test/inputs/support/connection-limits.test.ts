/** Counting connections in and out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConnectionLimits } from '../../../src/inputs/support/connection-limits.ts'

const peer = (address: string | null) => ({ address, text: address ?? 'unix' })

test('keeps out what is too many, in all and of one address', () => {
  const limits = new ConnectionLimits({ connectionsMax: 3, connectionsPerAddressMax: 2 })
  assert.equal(limits.enter(peer('a')), null)
  assert.equal(limits.enter(peer('a')), null)
  assert.equal(limits.enter(peer('a')), 'connections_per_address_max')
  assert.equal(limits.enter(peer('b')), null)
  assert.equal(limits.enter(peer('c')), 'connections_max')
  limits.leave(peer('a'))
  assert.equal(limits.open, 2)
  assert.equal(limits.enter(peer('a')), null)
})

test('tells nobody apart on unix sockets', () => {
  const limits = new ConnectionLimits({ connectionsMax: 3, connectionsPerAddressMax: 1 })
  for (let count = 0; count < 3; count++) assert.equal(limits.enter(peer(null)), null)
  assert.equal(limits.enter(peer(null)), 'connections_max')
})
