/** The `forward` input: what comes over a connection, and what it is answered. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forward as input } from '../../../src/inputs/forward/index.ts'
import { runInput } from '../../drivers/run-input.ts'
import {
  compressed,
  EventTime,
  forward,
  message,
  packed,
  type Entry,
} from '../../support/forward-client.ts'
import { ack } from '../../support/ack.ts'

const LISTEN = 'listen: tcp://127.0.0.1:0'
const TIME = new EventTime(1_795_251_000, 123_456_789)
const ENTRIES: Entry[] = [
  [TIME, { log: 'one' }],
  [1_795_251_001, { log: 'two' }],
]

test('delivers every mode of the protocol and acknowledges it', async () => {
  await using run = await runInput(input, LISTEN)
  const peer = await run.connect()
  const sent = [
    message('a.message', TIME, { log: 'zero' }, { chunk: 'c0' }),
    forward('a.forward', ENTRIES, { chunk: 'c1' }),
    packed('a.packed', ENTRIES, { chunk: 'c2' }),
    await compressed('a.gzip', ENTRIES, { by: 'gzip', chunk: 'c3' }),
    await compressed('a.zstd', ENTRIES, { by: 'zstd', chunk: 'c4' }),
    message('a.last', TIME, { log: 'last' }, { chunk: 'c5' }),
  ]
  await peer.send(Buffer.concat(sent))
  const acks = ack('c0', 'c1', 'c2', 'c3', 'c4', 'c5')
  assert.deepEqual(await peer.untilReceived(acks.length), acks)
  assert.deepEqual(run.tags, ['a.message', 'a.forward', 'a.packed', 'a.gzip', 'a.zstd', 'a.last'])
  const logs = run.records.map(({ log }) => log)
  assert.deepEqual(logs, ['zero', 'one', 'two', 'one', 'two', 'one', 'two', 'one', 'two', 'last'])
  assert.deepEqual(
    [run.entries[0]?.seconds, run.entries[0]?.nanoseconds],
    [TIME.seconds, 123456789],
  )
  assert.equal(run.metric('acknowledgements_total'), 6)
  await run.stopAndCheckCompliance()
})

test('acknowledges in order, only what is delivered, in one write', async () => {
  await using run = await runInput(input, LISTEN, { hold: true })
  const peer = await run.connect()
  const sizes: number[] = []
  peer.socket.on('data', (bytes: Buffer) => sizes.push(bytes.length))
  for (const chunk of ['c0', 'c1', 'c2']) await peer.send(packed(chunk, ENTRIES, { chunk }))
  await run.until('all are on their way', () => run.heldCount === 3)
  run.answer(2, 'rejected')
  run.answer(1, 'delivered')
  await run.until('two are settled', () => run.heldCount === 1)
  assert.equal(peer.received.length, 0)
  run.answer(0, 'delivered')
  const acks = ack('c0', 'c1', 'c2')
  assert.deepEqual(await peer.untilReceived(acks.length), acks)
  assert.deepEqual(sizes, [acks.length])
  await run.stopAndCheckCompliance()
})

test('sends no acknowledgement for what must be sent again, and ends the connection', async () => {
  await using run = await runInput(input, LISTEN, { outcomes: ['delivered', 'retry', 'delivered'] })
  const peer = await run.connect()
  const frames = ['c0', 'c1', 'c2'].map((chunk) => packed(chunk, ENTRIES, { chunk }))
  await peer.send(Buffer.concat(frames))
  assert.equal(await peer.untilEnded(), 'FIN')
  assert.deepEqual(peer.received, ack('c0'))
  assert.deepEqual(run.lost, [])
  await run.stopAndCheckCompliance()
})

test('counts as lost what its sender cannot send again', async () => {
  await using run = await runInput(input, LISTEN, { outcomes: ['retry'] })
  const peer = await run.connect()
  await peer.send(packed('a', ENTRIES))
  await run.until('the loss is counted', () => run.lost.length > 0)
  assert.deepEqual(run.lost, [{ tag: 'a', count: 2, reason: 'retry_without_acknowledgement' }])
  await peer.send(packed('b', ENTRIES, { chunk: 'c' }))
  assert.deepEqual(await peer.untilReceived(ack('c').length), ack('c'))
  await run.stopAndCheckCompliance()
})

test('drops what is no event, says so and acknowledges it', async () => {
  await using run = await runInput(input, LISTEN)
  const peer = await run.connect()
  await peer.send(forward('a', [...ENTRIES, [-5, { log: 'when' }]], { chunk: 'c0' }))
  await peer.send(packed('b', ENTRIES, { chunk: 'c1', fluent_signal: 1 }))
  const acks = ack('c0', 'c1')
  assert.deepEqual(await peer.untilReceived(acks.length), acks)
  assert.deepEqual(run.tags, ['a'])
  assert.deepEqual(
    run.dropped.map(({ tag, reason }) => [tag, reason]),
    [
      ['a', 'invalid_time'],
      ['b', 'fluent_signal_metrics'],
    ],
  )
  assert.deepEqual(
    new Set(run.log.messages('warn')),
    new Set(['dropped events that cannot be read']),
  )
  await run.stopAndCheckCompliance()
})

test('speaks JSON where the client does', async () => {
  await using run = await runInput(input, LISTEN)
  const peer = await run.connect()
  await peer.send(Buffer.from('["a", 1795251000, {"log": "hi"}, {"chunk": "c0"}]\n'))
  await peer.untilReceived('{"ack":"c0"}'.length)
  assert.equal(peer.received.toString(), '{"ack":"c0"}')
  assert.deepEqual(run.records, [{ log: 'hi' }])
  await run.stopAndCheckCompliance()
})

test('takes frames in pieces of any size', async () => {
  await using run = await runInput(input, LISTEN)
  const peer = await run.connect()
  const bytes = Buffer.concat([
    message('a', TIME, { log: 'x'.repeat(50) }, { chunk: 'c0' }),
    packed('a', ENTRIES, { chunk: 'c1' }),
  ])
  for (const byte of bytes) await peer.send(Buffer.from([byte]))
  const acks = ack('c0', 'c1')
  assert.deepEqual(await peer.untilReceived(acks.length), acks)
  assert.equal(run.records.length, 3)
  await run.stopAndCheckCompliance()
})

test('keeps what came before bad bytes and ends that connection alone', async () => {
  await using run = await runInput(input, LISTEN)
  const [bad, good] = [await run.connect(), await run.connect()]
  const badPort = bad.socket.localPort
  const fine = packed('a', ENTRIES, { chunk: 'c0' })
  await bad.send(Buffer.concat([fine, Buffer.from([0xc1, 1, 2, 3])]))
  assert.equal(await bad.untilEnded(), 'FIN')
  assert.deepEqual(bad.received, ack('c0'))
  assert.equal(run.records.length, 2)
  const lines = run.log.lines.filter(({ level }) => level === 'warn')
  assert.equal(lines.length, 1)
  const { peer, reason, offset, found, expected } = lines[0]?.fields ?? {}
  assert.equal(peer, `127.0.0.1:${badPort}`)
  assert.equal(offset, fine.length)
  assert.ok(found && expected)
  assert.equal(run.metric('errors_total', { reason: String(reason) }), 1)
  await good.send(packed('a', ENTRIES, { chunk: 'c1' }))
  assert.deepEqual(await good.untilReceived(ack('c1').length), ack('c1'))
  await run.stopAndCheckCompliance()
})

test('warns of a frame that its sender did not finish', async () => {
  await using run = await runInput(input, LISTEN)
  const peer = await run.connect()
  await peer.send(packed('a', ENTRIES).subarray(0, -1))
  peer.end()
  assert.equal(await peer.untilEnded(), 'FIN')
  assert.equal(run.metric('errors_total', { reason: 'truncated' }), 1)
  assert.equal(run.metric('pending_frame_bytes'), 0)
  await run.stopAndCheckCompliance()
})

test('takes silent connections and nil for heartbeats', async () => {
  await using run = await runInput(input, LISTEN)
  const silent = await run.connect()
  silent.end()
  assert.equal(await silent.untilEnded(), 'FIN')
  const nil = await run.connect()
  await nil.send(Buffer.concat([Buffer.from([0xc0, 0xc0]), packed('a', ENTRIES)]))
  await run.untilRecords(2)
  assert.deepEqual(run.log.lines, [])
  await run.stopAndCheckCompliance()
})

test('acknowledges to a client that has finished sending', async () => {
  await using run = await runInput(input, LISTEN, { hold: true })
  const peer = await run.connect()
  await peer.send(await compressed('a', ENTRIES, { by: 'gzip', chunk: 'c0' }))
  await peer.send(packed('a', ENTRIES, { chunk: 'c1' }))
  peer.end()
  await run.until('both are on their way', () => run.heldCount === 2)
  await run.until('the pipeline knows that nothing follows', () => run.closedOrigins.length === 1)
  run.release()
  assert.equal(await peer.untilEnded(), 'FIN')
  assert.deepEqual(peer.received, ack('c0', 'c1'))
  await run.stopAndCheckCompliance()
})

test('puts tag, prefix and source into events', async () => {
  const yaml = `
    ${LISTEN}
    tag: given
    add_tag_prefix: before
    source_address_key: from
    source_hostname_key: host
    metadata_key: meta`
  await using run = await runInput(input, yaml)
  const peer = await run.connect()
  await peer.send(message('a', TIME, { log: 'x', from: 'liar' }, { metadata: { level: 3 } }))
  await run.untilRecords(1)
  assert.deepEqual(run.tags, ['before.given'])
  const { host, ...others } = run.records[0] ?? {}
  assert.deepEqual(others, { log: 'x', from: '127.0.0.1', meta: { level: 3 } })
  assert.match(String(host), /^(127\.0\.0\.1|[\w.-]+)$/)
  await run.stopAndCheckCompliance()
})

test('closes each connection after its first message where keepalive is denied', async () => {
  await using run = await runInput(input, `${LISTEN}\ndeny_keepalive: true`)
  const peer = await run.connect()
  await peer.send(packed('a', ENTRIES, { chunk: 'c0' }))
  assert.equal(await peer.untilEnded(), 'FIN')
  assert.deepEqual(peer.received, ack('c0'))
  await run.stopAndCheckCompliance()
})
