/** HELO, PING and PONG with the `forward` input, as Fluentd's and Fluent Bit's clients do them. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { Unpackr } from 'msgpackr'
import { forward as input } from '../../../src/inputs/forward/index.ts'
import { ManualTime } from '../../drivers/context.ts'
import type { Peer } from '../../drivers/peer.ts'
import { InputRun, runInput } from '../../drivers/run-input.ts'
import { ack } from '../../support/ack.ts'
import { packed, type Entry } from '../../support/forward-client.ts'
import { until } from '../../support/wait.ts'

const ENTRIES: Entry[] = [[1_795_251_000, { log: 'one' }]]
const KEY = 'shared secret'
const LISTEN = 'listen: tcp://127.0.0.1:0'
const USERS = 'users: [{ username: ann, password: pw }, { username: bob, password: pw2 }]'

interface Login {
  readonly key?: string
  readonly username?: string
  readonly password?: string
  /** Fluentd's salt is text, Fluent Bit's is raw bytes. */
  readonly salt?: Buffer
}

interface Helo {
  readonly nonce: Buffer
  readonly auth: Buffer
  readonly keepalive: boolean
}

const FLUENTD_SALT = Buffer.from(randomBytes(16).toString('hex'))
const FLUENT_BIT_SALT = Buffer.from('ff00c3289f92967f80e28082fffefdfc', 'hex')

test('lets in whoever knows the shared key, and proves to know it as well', async () => {
  for (const salt of [FLUENTD_SALT, FLUENT_BIT_SALT]) {
    await using run = await start('self_hostname: collector.example')
    const peer = await run.connect()
    const helo = await readHelo(peer)
    assert.deepEqual([helo.nonce.length, helo.auth.length, helo.keepalive], [16, 16, true])
    const pong = await logIn(peer, helo, { salt })
    const expected = sha512(salt, 'collector.example', helo.nonce, KEY)
    assert.deepEqual(pong, ['PONG', true, '', 'collector.example', expected])
    const before = peer.received.length
    await peer.send(packed('a', ENTRIES, { chunk: 'c' }))
    const bytes = await peer.untilReceived(before + ack('c').length)
    assert.deepEqual(bytes.subarray(before), ack('c'))
    assert.deepEqual(run.log.lines, [])
    await run.stopAndCheckCompliance()
  }
})

test('takes a PING in pieces and what comes right behind it', async () => {
  await using run = await start('')
  const peer = await run.connect()
  const helo = await readHelo(peer)
  for (const byte of ping(helo, {})) await peer.send(Buffer.from([byte]))
  await peer.send(packed('a', ENTRIES))
  await run.untilRecords(1)
  const other = await run.connect()
  const otherHelo = await readHelo(other)
  await other.send(Buffer.concat([ping(otherHelo, {}), packed('a', ENTRIES)]))
  await run.untilRecords(2)
  await run.stopAndCheckCompliance()
})

test('asks for a password where users are asked for', async () => {
  await using run = await start(`user_auth: true, ${USERS}`)
  const accepts = (login: Login) => isAccepted(run, login)
  assert.equal(await accepts({ username: 'ann', password: 'pw' }), true)
  assert.equal(await accepts({ username: 'bob', password: 'pw2' }), true)
  for (const login of [
    { username: 'ann', password: 'pw2' },
    { username: 'eve', password: 'pw' },
    {},
  ]) {
    await assertRefused(run, login, 'username/password mismatch')
  }
  await run.stopAndCheckCompliance()
})

test('refuses a wrong key', async () => {
  await using run = await start('')
  await assertRefused(run, { key: 'guessed' }, 'shared_key mismatch')
  assert.equal(run.metric('errors_total', { reason: 'handshake_refused' }), 1)
  await run.stopAndCheckCompliance()
})

test('refuses what is no PING', async () => {
  const garbage = [
    packed('a', ENTRIES),
    Buffer.from([0xc1]),
    Buffer.from('{"json": "instead"}'),
    Buffer.from([0x96, 0xa4, ...Buffer.from('PINK'), 1, 2, 3, 4, 5]),
  ]
  for (const bytes of garbage) {
    await using run = await start('')
    const peer = await run.connect()
    const { length } = await readHelo(peer)
    await peer.send(bytes)
    const pong = await readPong(peer, length)
    assert.deepEqual(pong, ['PONG', false, 'invalid ping message', '', ''])
    assert.equal(await peer.untilEnded(), 'FIN')
    assert.deepEqual(run.batches, [])
    await run.stopAndCheckCompliance()
  }
})

test('does not answer a PING that comes after its own end', async () => {
  await using run = await start('')
  const { hostname: host, port } = new URL(run.address().replace('tcp:', 'http:'))
  const client = connect({ host, port: Number(port), allowHalfOpen: true })
  const [bytes] = (await once(client, 'data')) as [Buffer]
  const [, helo] = new Unpackr({ useRecords: false }).unpack(bytes) as [string, Helo]
  const stopped = run.stop()
  await once(client, 'end')
  client.on('data', () => assert.fail('it answered'))
  client.write(Buffer.concat([ping(helo, {}), packed('a', ENTRIES)]))
  await stopped
  client.destroy()
  assert.deepEqual(run.batches, [])
  assert.deepEqual(run.log.lines, [])
  await run.stopAndCheckCompliance()
})

