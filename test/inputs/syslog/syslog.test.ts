/** The `syslog` input on real sockets: UDP, TCP, TLS and unix, and what it refuses to be. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { parseListen } from '../../../src/config/listen-address.ts'
import { syslog } from '../../../src/inputs/syslog/index.ts'
import { runInput, type InputRun } from '../../drivers/run-input.ts'
import { validConfig } from '../../drivers/valid-config.ts'
import { keyPem, makeAuthority, makeCertificate } from '../../support/certificates.ts'

const OLD = '<30>Nov 26 11:59:58 h app[1]: '
const NEW = '<27>1 2026-11-26T11:59:58Z h app 1 - - '
const counted = (text: string) => Buffer.from(`${Buffer.byteLength(text)} ${text}`)

const messages = (run: InputRun) => run.records.map(({ message }) => message)

test('tcp: both framings, with the address and the time of arrival', async () => {
  await using run = await runInput(syslog, 'listen: tcp://127.0.0.1:0')
  const before = Date.now()
  const peer = await run.connect()
  await peer.send(Buffer.from(`${OLD}one\n`))
  await run.untilRecords(1)
  await peer.send(counted(`${NEW}two`))
  await run.untilRecords(2)
  const [first] = run.records
  const { received_at, ...rest } = first!
  const arrival = Date.parse(String(received_at))
  assert.ok(arrival >= before - 1 && arrival <= Date.now())
  assert.deepEqual(rest, {
    facility: 'daemon',
    facility_code: 3,
    severity: 'info',
    severity_code: 6,
    host: 'h',
    ident: 'app',
    pid: '1',
    message: 'one',
    source_address: '127.0.0.1',
  })
  assert.deepEqual(run.tags, ['syslog.daemon.info', 'syslog.daemon.err'])
  await run.stopAndCheckCompliance()
})

test('unix: a stream, without an address', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'logboom-syslog-'))
  try {
    await using run = await runInput(syslog, `listen: unix://${join(folder, 'log.sock')}`)
    const peer = await run.connect()
    await peer.send(Buffer.from(`${OLD}one\n${OLD}two`))
    peer.socket.end()
    await run.untilRecords(2)
    assert.deepEqual(messages(run), ['one', 'two'])
    assert.ok(!('source_address' in run.records[0]!))
    await run.stopAndCheckCompliance()
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('tls: as RFC 5425 and as Docker sends its old formats', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'logboom-syslog-'))
  try {
    const { authority, options } = writeCertificate(folder)
    await using run = await runInput(syslog, `listen: tls://127.0.0.1:0\n${options}`)
    const peer = await run.connectTls({ ca: authority.pem })
    await peer.send(counted(`${NEW}one\n`))
    await peer.send(Buffer.from(`${OLD}two\n`))
    await run.untilRecords(2)
    assert.deepEqual(messages(run), ['one', 'two'])
    await run.stopAndCheckCompliance()
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('udp: one message per datagram, and none of an empty one', async () => {
  await using run = await runInput(syslog, 'listen: udp://127.0.0.1:0')
  await sendDatagrams(run, [`${OLD}one\n`, '', `${OLD}two\nthree`, 'garbage'])
  await run.untilRecords(3)
  assert.deepEqual(messages(run), ['one', 'two\nthree', 'garbage'])
  assert.equal(run.records[2]!['parse_failed'], 'no_header')
  assert.equal(run.records[2]!['source_address'], '127.0.0.1')
  assert.equal(run.metric('parse_failed_total'), 1)
  assert.equal(run.metric('empty_datagrams_total'), 1)
  await run.stopAndCheckCompliance()
})

test('says who is behind a proxy, and refuses whoever is not one', async () => {
  await using run = await runInput(syslog, 'listen: tcp://127.0.0.1:0\nproxy_protocol: true')
  const peer = await run.connect()
  await peer.send(Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.1 5'))
  await peer.send(Buffer.from(`6324 443\r\n${OLD}one\n`))
  await run.untilRecords(1)
  await peer.send(Buffer.from(`${OLD}two\n`))
  await run.untilRecords(2)
  assert.deepEqual(messages(run), ['one', 'two'])
  assert.equal(run.records[1]!['source_address'], '192.0.2.1')
  const other = await run.connect()
  await other.send(Buffer.from(`${OLD}three\n`))
  await other.untilEnded()
  assert.equal(run.metric('connections_refused_total', { reason: 'proxy_header' }), 1)
  const silent = await run.connect()
  await run.stopAndCheckCompliance()
  await silent.untilEnded()
})

test('says who is behind a proxy that passes TLS on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'logboom-syslog-'))
  try {
    const { authority, options } = writeCertificate(folder)
    const yaml = `listen: tls://127.0.0.1:0\nproxy_protocol: true\n${options}`
    await using run = await runInput(syslog, yaml)
    const raw = await run.connect()
    await raw.send(Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n'))
    const secure = connectTls({ socket: raw.socket, ca: authority.pem, servername: 'localhost' })
    await once(secure, 'secureConnect')
    secure.write(`${OLD}one\n`)
    await run.untilRecords(1)
    assert.equal(run.records[0]!['source_address'], '192.0.2.1')
    secure.destroy()
    await run.stopAndCheckCompliance()
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('tag, fields and keys of choice', async () => {
  const yaml =
    'listen: tcp://127.0.0.1:0\ntag: "logs.${host}"\nfields: ecs\narrival_time_key: ""\n' +
    'source_address_key: from'
  await using run = await runInput(syslog, yaml)
  const peer = await run.connect()
  await peer.send(Buffer.from(`${OLD}one\n`))
  await run.untilRecords(1)
  assert.deepEqual(run.tags, ['logs.h'])
  const keys = Object.keys(run.records[0]!)
  assert.deepEqual(keys, ['log', 'host', 'process', 'message', 'from'])
  await run.stopAndCheckCompliance()
})

test('zones by network', async () => {
  const zones = '[{ network: 127.0.0.0/8, timezone: Asia/Tokyo }]'
  const yaml = `listen: tcp://127.0.0.1:0\ntimezone: UTC\ntimezones: ${zones}`
  await using run = await runInput(syslog, yaml)
  const peer = await run.connect()
  await peer.send(Buffer.from('<30>2026-11-26T11:59:58 h app[1]: one\n'))
  await run.untilRecords(1)
  assert.equal(run.entries[0]!.seconds, Date.parse('2026-11-26T02:59:58Z') / 1000)
  await run.stopAndCheckCompliance()
})

test('cuts what is too long, and counts it', async () => {
  await using run = await runInput(syslog, 'listen: tcp://127.0.0.1:0\nmessage_max: 1KiB')
  const peer = await run.connect()
  await peer.send(Buffer.from(`${OLD}${'x'.repeat(1500)}\n${OLD}next\n`))
  await run.untilRecords(3)
  const [cut, rest, next] = run.records
  assert.equal(cut!['truncated'], true)
  assert.equal(rest!['parse_failed'], 'continued')
  assert.equal(String(cut!['message']).length + String(rest!['message']).length, 1500)
  assert.equal(next!['message'], 'next')
  assert.equal(run.metric('truncated_total'), 1)
  await run.stopAndCheckCompliance()
})

test('refuses settings that cannot work', () => {
  const check = (yaml: string, expected: RegExp) =>
    assert.throws(() => validConfig(syslog, yaml), { message: expected })
  check('listen: unixgram:///dev/log', /no unix datagram sockets; expected unix:\/\/\/PATH/)
  check('listen: [unixgram:///dev/log]', /no unix datagram sockets/)
  check('tag: "${user}"', /^tag is wrong: .*expected \$\{facility\}/)
  check('timezone: Mars/Base', /^timezone cannot use "Mars\/Base"/)
  check('arrival_time_key: message', /^arrival_time_key is message, which another field has/)
  check('source_hostname_key: source_address', /^source_hostname_key is source_address/)
  check('message_max: 100B', /^message_max is too small; expected 1KiB/)
  check('listen: tls://127.0.0.1:0', /^listen has a tls address without a `tls` section/)
})

/** A server's certificate in `folder`, and the options that name it. */
function writeCertificate(folder: string) {
  const authority = makeAuthority('authority')
  const server = makeCertificate(authority, 'server')
  const [certificate, key] = [join(folder, 'server.pem'), join(folder, 'server.key')]
  writeFileSync(certificate, server.pem)
  writeFileSync(key, keyPem(server))
  return { authority, options: `tls: { certificate: ${certificate}, key: ${key} }` }
}

async function sendDatagrams(run: InputRun, texts: readonly string[]): Promise<void> {
  const address = parseListen(run.address())
  assert.ok(address?.scheme === 'udp')
  const socket = createSocket('udp4')
  socket.connect(address.port, address.host)
  await once(socket, 'connect')
  for (const text of texts) {
    await new Promise<void>((resolve, reject) => {
      socket.send(text, (error) => (error ? reject(error) : resolve()))
    })
  }
  await new Promise<void>((resolve) => socket.close(() => resolve()))
}
