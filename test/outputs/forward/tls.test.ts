import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { forward as forwardInput } from '../../../src/inputs/forward/index.ts'
import { forward } from '../../../src/outputs/forward/index.ts'
import { chunkOf, runChunkedOutput } from '../../drivers/run-chunked-output.ts'
import { runInput } from '../../drivers/run-input.ts'
import { batchOf } from '../../support/entries.ts'
import {
  keyPem,
  makeAuthority,
  makeCertificate,
  type Certificate,
} from '../../support/certificates.ts'
import { FakeServer } from './fake-server.ts'

const DELIVERED = { kind: 'delivered' }
const CHUNK = chunkOf([batchOf('a', { n: 1 })])

const folder = mkdtempSync(join(tmpdir(), 'logboom-forward-tls-'))
after(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const authority = makeAuthority('authority')
const stranger = makeAuthority('stranger')
const ca = file('ca.pem', authority.pem)
const otherCa = file('other-ca.pem', stranger.pem)

function filesOf(certificate: Certificate, passphrase?: string) {
  const { name, pem } = certificate
  const key = file(`${name}.key`, keyPem(certificate, passphrase))
  return `certificate: ${file(`${name}.pem`, pem)}, key: ${key}`
}

const server = filesOf(makeCertificate(authority, 'server'))
const client = filesOf(makeCertificate(authority, 'client'), 'pass')

const listening = (more = '') => `listen: tls://127.0.0.1:0\ntls: { ${server} ${more} }`
const sending = (address: string, tls: string) => `servers: ["${address}"]\ntls: { ${tls} }`

const trusted: readonly (readonly [string, string, string])[] = [
  ['an authority', '', `ca: ${ca}`],
  ['another name', '', `ca: ${ca}, server_name: localhost`],
  ['nothing at all, if it is told so', '', 'verify: false'],
  ['a certificate of its own', `, client_ca: ${ca}`, `ca: ${ca}, ${client}, passphrase: pass`],
  ['TLS 1.3', ', min_version: TLSv1.3', `ca: ${ca}`],
]

for (const [what, theirs, ours] of trusted) {
  test(`sends over TLS with ${what}`, async () => {
    await using input = await runInput(forwardInput, listening(theirs))
    await using run = await runChunkedOutput(forward, sending(input.address(), ours))
    assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
    assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
    await input.untilRecords(2)
    assert.equal(run.metric('connects_total'), 1)
    await run.stopAndCheckCompliance()
  })
}

test('loses nothing over TLS without acknowledgements when it stops at once', async () => {
  await using input = await runInput(forwardInput, listening())
  const yaml = `${sending(input.address(), `ca: ${ca}`)}\nrequire_ack: false`
  await using run = await runChunkedOutput(forward, yaml)
  assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
  await run.stopAndCheckCompliance()
  await input.untilRecords(1)
})

const distrusted: readonly (readonly [string, string, string, RegExp])[] = [
  ['a certificate of another authority', '', `ca: ${otherCa}`, /TLS failed: .*tls\.ca/],
  ['a certificate of no public authority', '', '', /TLS failed: .*tls\.ca/],
  [
    'a certificate for another name',
    '',
    `ca: ${ca}, server_name: other.example.org`,
    /TLS failed: its certificate is for another name \(Hostname/,
  ],
]

for (const [what, theirs, ours, reason] of distrusted) {
  test(`sends nothing to a server with ${what}`, async () => {
    await using input = await runInput(forwardInput, listening(theirs))
    await using run = await runChunkedOutput(forward, sending(input.address(), ours))
    const answer = await run.deliver(CHUNK)
    assert.equal(answer.kind, 'hold')
    assert.match(answer.reason, reason)
    assert.equal(run.metric('sent_bytes_total'), 0)
    await run.stopAndCheckCompliance()
  })
}

test('gives nothing to a server that wants a certificate and gets none', async () => {
  await using input = await runInput(forwardInput, listening(`, client_ca: ${ca}`))
  await using run = await runChunkedOutput(forward, sending(input.address(), `ca: ${ca}`))
  const answer = await run.deliver(CHUNK)
  assert.equal(answer.kind, 'retry')
  assert.match(answer.reason, /closed the connection before it was ready/)
  assert.equal(input.entries.length, 0)
})

test('holds its events when the server speaks no TLS', async () => {
  await using plain = await FakeServer.start({
    connected: (socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))
      return false
    },
  })
  const address = plain.address.replace('tcp:', 'tls:')
  await using run = await runChunkedOutput(forward, sending(address, `ca: ${ca}`))
  const answer = await run.deliver(CHUNK)
  assert.equal(answer.kind, 'hold')
  assert.match(answer.reason, /TLS failed: it does not speak TLS at this port/)
})

test('does not start without its files', async () => {
  const missing = join(folder, 'missing.pem')
  const yaml = sending('tls://127.0.0.1:1', `ca: ${missing}`)
  await assert.rejects(runChunkedOutput(forward, yaml), /cannot read tls.ca .*missing.pem/)
})

test('reads its files again for each connection', async () => {
  await using input = await runInput(forwardInput, listening())
  const changing = file('changing.pem', stranger.pem)
  await using run = await runChunkedOutput(forward, sending(input.address(), `ca: ${changing}`))
  assert.equal((await run.deliver(CHUNK)).kind, 'hold')
  writeFileSync(changing, 'no certificate')
  const broken = await run.deliver(CHUNK)
  assert.notEqual(broken.kind, 'delivered')
  writeFileSync(changing, authority.pem)
  assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
})
