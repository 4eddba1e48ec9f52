/** The `forward` input over TLS: certificates, client certificates, new files while it runs. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { forward as input } from '../../../src/inputs/forward/index.ts'
import { ManualTime } from '../../drivers/context.ts'
import { InputRun, runInput } from '../../drivers/run-input.ts'
import { ack } from '../../support/ack.ts'
import {
  keyPem,
  makeAuthority,
  makeCertificate,
  type Certificate,
} from '../../support/certificates.ts'
import { packed, type Entry } from '../../support/forward-client.ts'

const ENTRIES: Entry[] = [[1_795_251_000, { log: 'one' }]]
const PASSPHRASE = 'correct horse'

const folder = mkdtempSync(join(tmpdir(), 'logboom-tls-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const authority = makeAuthority('authority')
const stranger = makeAuthority('stranger')
const server = makeCertificate(authority, 'server')
const certificatePath = join(folder, 'server.pem')
const keyPath = join(folder, 'server.key')
const lockedKeyPath = join(folder, 'locked.key')
const clientAuthorityPath = join(folder, 'clients.pem')
writeFileSync(certificatePath, server.pem)
writeFileSync(keyPath, keyPem(server))
writeFileSync(lockedKeyPath, keyPem(server, PASSPHRASE))
writeFileSync(clientAuthorityPath, authority.pem)

const ca = authority.pem

function yaml(tls: string, key = keyPath): string {
  return `
    listen: tls://127.0.0.1:0
    tls: { certificate: ${certificatePath}, key: ${key}, ${tls} }`
}

function shown(certificate: Certificate) {
  return { ca, cert: certificate.pem, key: keyPem(certificate) }
}

test('takes events over TLS, with a key that has a passphrase', async () => {
  await using run = await runInput(input, yaml(`passphrase: ${PASSPHRASE}`, lockedKeyPath))
  assert.match(run.address(), /^tls:/)
  const peer = await run.connectTls({ ca })
  await peer.send(packed('a', ENTRIES, { chunk: 'c' }))
  assert.deepEqual(await peer.untilReceived(ack('c').length), ack('c'))
  await run.stopAndCheckCompliance()
})

test('does not start with a passphrase, a key or a file that does not fit', async () => {
  const check = async (text: string, expected: RegExp) => {
    await using run = new InputRun(input, text, {})
    await assert.rejects(run.start(), expected)
  }
  await check(yaml('passphrase: wrong', lockedKeyPath), /cannot use tls.certificate/)
  await check(yaml('', clientAuthorityPath), /cannot use tls.certificate/)
  await check(yaml('', join(folder, 'missing')), /cannot read tls.key/)
})

test('refuses a version of TLS that is too old', async () => {
  await using run = await runInput(input, yaml('min_version: TLSv1.3'))
  await assert.rejects(run.connectTls({ ca, maxVersion: 'TLSv1.2' }))
  await run.until('it is counted', () => refused(run) === 1)
  const peer = await run.connectTls({ ca })
  await peer.send(packed('a', ENTRIES))
  await run.untilRecords(1)
  await run.stopAndCheckCompliance()
})

test('speaks the newest version of TLS only when told to', async () => {
  // Its tickets make a client that never reads lose what it sent last, see tls-options.ts.
  const check = async (tls: string, expected: string) => {
    await using run = await runInput(input, yaml(tls))
    const peer = await run.connectTls({ ca })
    assert.equal((peer.socket as TLSSocket).getProtocol(), expected)
    await run.stopAndCheckCompliance()
  }
  await check('', 'TLSv1.2')
  await check('min_version: TLSv1.3', 'TLSv1.3')
  await check('max_version: TLSv1.3', 'TLSv1.3')
})

test('asks for a client certificate that its authority signed', async () => {
  await using run = await runInput(
    input,
    yaml(`client_ca: ${clientAuthorityPath}, max_version: TLSv1.3`),
  )
  const known = await run.connectTls(shown(makeCertificate(authority, 'client')))
  await known.send(packed('a', ENTRIES))
  await run.untilRecords(1)
  // With TLS 1.3 the client only learns after its handshake that it was refused.
  await assertRefused(run, await run.connectTls({ ca }), /is missing/)
  const strange = shown(makeCertificate(stranger, 'client'))
  await assertRefused(run, await run.connectTls(strange), /was not signed/)
  assert.equal(run.records.length, 1)
  await run.stopAndCheckCompliance()
})

test('does without an optional client certificate, but takes no strange one', async () => {
  const client = `client_ca: ${clientAuthorityPath}, client_certificate: optional`
  const tls = `${client}, max_version: TLSv1.3`
  await using run = await runInput(input, yaml(tls))
  const nameless = await run.connectTls({ ca })
  await nameless.send(packed('a', ENTRIES))
  await run.untilRecords(1)
  const strange = shown(makeCertificate(stranger, 'client'))
  await assertRefused(run, await run.connectTls(strange), /was not signed/)
  await run.stopAndCheckCompliance()
})

test('picks up new certificate files; those that do not fit leave the old ones', async () => {
  const time = new ManualTime()
  await using run = await runInput(input, yaml(''), { time })
  assert.equal(await servedName(run), 'server')
  const renewed = makeCertificate(authority, 'renewed')
  writeFileSync(certificatePath, renewed.pem)
  time.advance(10_000)
  await run.until('the misfit is reported', () => run.log.messages('warn').length === 1)
  assert.deepEqual(run.log.messages('warn'), ['cannot use new certificate files'])
  assert.equal(await servedName(run), 'server')
  writeFileSync(keyPath, keyPem(renewed))
  time.advance(10_000)
  await run.until('they are taken', () => run.log.messages('info').length === 1)
  assert.equal(await servedName(run), 'renewed')
  await run.stopAndCheckCompliance()
  writeFileSync(certificatePath, server.pem)
  writeFileSync(keyPath, keyPem(server))
})

test('reports plain bytes on a TLS port, but not a silent connection', async () => {
  await using run = await runInput(input, yaml(''))
  const silent = await run.connect()
  silent.end()
  await silent.untilEnded()
  await run.until('it is gone', () => run.metric('connections') === 0)
  assert.deepEqual(run.log.messages('warn'), [])
  const plain = await run.connect()
  await plain.send(packed('a', ENTRIES))
  await run.until('it is refused', () => refused(run) === 1)
  assert.deepEqual(run.log.messages('warn'), ['refused a tls connection'])
  const line = run.log.lines.findLast(({ level }) => level === 'warn')
  assert.match(String(line?.fields['cause']), /^[a-z ]+$/, 'without the places in OpenSSL')
  await run.stopAndCheckCompliance()
})

test('reads what the kernel has over TLS, too, before it stops', async () => {
  await using run = await runInput(input, yaml(''))
  const peer = await run.connectTls({ ca })
  const chunks = Array.from({ length: 100 }, (_, index) => `chunk-${index}`)
  await peer.send(Buffer.concat(chunks.map((chunk) => packed('a', ENTRIES, { chunk }))))
  await run.stop()
  assert.equal(await peer.untilEnded(), 'FIN')
  assert.deepEqual(peer.received, ack(...chunks))
  await run.stopAndCheckCompliance()
})

test('ends TLS handshakes that are not done when it stops', async () => {
  await using run = await runInput(input, yaml(''))
  const peer = await run.connect()
  await run.until('it is accepted', () => run.metric('connections') === 1)
  await run.stop()
  await peer.untilEnded()
  await run.stopAndCheckCompliance()
})

test('acknowledges over TLS to a client that has finished sending', async () => {
  await using run = await runInput(input, yaml(''), { hold: true })
  const peer = await run.connectTls({ ca })
  await peer.send(packed('a', ENTRIES, { chunk: 'c' }))
  peer.end()
  await run.until('the end is seen', () => run.closedOrigins.length === 1)
  run.release()
  assert.equal(await peer.untilEnded(), 'FIN')
  assert.deepEqual(peer.received, ack('c'))
  await run.stopAndCheckCompliance()
})

test('counts and reports TLS that fails after the handshake, but not a reset', async () => {
  await using run = await runInput(input, yaml(''))
  const errors = () => run.metric('errors_total', { reason: 'tls' }) ?? 0
  const reset = await secureSocket(run)
  reset.secure.write(packed('a', ENTRIES))
  await run.untilRecords(1)
  reset.raw.resetAndDestroy()
  await run.until('it is gone', () => run.metric('connections') === 0)
  assert.equal(errors(), 0)
  assert.deepEqual(run.log.messages('warn'), [])
  const { raw } = await secureSocket(run)
  await run.until('it is served', () => run.metric('connections') === 1)
  raw.write('this is no TLS record')
  await run.until('it is counted', () => errors() === 1)
  const [line, ...others] = run.log.lines.filter(({ level }) => level === 'warn')
  assert.deepEqual(others, [])
  assert.equal(line?.message, 'ended a connection')
  assert.equal(line.fields['reason'], 'tls')
  assert.match(String(line.fields['cause']), /SSL|version|record/i)
  raw.destroy()
  await run.stopAndCheckCompliance()
})

/** A client whose bytes under TLS are at hand. */
async function secureSocket(run: InputRun): Promise<{ raw: Socket; secure: TLSSocket }> {
  const raw = connect(Number(new URL(run.address().replace('tls:', 'http:')).port), '127.0.0.1')
  await once(raw, 'connect')
  const secure = connectTls({ socket: raw, ca, servername: 'localhost' })
  secure.on('error', () => undefined)
  await once(secure, 'secureConnect')
  return { raw, secure }
}

async function servedName(run: InputRun): Promise<string> {
  const peer = await run.connectTls({ ca })
  const name = (peer.socket as TLSSocket).getPeerCertificate().subject.CN
  peer.destroy()
  return String(name)
}

async function assertRefused(run: InputRun, peer: { untilEnded(): Promise<string> }, why: RegExp) {
  await peer.untilEnded()
  const line = run.log.lines.findLast(({ level }) => level === 'warn')
  assert.equal(line?.message, 'refused a tls connection')
  assert.match(String(line?.fields['cause']), why)
}

function refused(run: InputRun): number | undefined {
  return run.metric('connections_refused_total', { reason: 'tls' })
}
