import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { forward as forwardInput } from '../../../src/inputs/forward/index.ts'
import { forward } from '../../../src/outputs/forward/index.ts'
import { chunkOf, runChunkedOutput } from '../../drivers/run-chunked-output.ts'
import { validConfig } from '../../drivers/valid-config.ts'
import { runInput } from '../../drivers/run-input.ts'
import { batchOf, decodeRecords } from '../../support/entries.ts'
import { until } from '../../support/wait.ts'
import { FakeServer } from './fake-server.ts'

const DELIVERED = { kind: 'delivered' }
const CHUNK = chunkOf([
  batchOf('web', { n: 1 }, { n: 2 }),
  batchOf('db', { n: 3 }),
  batchOf('web', { n: 4 }),
])

const valid = (yaml: string) => validConfig(forward, yaml)
const optionsOf = (server: FakeServer, more = '') => `servers: ["${server.address}"]\n${more}`

test('sends one message for each tag and delivers what is acknowledged', async () => {
  await using server = await FakeServer.start()
  await using run = await runChunkedOutput(forward, optionsOf(server))
  assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
  assert.deepEqual(server.tags, ['web', 'db'])
  const records = server.requests.map(({ entries }) => decodeRecords(entries))
  assert.deepEqual(records, [[{ n: 1 }, { n: 2 }, { n: 4 }], [{ n: 3 }]])
  const sizes = server.requests.map(({ option }) => option['size'])
  assert.deepEqual(sizes, [3, 1])
  assert.equal(run.metric('acknowledgements_total'), 2)
  await run.stopAndCheckCompliance()
})

