/** Servers that do not do what they should. */
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import type { ChunkAnswer } from '../../../src/pipeline/delivery/chunk.ts'
import { forward } from '../../../src/outputs/forward/index.ts'
import { chunkOf, runChunkedOutput } from '../../drivers/run-chunked-output.ts'
import { batchOf, packRecord } from '../../support/entries.ts'
import { freePort } from '../../support/free-port.ts'
import { until } from '../../support/wait.ts'
import { FakeServer, type Behaviour } from './fake-server.ts'

const DELIVERED = { kind: 'delivered' }
/** Two messages: the batches 0 and 2 are in the first, 1 is in the second. */
const CHUNK = chunkOf([
  batchOf('a', { n: 1 }),
  batchOf('b', { n: 2 }, { n: 3 }),
  batchOf('a', { n: 4 }),
])
const SECOND = [{ batch: 1, first: 0, count: 2 }]

const optionsOf = (...servers: readonly FakeServer[]) =>
  `servers: ${JSON.stringify(servers.map(({ address }) => address))}`

function reasonOf(answer: ChunkAnswer): string {
  return 'reason' in answer ? answer.reason : ''
}

/** Whatever it is, the first message was acknowledged and the second was not. */
const afterTheFirst: Readonly<Record<string, readonly [Behaviour, RegExp]>> = {
  'closes half way': [({ socket }) => socket.end(), /it closed the connection/],
  'resets half way': [({ socket }) => socket.resetAndDestroy(), /ECONNRESET|EPIPE|closed/],
  'acknowledges what it was not sent': [({ ack }) => ack('other'), /what it was not sent/],
  'answers with text': [
    ({ socket }) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
    /acknowledgement makes no sense/,
  ],
  'answers with what is no msgpack': [
    ({ socket }) => void socket.write(Buffer.from([0xc1])),
    /byte 0xc1/,
  ],
  'answers with a map without an id': [
    ({ socket }) => void socket.write(packRecord({ nack: 1 })),
    /a map without an id/,
  ],
  'answers without an end': [
    ({ socket }) => void socket.write(Buffer.from('81a361636bdb00010000', 'hex')),
    /reaching further/,
  ],
}

for (const [what, [behave, reason]] of Object.entries(afterTheFirst)) {
  test(`a server that ${what} gets what it has not acknowledged again`, async () => {
    await using server = await FakeServer.start({
      behave: (request) => (request.tag === 'a' ? request.ack() : behave(request)),
    })
    await using run = await runChunkedOutput(forward, optionsOf(server))
    const answer = await run.deliver(CHUNK)
    assert.match(reasonOf(answer), reason)
    assert.deepEqual({ ...answer, reason: '' }, { kind: 'partly', retry: SECOND, reason: '' })
    await until('the connection is closed', () => run.metric('connections') === 0)
    server.behave = ({ ack }) => ack()
    assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
    await run.stopAndCheckCompliance()
  })
}

test('acknowledgements may come in another order', async () => {
  await using server = await FakeServer.start({ behave: () => undefined })
  await using run = await runChunkedOutput(forward, optionsOf(server))
  const answer = run.deliver(CHUNK)
  await until('both are there', () => server.requests.length === 2)
  server.requests[1]!.ack()
  server.requests[0]!.ack()
  assert.deepEqual(await answer, DELIVERED)
})

test('an acknowledgement that comes twice delivers nothing else', async () => {
  await using server = await FakeServer.start({
    behave: ({ tag, ack }) => {
      if (tag !== 'a') return
      ack()
      ack()
    },
  })
  await using run = await runChunkedOutput(forward, optionsOf(server))
  const answer = await run.deliver(CHUNK)
  assert.match(reasonOf(answer), /what it was not sent/)
  assert.deepEqual(answer.kind === 'partly' && answer.retry, SECOND)
})

test('what a server says between two chunks ends the connection', async () => {
  await using server = await FakeServer.start()
  await using run = await runChunkedOutput(forward, optionsOf(server))
  await run.deliver(CHUNK)
  for (const socket of server.sockets) socket.write(packRecord({ ack: 'late' }))
  await until('the connection is closed', () => run.metric('connections') === 0)
  assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
})