test('gives a client the key and users of the first network it is in', async () => {
  const clients = `clients: [
    { network: 10.0.0.0/8, shared_key: far },
    { network: 127.0.0.0/8, shared_key: near, users: [bob] },
    { host: localhost, shared_key: late }]`
  await using run = await start(`user_auth: true, ${USERS}, ${clients}`)
  assert.equal(await isAccepted(run, { key: 'near', username: 'bob', password: 'pw2' }), true)
  await assertRefused(run, { username: 'bob', password: 'pw2' }, 'shared_key mismatch')
  const ann = { key: 'near', username: 'ann', password: 'pw' }
  await assertRefused(run, ann, 'username/password mismatch')
  await run.stopAndCheckCompliance()
})

test('finds a client by its host name, and gives it the common key', async () => {
  await using run = await start('allow_anonymous_source: false, clients: [{ host: localhost }]')
  assert.equal(await isAccepted(run, {}), true)
  await run.stopAndCheckCompliance()
})

test('denies clients it does not know, if told so', async () => {
  const clients = 'clients: [{ network: 10.0.0.0/8 }]'
  await using run = await start(`allow_anonymous_source: false, ${clients}`)
  await assertRefused(run, {}, "anonymous source host '127.0.0.1' denied")
  await run.stopAndCheckCompliance()
})

test('does not start when the name of a client leads nowhere', async () => {
  const clients = 'clients: [{ host: nowhere.invalid }]'
  const yaml = `${LISTEN}\nsecurity: { shared_key: k, ${clients} }`
  await using run = new InputRun(input, yaml, {})
  await assert.rejects(run.start(), /cannot resolve security.clients host nowhere.invalid/)
})

test('ends a handshake that takes too long, and is silent about mere looks', async () => {
  const time = new ManualTime()
  const yaml = `${LISTEN}\nsecurity: { shared_key: k }\nhandshake_timeout: 5s`
  await using run = await runInput(input, yaml, { time })
  const look = await run.connect()
  await readHelo(look)
  look.end()
  assert.equal(await look.untilEnded(), 'FIN')
  assert.deepEqual(run.log.lines, [])
  const peer = await run.connect()
  await readHelo(peer)
  time.advance(5000)
  assert.equal(await peer.untilEnded(), 'FIN')
  assert.equal(run.metric('limit_hits_total', { limit: 'handshake_timeout' }), 1)
  peer.end()
  await run.stopAndCheckCompliance()
})

function start(security: string): Promise<InputRun> {
  return runInput(input, `${LISTEN}\nsecurity: { shared_key: ${KEY}, ${security} }`)
}

async function isAccepted(run: InputRun, login: Login): Promise<boolean> {
  const peer = await run.connect()
  const pong = await logIn(peer, await readHelo(peer), login)
  return pong[1] === true
}

async function assertRefused(run: InputRun, login: Login, reason: string): Promise<void> {
  const peer = await run.connect()
  const pong = await logIn(peer, await readHelo(peer), login)
  assert.deepEqual(pong, ['PONG', false, reason, '', ''])
  assert.equal(await peer.untilEnded(), 'FIN')
  const fields = run.log.lines.at(-1)?.fields
  assert.deepEqual([fields?.['reason'], fields?.['cause']], ['handshake_refused', reason])
}

async function readHelo(peer: Peer): Promise<Helo & { length: number }> {
  const [[word, helo], length] = await readValue<[string, Helo]>(peer, 0)
  assert.equal(word, 'HELO')
  return { ...helo, length }
}

async function logIn(peer: Peer, helo: Helo & { length: number }, login: Login) {
  await peer.send(ping(helo, login))
  return readPong(peer, helo.length)
}

async function readPong(peer: Peer, start: number): Promise<unknown[]> {
  return (await readValue<unknown[]>(peer, start))[0]
}

/** The value that starts at `start` and how many bytes have come when it is complete. */
function readValue<Value>(peer: Peer, start: number): Promise<[Value, number]> {
  return until('a message came', () => {
    if (peer.received.length <= start) return null
    const value = new Unpackr({ useRecords: false }).unpack(peer.received.subarray(start)) as Value
    return [value, peer.received.length] as [Value, number]
  })
}

/** By hand, since a salt of raw bytes in a str is beyond any library of strings. */
function ping(helo: Helo, login: Login): Buffer {
  const { key = KEY, username = '', password = '', salt = FLUENTD_SALT } = login
  const digest = sha512(salt, 'client.example', helo.nonce, key)
  const passwordDigest = sha512(helo.auth, username, password)
  const fields = ['PING', 'client.example', salt, digest, username, passwordDigest]
  return Buffer.concat([Buffer.from([0x96]), ...fields.map((field) => str(Buffer.from(field)))])
}

function str(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0xd9, bytes.length]), bytes])
}

function sha512(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha512')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}