test('sends all of a chunk under the tag that its key makes', async () => {
  await using server = await FakeServer.start()
  const tag = 'archive.${tag[1]}.${$.host}.%Y%m%d.${chunk_id}'
  await using run = await runChunkedOutput(forward, optionsOf(server, `tag: '${tag}'`))
  const key = {
    ...{ id: 'any', tag: 'docker.web', time: Date.parse('2026-11-21T23:00:00Z') },
    clock: { offsetAt: () => 7_200_000 },
    fields: new Map([['["host"]', 'h1']]),
  }
  assert.deepEqual(await run.deliver({ ...CHUNK, id: 'c0ffee', key }), DELIVERED)
  assert.deepEqual(server.tags, ['archive.web.h1.20261122.c0ffee'])
  const records = server.requests.map(({ entries }) => decodeRecords(entries))
  assert.deepEqual(records, [[{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]])
})

test('sends the bytes of a large batch as they are', async () => {
  await using server = await FakeServer.start()
  await using run = await runChunkedOutput(forward, optionsOf(server))
  const records = Array.from({ length: 20_000 }, (_, n) => ({ n, text: 'x'.repeat(100) }))
  const batch = batchOf('big', ...records)
  assert.deepEqual(await run.deliver(chunkOf([batch, batch])), DELIVERED)
  const expected = Buffer.concat([batch.entries, batch.entries])
  assert.equal(Buffer.compare(server.requests[0]!.entries, expected), 0)
  assert.ok(run.metric('sent_bytes_total')! > expected.length)
})

test('keeps its connection for the next chunk', async () => {
  await using server = await FakeServer.start()
  await using run = await runChunkedOutput(forward, optionsOf(server))
  for (let n = 0; n < 3; n++) assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
  assert.equal(server.connections, 1)
  assert.equal(run.metric('connections'), 1)
})

test('gives chunks that go at the same time a connection each', async () => {
  await using server = await FakeServer.start({ behave: () => undefined })
  await using run = await runChunkedOutput(forward, optionsOf(server))
  const chunks = [chunkOf([batchOf('a', {})]), chunkOf([batchOf('b', {})], 1)]
  const answers = Promise.all(chunks.map((chunk) => run.deliver(chunk)))
  await until('both are there', () => server.requests.length === 2)
  for (const request of server.requests) request.ack()
  assert.deepEqual(await answers, [DELIVERED, DELIVERED])
  assert.equal(server.connections, 2)
})

test('closes a connection that is idle', async () => {
  await using server = await FakeServer.start()
  await using run = await runChunkedOutput(forward, optionsOf(server, 'idle_timeout: 1ms'))
  await run.deliver(CHUNK)
  await until('it is closed', () => server.sockets.size === 0)
  assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
  assert.equal(server.connections, 2)
  assert.deepEqual(run.log.messages('warn'), [])
})

test('sends again over a new connection what met a closed one, and counts it', async () => {
  await using server = await FakeServer.start()
  await using run = await runChunkedOutput(forward, `servers: ${server.address}`)
  await run.deliver(CHUNK)
  // Closed at the moment that it is used again.
  server.behave = ({ socket, connection, ack }) => (connection === 0 ? socket.end() : ack())
  assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
  assert.equal(server.connections, 2)
  assert.equal(run.metric('resent_events_total'), 4)
  assert.deepEqual(run.log.messages('warn'), [])
})

for (const by of ['gzip', 'zstd'] as const) {
  test(`compresses with ${by}`, async () => {
    await using server = await FakeServer.start()
    await using run = await runChunkedOutput(forward, optionsOf(server, `compress: ${by}`))
    assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
    const unpack = by === 'gzip' ? gunzipSync : zstdDecompressSync
    const records = server.requests.map(({ entries }) => decodeRecords(unpack(entries)))
    assert.deepEqual(records, [[{ n: 1 }, { n: 2 }, { n: 4 }], [{ n: 3 }]])
    assert.equal(server.requests[0]!.option['compressed'], by)
  })
}

test('asks for no acknowledgement without require_ack', async () => {
  await using server = await FakeServer.start({ behave: () => undefined })
  await using run = await runChunkedOutput(forward, optionsOf(server, 'require_ack: false'))
  assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
  // What was handed to the socket goes out even if the output stops at once.
  await run.stop()
  await until('it is there', () => server.requests.length === 2)
  assert.ok(server.requests.every(({ option }) => !('chunk' in option)))
})

test('gives the same events the same id, and others another', async () => {
  await using server = await FakeServer.start()
  await using run = await runChunkedOutput(forward, optionsOf(server))
  const batch = batchOf('t', { n: 1 })
  const [two, first] = [chunkOf([batch, batch]), chunkOf([batch])]
  const later = first.batches.map((each) => ({ ...each, firstEvent: 1 }))
  const others = [first, two, chunkOf([batch], 1), chunkOf([batch], 0, 'another')]
  others.push({ ...first, batches: later }, chunkOf([batchOf('u', { n: 1 })]))
  for (const chunk of [...others, ...others]) await run.deliver(chunk)
  const ids = server.requests.map(({ chunk }) => chunk)
  assert.deepEqual(ids.slice(0, others.length), ids.slice(others.length))
  assert.equal(new Set(ids).size, others.length)
})

for (const options of ['', 'compress: gzip', 'compress: zstd', 'require_ack: false']) {
  test(`sends to another Logboom: ${options || 'as it is'}`, async () => {
    await using input = await runInput(forwardInput, 'listen: tcp://127.0.0.1:0')
    const yaml = `servers: ["${input.address()}"]\n${options}`
    await using run = await runChunkedOutput(forward, yaml)
    assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
    await input.untilRecords(4)
    const web = input.batches.filter(({ tag }) => tag === 'web')
    const numbers = web.flatMap(({ entries }) => entries.map(({ record }) => record['n']))
    assert.deepEqual(numbers, [1, 2, 4])
    assert.equal(input.entries[0]!.nanoseconds, 0)
    assert.equal(input.entries[1]!.nanoseconds, 1)
    await run.stopAndCheckCompliance()
    await input.stopAndCheckCompliance()
  })
}

test('delivers nothing that another Logboom has not taken', async () => {
  const outcomes = ['retry'] as const
  await using input = await runInput(forwardInput, 'listen: tcp://127.0.0.1:0', { outcomes })
  await using run = await runChunkedOutput(forward, `servers: ["${input.address()}"]`)
  const answer = await run.deliver(CHUNK)
  assert.notEqual(answer.kind, 'delivered')
  assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
})

test('refuses options that cannot work', () => {
  const servers = 'servers: ["tcp://h:1"]\n'
  assert.throws(() => valid('{}'), /servers/)
  assert.throws(() => valid('servers: []'), /servers/)
  assert.throws(() => valid('servers: ["udp://h:1"]'), /tcp:\/\/HOST:PORT, tls/)
  assert.throws(() => valid('servers: ["tcp://h:0"]'), /tcp:\/\/HOST:PORT, tls/)
  assert.throws(() => valid('servers: ["tcp://h:1", "tcp://h:1"]'), /servers has tcp:..h:1 twice/)
  assert.throws(() => valid(`${servers}tls: {}`), /has no tls address/)
  assert.throws(
    () => valid('servers: ["tls://h:1"]\ntls: { certificate: /x }'),
    /tls has no `key`; expected certificate and key/,
  )
  assert.throws(
    () => valid(`${servers}security: { shared_key: s, password: p }`),
    /security.password is given without a `username`/,
  )
})