test('what is said behind the last acknowledgement ends the connection', async () => {
  await using server = await FakeServer.start({
    behave: ({ tag, chunk, socket, ack }) => {
      if (tag === 'a') ack()
      else socket.write(Buffer.concat([packRecord({ ack: chunk }), Uint8Array.of(0x81)]))
    },
  })
  await using run = await runChunkedOutput(forward, optionsOf(server))
  assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
  await until('the connection is closed', () => run.metric('connections') === 0)
})

test('a server that never answers is given up when the time is over', async () => {
  await using server = await FakeServer.start({
    behave: ({ tag, ack }) => (tag === 'a' ? ack() : undefined),
  })
  await using run = await runChunkedOutput(forward, optionsOf(server))
  const controller = new AbortController()
  const answer = run.deliver(CHUNK, controller.signal)
  await until('it has both', () => server.requests.length === 2)
  await until('one is acknowledged', () => run.metric('acknowledgements_total') === 1)
  controller.abort()
  assert.match(reasonOf(await answer), /did not acknowledge in time/)
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  // Late acknowledgements must not be taken for those of the next chunk.
  await until('the connection is closed', () => server.sockets.size === 0)
  await run.stopAndCheckCompliance()
})

test('a server that does not read is given up at once, with all that waits for it', async () => {
  let socket: Socket | undefined
  await using server = await FakeServer.start({
    connected: (accepted) => {
      socket = accepted
      return false
    },
  })
  await using run = await runChunkedOutput(forward, `${optionsOf(server)}\nrequire_ack: false`)
  const big = batchOf('big', ...Array.from({ length: 64 }, () => ({ text: 'x'.repeat(1 << 18) })))
  const controller = new AbortController()
  const answer = run.deliver(chunkOf([big]), controller.signal)
  await until('it is connected', () => socket)
  assert.equal(
    await Promise.race([answer, new Promise((done) => setImmediate(done, 'slow'))]),
    'slow',
  )
  controller.abort()
  assert.equal((await answer).kind, 'retry')
  // Nothing more is read from the entries: what the store does with them is not seen by the server.
  big.entries.fill(0xff)
  let received = 0
  let isChanged = false
  socket!.on('data', (bytes) => {
    received += bytes.length
    isChanged ||= bytes.includes(0xff)
  })
  await until('the server sees the end', () => server.sockets.size === 0)
  assert.ok(received < big.entries.length)
  assert.equal(isChanged, false)
})

test('a slow server gets it all', async () => {
  await using server = await FakeServer.start({
    connected: (socket) => {
      socket.pause()
      setImmediate(() => socket.resume())
    },
  })
  await using run = await runChunkedOutput(forward, optionsOf(server))
  const big = batchOf('big', ...Array.from({ length: 64 }, () => ({ text: 'x'.repeat(1 << 18) })))
  assert.deepEqual(await run.deliver(chunkOf([big])), DELIVERED)
  assert.equal(Buffer.compare(server.requests[0]!.entries, big.entries), 0)
})

test('a connection that the server has closed meanwhile is replaced at once', async () => {
  await using server = await FakeServer.start()
  await using run = await runChunkedOutput(forward, optionsOf(server))
  await run.deliver(CHUNK)
  // As a server does whose time for silence is over just when the next message comes.
  server.behave = ({ connection, socket, ack }) =>
    connection === 0 ? socket.resetAndDestroy() : ack()
  assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
  assert.equal(server.connections, 2)
  assert.deepEqual(run.log.messages('warn'), [])
})

