/** Where the `forward` input listens: addresses, unix sockets, heartbeats, who may connect. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { forward as input } from '../../../src/inputs/forward/index.ts'
import { InputRun, runInput } from '../../drivers/run-input.ts'
import { validConfig } from '../../drivers/valid-config.ts'
import { ack } from '../../support/ack.ts'
import { leaveStaleSocket } from '../../support/stale-socket.ts'
import { packed, type Entry } from '../../support/forward-client.ts'

const ENTRIES: Entry[] = [[1_795_251_000, { log: 'one' }]]

test('listens on every address of a list', async (t) => {
  const path = join(folder(t), 'forward.sock')
  await using run = await runInput(input, `listen: ["tcp://127.0.0.1:0", "unix://${path}"]`)
  assert.match(run.address(0), /^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/)
  assert.equal(run.address(1), `unix://${path}`)
  for (const index of [0, 1]) {
    const peer = await run.connect(index)
    await peer.send(packed('a', ENTRIES, { chunk: 'c' }))
    assert.deepEqual(await peer.untilReceived(ack('c').length), ack('c'))
  }
  await run.stopAndCheckCompliance()
})

test('makes the socket file with its mode and removes it at the end', async (t) => {
  const path = join(folder(t), 'forward.sock')
  const yaml = `{ listen: "unix://${path}", socket_mode: "0622", source_address_key: from }`
  await using run = await runInput(input, yaml)
  assert.equal(statSync(path).mode & 0o777, 0o622)
  const peer = await run.connect()
  await peer.send(packed('a', ENTRIES))
  await run.untilRecords(1)
  assert.deepEqual(run.records, [{ log: 'one' }], 'a unix socket has no address to add')
  await run.stopAndCheckCompliance()
  assert.equal(statSync(path, { throwIfNoEntry: false }), undefined)
})

test('replaces the socket file of a killed process', async (t) => {
  const path = join(folder(t), 'forward.sock')
  await leaveStaleSocket(path)
  await using run = await runInput(input, `listen: unix://${path}`)
  const peer = await run.connect()
  await peer.send(packed('a', ENTRIES))
  await run.untilRecords(1)
  await run.stopAndCheckCompliance()
})

test('leaves a socket alone that somebody listens on, and any other file', async (t) => {
  const path = join(folder(t), 'forward.sock')
  const server = createServer((socket) => socket.destroy()).listen(path)
  await once(server, 'listening')
  await using run = new InputRun(input, `listen: unix://${path}`, {})
  await assert.rejects(run.start(), /cannot listen on unix:.*another process listens there/)
  await run.stop()
  server.close()
  await once(server, 'close')
  writeFileSync(path, 'precious')
  await using other = new InputRun(input, `listen: unix://${path}`, {})
  await assert.rejects(other.start(), /cannot listen on unix:.*no socket/)
  await other.stop()
  assert.equal(statSync(path).size, 'precious'.length)
})

test('says which address it cannot have', async (t) => {
  const path = join(folder(t), 'closed')
  chmodSync(folder(t), 0o700)
  await using run = new InputRun(input, `listen: unix://${path}/nowhere/forward.sock`, {})
  await assert.rejects(run.start(), /cannot listen on unix:.*expected a free address/)
  await run.stop()
})

test('answers heartbeats on the same UDP port', async () => {
  await using run = await runInput(input, 'listen: tcp://127.0.0.1:0')
  const socket = createSocket('udp4')
  socket.send(new Uint8Array([0]), Number(new URL(run.address()).port), '127.0.0.1')
  const [answer] = (await once(socket, 'message')) as [Buffer]
  assert.deepEqual([...answer], [0])
  assert.equal(run.metric('heartbeats_total'), 1)
  socket.close()
  await run.stopAndCheckCompliance()
})

test('refuses peers outside the allowed networks', async () => {
  const yaml = 'listen: tcp://127.0.0.1:0\nallow: [10.0.0.0/8, "::1"]'
  await using run = await runInput(input, yaml)
  const peer = await run.connect()
  await peer.untilEnded()
  assert.equal(run.metric('connections_refused_total', { reason: 'not_allowed' }), 1)
  assert.deepEqual(run.log.messages('warn'), ['refused a connection'])
  await run.stopAndCheckCompliance()
})

test('finds options that cannot work together', () => {
  const check = (yaml: string, expected: RegExp) =>
    assert.throws(() => validConfig(input, yaml), expected)
  check('listen: udp://127.0.0.1:1', /listen has a udp address/)
  check('listen: tls://127.0.0.1:1', /listen has a tls address without/)
  check('tls: { certificate: a, key: b }', /tls is of no use/)
  const versions = 'min_version: TLSv1.3, max_version: TLSv1.2'
  check(
    `listen: tls://127.0.0.1:1\ntls: { certificate: a, key: b, ${versions} }`,
    /tls\.max_version is older/,
  )
  check('security: { shared_key: k, user_auth: true }', /user_auth is on while/)
  check('security: { shared_key: k, allow_anonymous_source: false }', /nobody could connect/)
  check('security: { shared_key: k, clients: [{}] }', /clients\.0 has neither/)
  check(
    'security: { shared_key: k, clients: [{ host: a, network: 10.0.0.0/8 }] }',
    /clients\.0 has both/,
  )
  check(
    'security: { shared_key: k, clients: [{ host: a, users: [eve] }] }',
    /clients\.0\.users names eve/,
  )
})

test('claims the UDP port of its heartbeats too', () => {
  const claims = (yaml: string) => input.resources(validConfig(input, yaml) as never)
  assert.deepEqual(claims('{}'), ['tcp://127.0.0.1:24224', 'udp://127.0.0.1:24224'])
  assert.deepEqual(claims('udp_heartbeat: false'), ['tcp://127.0.0.1:24224'])
  assert.deepEqual(claims('listen: [unix:///run/x.sock]'), ['unix:///run/x.sock'])
})

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'logboom-forward-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}
