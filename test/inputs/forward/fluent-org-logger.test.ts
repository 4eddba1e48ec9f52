/** The `forward` input with a client that others wrote: `@fluent-org/logger`, in all its modes. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { EventTime, FluentClient } from '@fluent-org/logger'
import { forward as input } from '../../../src/inputs/forward/index.ts'
import { runInput, type InputRun } from '../../drivers/run-input.ts'
import { keyPem, makeAuthority, makeCertificate } from '../../support/certificates.ts'

type ClientOptions = NonNullable<ConstructorParameters<typeof FluentClient>[1]>
type SocketOptions = NonNullable<ClientOptions['socket']>

const MODES = ['Message', 'Forward', 'PackedForward', 'CompressedPackedForward'] as const
const LISTEN = 'listen: tcp://127.0.0.1:0'
const EVENTS = 50
const ACK = { ackTimeout: 10_000 }

for (const eventMode of MODES) {
  test(`${eventMode} mode`, async () => {
    await using run = await runInput(input, LISTEN)
    await sendEvents(run, { eventMode, socket: portOf(run) })
    await run.stopAndCheckCompliance()
  })

  test(`${eventMode} mode with acknowledgements`, async () => {
    await using run = await runInput(input, LISTEN)
    await sendEvents(run, { eventMode, ack: ACK, socket: portOf(run) })
    assert.ok(run.metric('acknowledgements_total')! > 0)
    await run.stopAndCheckCompliance()
  })
}

test('repeats what was not acknowledged', async () => {
  await using run = await runInput(input, LISTEN, { outcomes: ['retry'] })
  // It repeats only when its time is up, not when the connection ends.
  const patience = { ack: { ackTimeout: 300 }, eventRetry: { attempts: 20, delay: 20 } }
  const client = clientOf({ eventMode: 'Message', ...patience, socket: portOf(run) })
  await client.emit('label', { log: 'again' })
  await client.disconnect()
  assert.ok(run.records.length > 1)
  assert.deepEqual(new Set(run.records.map(({ log }) => log)), new Set(['again']))
  assert.deepEqual(run.lost, [])
  await run.stopAndCheckCompliance()
})

test('with a shared key, and with a password', async () => {
  for (const user of [false, true]) {
    const users = 'user_auth: true, users: [{ username: ann, password: pw }]'
    const yaml = `${LISTEN}\nsecurity: { shared_key: key, ${user ? users : ''} }`
    await using run = await runInput(input, yaml)
    const login = user ? { username: 'ann', password: 'pw' } : {}
    const security = { clientHostname: 'client.example', sharedKey: 'key', ...login }
    await sendEvents(run, { eventMode: 'PackedForward', security, ack: ACK, socket: portOf(run) })
    await run.stopAndCheckCompliance()
  }
})

test('with a wrong shared key', async () => {
  await using run = await runInput(input, `${LISTEN}\nsecurity: { shared_key: key }`)
  const security = { clientHostname: 'client.example', sharedKey: 'guessed' }
  const client = clientOf({ security, socket: portOf(run) })
  const told = new Promise<Error>((resolve) => client.socketOn('error' as never, resolve))
  const closed = new Promise((resolve) => client.socketOn('close' as never, resolve))
  assert.match((await told).message, /shared_key mismatch/)
  await closed
  assert.deepEqual(run.batches, [])
  await run.stopAndCheckCompliance()
})

test('over TLS', async (t) => {
  const folder = temporaryFolder(t)
  const authority = makeAuthority('authority')
  const certificate = makeCertificate(authority, 'server')
  const [certificatePath, keyPath] = [join(folder, 'server.pem'), join(folder, 'server.key')]
  writeFileSync(certificatePath, certificate.pem)
  writeFileSync(keyPath, keyPem(certificate))
  const tls = `tls: { certificate: ${certificatePath}, key: ${keyPath} }`
  await using run = await runInput(input, `listen: tls://127.0.0.1:0\n${tls}`)
  const socket = { ...portOf(run), tls: { ca: authority.pem } }
  await sendEvents(run, { eventMode: 'Forward', ack: ACK, socket })
  await run.stopAndCheckCompliance()
})

test('over a unix socket', async (t) => {
  const path = join(temporaryFolder(t), 'forward.sock')
  await using run = await runInput(input, `listen: unix://${path}`)
  await sendEvents(run, { eventMode: 'Message', ack: ACK, socket: { path } })
  await run.stopAndCheckCompliance()
})

/** Emits events, waits for them to arrive, and compares them with what was sent. */
async function sendEvents(run: InputRun, options: ClientOptions): Promise<void> {
  const client = clientOf(options)
  const sent = Array.from({ length: EVENTS }, (_, index) => ({ log: `line ${index}`, index }))
  const emitted = sent.map((record, index) =>
    client.emit('label', record, new EventTime(1_795_251_000, index)),
  )
  await run.untilRecords(EVENTS)
  await Promise.all(emitted)
  await client.disconnect()
  assert.deepEqual(run.records, sent)
  const nanoseconds = run.entries.map((entry) => entry.nanoseconds)
  assert.deepEqual(
    nanoseconds,
    sent.map(({ index }) => index),
  )
  assert.deepEqual(new Set(run.tags), new Set(['prefix.label']))
}

function clientOf(options: ClientOptions): FluentClient {
  const socket = { timeout: 10_000, ...options.socket }
  return new FluentClient('prefix', { flushInterval: 5, ...options, socket })
}

function portOf(run: InputRun): SocketOptions {
  return { host: '127.0.0.1', port: Number(new URL(run.address()).port) }
}

function temporaryFolder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'logboom-client-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}