test('a server that is not there is tried again, with the reason', async () => {
  const port = await freePort()
  await using run = await runChunkedOutput(forward, `servers: ["tcp://localhost:${port}"]`)
  const answer = await run.deliver(CHUNK)
  assert.equal(answer.kind, 'retry')
  assert.match(reasonOf(answer), new RegExp(`^tcp://localhost:${port}: .*ECONNREFUSED`))
  assert.equal(run.metric('errors_total', { reason: 'connect' }), 1)
  await using server = await FakeServer.start({ port })
  assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
  assert.equal(server.requests.length, 2)
  assert.deepEqual(run.log.messages('info'), ['a server works again'])
  await run.stopAndCheckCompliance()
})

test('the next server takes over from one that does not acknowledge', async () => {
  await using first = await FakeServer.start({ behave: ({ socket }) => socket.destroy() })
  await using second = await FakeServer.start()
  await using run = await runChunkedOutput(forward, optionsOf(first, second))
  assert.equal((await run.deliver(CHUNK)).kind, 'retry')
  assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
  assert.deepEqual([first.connections, second.requests.length], [1, 2])
})

test('the first server is used again once its wait is over', async () => {
  await using first = await FakeServer.start({ behave: ({ socket }) => socket.destroy() })
  await using second = await FakeServer.start()
  const yaml = `${optionsOf(first, second)}\nfailed_wait: 1ms`
  await using run = await runChunkedOutput(forward, yaml)
  assert.equal((await run.deliver(CHUNK)).kind, 'retry')
  first.behave = ({ ack }) => ack()
  await until('the first is used again', async () => {
    assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
    return first.acknowledged.size > 0
  })
})

test('a server that is away costs no attempt as long as another is there', async () => {
  const gone = `tcp://127.0.0.1:${await freePort()}`
  await using server = await FakeServer.start()
  await using run = await runChunkedOutput(forward, `servers: ["${gone}", "${server.address}"]`)
  for (let n = 0; n < 3; n++) assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
  assert.equal(run.metric('errors_total', { reason: 'connect' }), 1)
  assert.deepEqual(run.log.messages('warn'), ['a server failed'])
})

test('servers take turns', async () => {
  await using first = await FakeServer.start()
  await using second = await FakeServer.start()
  await using run = await runChunkedOutput(forward, `${optionsOf(first, second)}\nbalance: true`)
  for (let n = 0; n < 4; n++) await run.deliver(CHUNK)
  assert.deepEqual([first.requests.length, second.requests.length], [4, 4])
})

test('a server that says nothing is waited for as long as connect_timeout', async () => {
  await using silent = await FakeServer.start({ connected: () => false })
  const yaml = `${optionsOf(silent)}\nsecurity: { shared_key: k }\nconnect_timeout: 20ms`
  await using run = await runChunkedOutput(forward, yaml)
  const answer = await run.deliver(CHUNK)
  assert.equal(answer.kind, 'retry')
  assert.match(reasonOf(answer), /was not ready within 20ms/)
  await run.stopAndCheckCompliance()
})

test('a connection that is being made is given up when the time is over', async () => {
  await using silent = await FakeServer.start({ connected: () => false })
  const yaml = `${optionsOf(silent)}\nsecurity: { shared_key: k }\nconnect_timeout: 1h`
  await using run = await runChunkedOutput(forward, yaml)
  const controller = new AbortController()
  const answer = run.deliver(CHUNK, controller.signal)
  await until('it is connected', () => silent.connections === 1)
  controller.abort()
  assert.equal((await answer).kind, 'retry')
  await run.stopAndCheckCompliance()
})

test('a stop waits for what is in hand, until its deadline', async () => {
  await using server = await FakeServer.start({ behave: () => undefined })
  await using run = await runChunkedOutput(forward, optionsOf(server))
  const delivered = run.deliver(CHUNK)
  await until('both are there', () => server.requests.length === 2)
  const stopped = run.stop()
  for (const request of server.requests) request.ack()
  assert.deepEqual(await delivered, DELIVERED)
  await stopped
  await using other = await runChunkedOutput(forward, optionsOf(server))
  const cut = other.deliver(CHUNK)
  await until('both are there', () => server.requests.length === 4)
  await other.stop(1)
  assert.equal((await cut).kind, 'retry')
  await other.stopAndCheckCompliance()
})
