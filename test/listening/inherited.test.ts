/** Which addresses the sockets have that systemd passed. */
import assert from 'node:assert/strict'
import { endianness } from 'node:os'
import { test } from 'node:test'
import { InheritedSockets, type ProcessFacts } from '../../src/listening/inherited.ts'

const NET = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid …'
const REST = '00000000:00000000 00:00000000 00000000   101        0'

/** As Linux shows them on a little-endian machine. */
const TABLES: Readonly<Record<string, string>> = {
  tcp: `${NET}
   0: 0100007F:5EA0 00000000:0000 0A ${REST} 11 1 0000000000000000 100 0 0 10 0
   1: 0100007F:5EA0 0200007F:9C40 01 ${REST} 12 1 0000000000000000 20 4 30 10 -1
`,
  tcp6: `${NET}
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A ${REST} 13 1
   1: B80D01200000000000000000010000AB:0050 00000000000000000000000000000000:0000 0A ${REST} 14 1
`,
  udp: `${NET}\n  5: 00000000:1414 00000000:0000 07 ${REST} 15 2 0000000000000000 0\n`,
  unix: `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01    16 /run/log boom/forward.sock
0000000000000000: 00000003 00000000 00000000 0001 03    17 /run/logboom/other.sock
0000000000000000: 00000002 00000000 00010000 0001 01    18
`,
}

function inherited(inodes: readonly number[], env: ProcessFacts['env'] = {}) {
  return new InheritedSockets({
    env: { LISTEN_FDS: String(inodes.length), LISTEN_PID: '4711', ...env },
    pid: 4711,
    table: (name) => TABLES[name] ?? '',
    descriptor: (fd) => `socket:[${inodes[fd - 3]}]`,
  })
}

test('each is known by its address, and given once', (t) => {
  if (endianness() !== 'LE') return t.diagnostic('the tables are of another kind of machine')
  const sockets = inherited([11, 13, 14, 15, 16])
  const keys = [
    'stream 127.0.0.1:24224',
    'stream [::]:8080',
    'stream [2001:db8::ab00:1]:80',
    'datagram 0.0.0.0:5140',
    'unix /run/log boom/forward.sock',
  ]
  assert.deepEqual(sockets.unused, [
    'tcp://127.0.0.1:24224',
    'tcp://[::]:8080',
    'tcp://[2001:db8::ab00:1]:80',
    'udp://0.0.0.0:5140',
    'unix:///run/log boom/forward.sock',
  ])
  assert.deepEqual(
    keys.map((key) => sockets.take(key)),
    [3, 4, 5, 6, 7],
  )
  assert.equal(sockets.take(keys[0]!), undefined)
  assert.deepEqual(sockets.unused, [])
})

test('what is connected, has no path or is no socket is said to be of no use', () => {
  const sockets = inherited([12, 17, 99], { LISTEN_FDNAMES: 'a:b:' })
  const unused = ['a (descriptor 3)', 'b (descriptor 4)', 'unknown (descriptor 5)']
  assert.deepEqual(sockets.unused, unused)
})

test('those of another process are left alone', () => {
  for (const env of [{ LISTEN_PID: '1' }, { LISTEN_PID: undefined }, { LISTEN_FDS: 'x' }])
    assert.deepEqual(inherited([11], env).unused, [])
})
