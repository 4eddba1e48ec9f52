/** The handshake, against the server's side in the `forward` input and against impostors. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forward as forwardInput } from '../../../src/inputs/forward/index.ts'
import { decodePing, encodeHelo, encodePong } from '../../../src/codecs/forward/handshake.ts'
import { CodecError } from '../../../src/codecs/codec-error.ts'
import { forward } from '../../../src/outputs/forward/index.ts'
import { chunkOf, runChunkedOutput } from '../../drivers/run-chunked-output.ts'
import { runInput } from '../../drivers/run-input.ts'
import { batchOf } from '../../support/entries.ts'
import { until } from '../../support/wait.ts'
import { FakeServer, type FakeServerOptions } from './fake-server.ts'

const DELIVERED = { kind: 'delivered' }
const CHUNK = chunkOf([batchOf('a', { n: 1 }), batchOf('b', { n: 2 })])
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text))

const secured = (more = '') => `
listen: tcp://127.0.0.1:0
security: { shared_key: secret, self_hostname: server ${more} }`

const withUser = secured(', user_auth: true, users: [{ username: bob, password: pw }]')

const accepted: readonly (readonly [string, string, string])[] = [
  ['a shared key', secured(), 'shared_key: secret'],
  ['a user', withUser, 'shared_key: secret, username: bob, password: pw'],
  ['a key and a user that nobody asks for', secured(), 'shared_key: secret, username: bob'],
]

for (const [what, listening, security] of accepted) {
  test(`is let in with ${what}`, async () => {
    await using input = await runInput(forwardInput, listening)
    const yaml = `servers: ["${input.address()}"]\nsecurity: { ${security} }`
    await using run = await runChunkedOutput(forward, yaml)
    assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
    assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
    await input.untilRecords(4)
    assert.equal(run.metric('connects_total'), 1)
    await run.stopAndCheckCompliance()
  })
}

const refused: readonly (readonly [string, string, string, RegExp])[] = [
  ['a wrong key', secured(), 'shared_key: wrong', /refuses this client: shared_key mismatch/],
  [
    'a wrong password',
    withUser,
    'shared_key: secret, username: bob, password: no',
    /refuses this client: username\/password mismatch/,
  ],
  ['no user', withUser, 'shared_key: secret', /username\/password mismatch/],
  [
    "the server's name",
    secured(),
    'shared_key: secret, self_hostname: server',
    /has the name of this client, server; give another/,
  ],
]

for (const [what, listening, security, reason] of refused) {
  test(`holds its events with ${what}, and says why`, async () => {
    await using input = await runInput(forwardInput, listening)
    const yaml = `servers: ["${input.address()}"]\nsecurity: { ${security} }`
    await using run = await runChunkedOutput(forward, yaml)
    const answer = await run.deliver(CHUNK)
    assert.equal(answer.kind, 'hold')
    assert.match(answer.reason, reason)
    assert.equal(input.entries.length, 0)
    await run.stopAndCheckCompliance()
  })
}

test('holds its events when it has no key for a server that asks for one', async () => {
  await using input = await runInput(forwardInput, secured())
  await using run = await runChunkedOutput(forward, `servers: ["${input.address()}"]`)
  const answer = await run.deliver(CHUNK)
  assert.equal(answer.kind, 'hold')
  assert.match(answer.reason, /asks for a shared key; expected `security`/)
})

/** A server that says HELO and then, to the PING, whatever `answer` makes of it. */
function impostor(
  answer: (ping: Uint8Array) => Uint8Array | null,
  keepalive = true,
): FakeServerOptions {
  return {
    connected: (socket) => {
      socket.write(encodeHelo({ nonce: bytesOf('n'), authSalt: bytesOf('s'), keepalive }))
      socket.once('data', (ping: Buffer) => {
        const pong = answer(ping)
        if (pong === null) socket.end()
        else socket.write(pong)
      })
      return false
    },
  }
}

function pingOf(bytes: Uint8Array) {
  const ping = decodePing(bytes)
  if (ping instanceof CodecError) throw ping
  return ping
}

const proof = { isAccepted: true, reason: '', hostname: bytesOf('server') }
const impostors: Readonly<Record<string, readonly [FakeServerOptions, string, RegExp]>> = {
  'that does not know the key': [
    impostor(() => encodePong({ ...proof, digest: bytesOf('0'.repeat(128)) })),
    'hold',
    /does not know the shared key/,
  ],
  'that sends our own proof back': [
    impostor((ping) => encodePong({ ...proof, ...pingOf(ping) })),
    'hold',
    /has the name of this client/,
  ],
  'that closes without a word, as Fluent Bit': [
    impostor(() => null),
    'hold',
    /closed the connection in the handshake, as for a wrong shared key/,
  ],
  'that answers nonsense': [
    impostor(() => bytesOf('HTTP/1.1 400')),
    'retry',
    /handshake makes no sense/,
  ],
}

for (const [what, [options, kind, reason]] of Object.entries(impostors)) {
  test(`sends no event to a server ${what}`, async () => {
    await using server = await FakeServer.start(options)
    const yaml = `servers: ["${server.address}"]\nsecurity: { shared_key: secret }`
    await using run = await runChunkedOutput(forward, yaml)
    const answer = await run.deliver(CHUNK)
    assert.equal(answer.kind, kind)
    assert.match('reason' in answer ? answer.reason : '', reason)
    assert.equal(run.metric('sent_bytes_total'), 0)
    await until('the connection is closed', () => run.metric('connections') === 0)
  })
}

test('a server that was set right gets its events', async () => {
  const security = 'security: { shared_key: new, self_hostname: server }'
  await using old = await runInput(forwardInput, secured())
  const address = old.address()
  const yaml = `servers: ["${address}"]\nsecurity: { shared_key: new }`
  await using run = await runChunkedOutput(forward, yaml)
  assert.equal((await run.deliver(CHUNK)).kind, 'hold')
  await old.stop()
  await using input = await runInput(forwardInput, `listen: ${address}\n${security}`)
  assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
  await input.untilRecords(2)
})

test('sends each message over a connection of its own to a server that wants it so', async () => {
  await using input = await runInput(forwardInput, `${secured()}\ndeny_keepalive: true`)
  const yaml = `servers: ["${input.address()}"]\nsecurity: { shared_key: secret }`
  await using run = await runChunkedOutput(forward, yaml)
  assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
  assert.equal(run.metric('connects_total'), 2)
  assert.deepEqual(input.tags, ['a', 'b'])
  assert.deepEqual(run.log.messages('warn'), [])
  await run.stopAndCheckCompliance()
})
