/** Reading what the kernel lost out of its own table. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dropsIn } from '../../../src/inputs/support/kernel-drops.ts'

const HEAD =
  '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout ' +
  'inode ref pointer drops\n'
const V4 =
  `${HEAD}  512: 0100007F:1414 00000000:0000 07 00000000:00000000 00:00000000 00000000     0` +
  '        0 9001 2 0000000000000000 42\n' +
  '  513: 00000000:1414 00000000:0000 07 00000000:00000000 00:00000000 00000000     0' +
  '        0 9002 2 0000000000000000 7\n'
const V6 =
  `${HEAD}  512: 00000000000000000000000001000000:1414 ` +
  '00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0' +
  '        0 9003 2 0000000000000000 5\n'

test('finds a socket by its address', () => {
  assert.equal(dropsIn(V4, { host: '127.0.0.1', port: 5140 }), 42)
  assert.equal(dropsIn(V4, { host: '0.0.0.0', port: 5140 }), 7)
  assert.equal(dropsIn(V6, { host: '::1', port: 5140 }), 5)
})

test('says nothing of a socket that is not there', () => {
  assert.equal(dropsIn(V4, { host: '127.0.0.1', port: 5141 }), undefined)
  assert.equal(dropsIn(V4, { host: '127.0.0.2', port: 5140 }), undefined)
  assert.equal(dropsIn('', { host: '127.0.0.1', port: 5140 }), undefined)
})
