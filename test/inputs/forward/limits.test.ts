/** The bounds of the `forward` input: what happens at each, and that it is counted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { Packr } from 'msgpackr'
import { forward as input } from '../../../src/inputs/forward/index.ts'
import { ManualTime } from '../../drivers/context.ts'
import type { Peer } from '../../drivers/peer.ts'
import { runInput, type InputRun } from '../../drivers/run-input.ts'
import { ack } from '../../support/ack.ts'
import { compressed, forward, message, packed, type Entry } from '../../support/forward-client.ts'

const LISTEN = 'listen: tcp://127.0.0.1:0'
const ENTRIES: Entry[] = [[1_795_251_000, { log: 'one' }]]
/** So that no read brings many: what one read brings is taken before it is counted. */
const MIDDLE: Entry[] = [[1_795_251_000, { log: 'x'.repeat(4096) }]]
/** About 64 KiB each. */
const LARGE: Entry[] = [[1_795_251_000, { log: 'x'.repeat(64 * 1024) }]]
const packr = new Packr({ useRecords: false })

test('ends a connection whose frame is too large, once its header says so', async () => {
  await using run = await runInput(input, `${LISTEN}\nframe_max: 1KiB`)
  const peer = await run.connect()
  await peer.send(packed('a', ENTRIES, { chunk: 'c0' }))
  await peer.send(Buffer.from([0x92, 0xa1, 0x61, 0xc6, 0x7f, 0xff, 0xff, 0xff]))
  await assertEnded(run, peer, 'frame_max')
  assert.deepEqual(peer.received, ack('c0'))
  await run.stopAndCheckCompliance()
})

test('ends a connection that sends a tag longer than allowed, in every mode', async () => {
  const long = 'é'.repeat(33)
  const record = { log: 'x'.repeat(300) }
  const frames = [
    // Enough of them that the kernel reads them.
    Buffer.concat(Array.from({ length: 10 }, () => message(long, 1_795_251_000, record))),
    forward(long, ENTRIES, { chunk: 'c1' }),
    packed(long, ENTRIES),
    await compressed(long, ENTRIES, { by: 'gzip', chunk: 'c1' }),
    packr.pack([long, 1_795_251_000, {}, { fluent_signal: 1 }]),
    Buffer.from(JSON.stringify([long, 1_795_251_000, record, { chunk: 'c1' }])),
  ]
  for (const frame of frames) {
    await using run = await runInput(input, `${LISTEN}\ntag_max: 64B`)
    const peer = await run.connect()
    const isJson = frame[0] === 0x5b
    const fits = 'é'.repeat(32)
    const before = isJson
      ? Buffer.from(JSON.stringify([fits, 1, {}]))
      : packed(fits, ENTRIES, { chunk: 'c0' })
    await peer.send(Buffer.concat([before, frame, isJson ? frame : packed('b', ENTRIES)]))
    await assertEnded(run, peer, 'tag_max')
    const { tag, found, expected } = run.log.lines[0]!.fields
    assert.deepEqual([found, expected], ['66 bytes', 'a tag of at most 64 bytes'])
    assert.equal(tag, long)
    assert.deepEqual(run.tags, [fits])
    assert.deepEqual(peer.received, isJson ? Buffer.alloc(0) : ack('c0'))
    await run.stopAndCheckCompliance()
  }
})

test('takes no tag of more than a kibibyte unless told to', async () => {
  await using run = await runInput(input, LISTEN)
  const peer = await run.connect()
  await peer.send(packed('t'.repeat(1024), ENTRIES, { chunk: 'c0' }))
  await peer.untilReceived(ack('c0').length)
  await peer.send(packed('t'.repeat(1025), ENTRIES))
  await assertEnded(run, peer, 'tag_max')
  const { tag } = run.log.lines[0]!.fields
  assert.ok((tag as string).length < 500)
  await run.stopAndCheckCompliance()
})

for (const by of ['gzip', 'zstd'] as const) {
  test(`ends a connection whose ${by} payload grows too large`, async () => {
    await using run = await runInput(input, `${LISTEN}\ndecompressed_max: 32KiB`)
    const peer = await run.connect()
    const small = await compressed('a', ENTRIES, { by, chunk: 'c0' })
    const bomb = await compressed('a', LARGE, { by, chunk: 'c1' })
    await peer.send(Buffer.concat([small, bomb, packed('a', ENTRIES, { chunk: 'c2' })]))
    await assertEnded(run, peer, 'decompressed_max')
    assert.deepEqual(peer.received, ack('c0'))
    assert.equal(run.metric('errors_total', { reason: 'decompressed_max' }), 1)
    await run.stopAndCheckCompliance()
  })
}

test('ends a connection whose payload is corrupt; what nobody would repeat is kept', async () => {
  await using run = await runInput(input, LISTEN)
  const peer = await run.connect()
  const corrupt = packr.pack(['a', gzipSync('x').fill(0xff, 10), { compressed: 'gzip' }])
  const frames = [packed('a', ENTRIES, { chunk: 'c0' }), corrupt, packed('b', ENTRIES)]
  await peer.send(Buffer.concat(frames))
  assert.equal(await peer.untilEnded(), 'FIN')
  assert.deepEqual(peer.received, ack('c0'))
  assert.deepEqual(run.tags, ['a', 'b'])
  assert.equal(run.metric('errors_total', { reason: 'corrupt_compression' }), 1)
  await run.stopAndCheckCompliance()
})

test('drops an event that nests too deep', async () => {
  await using run = await runInput(input, `${LISTEN}\ndepth_max: 4`)
  const peer = await run.connect()
  const fields = { a: { b: { c: { d: { e: 1 } } } } }
  await peer.send(message('a', 1_795_251_000, fields, { chunk: 'c0' }))
  assert.deepEqual(await peer.untilReceived(ack('c0').length), ack('c0'))
  assert.equal(run.metric('limit_hits_total', { limit: 'depth_max' }), 1)
  assert.deepEqual(run.dropped, [{ tag: 'a', count: 1, reason: 'depth_exceeded' }])
  await run.stopAndCheckCompliance()
})

test('ends the connection that holds too much of an incomplete frame', async () => {
  await using run = await runInput(input, `${LISTEN}\npending_max: 8KiB`)
  const peer = await run.connect()
  await peer.send(packed('a', LARGE).subarray(0, 32 * 1024))
  await assertEnded(run, peer, 'pending_max')
  assert.equal(run.metric('pending_frame_bytes'), 0)
  await run.stopAndCheckCompliance()
})

test('ends whoever holds most of incomplete frames, not whoever comes last', async () => {
  await using run = await runInput(input, `${LISTEN}\npending_max: 128KiB`)
  const [greedy, greedier, modest] = [await run.connect(), await run.connect(), await run.connect()]
  const large = packed('a', [[1_795_251_000, { log: 'x'.repeat(128 * 1024) }]])
  await greedy.send(large.subarray(0, 60 * 1024))
  await greedier.send(large.subarray(0, 61 * 1024))
  await run.until('it is read', () => run.metric('pending_frame_bytes') === 121 * 1024)
  const frame = packed('b', LARGE, { chunk: 'c0' })
  await modest.send(frame.subarray(0, 20 * 1024))
  await assertEnded(run, greedier, 'pending_max')
  await modest.send(frame.subarray(20 * 1024))
  assert.deepEqual(await modest.untilReceived(ack('c0').length), ack('c0'))
  assert.equal(run.metric('pending_frame_bytes'), 60 * 1024)
  assert.equal(greedy.ending, null)
  await run.stopAndCheckCompliance()
})

test('ends a connection that stays silent in the middle of a frame', async () => {
  const time = new ManualTime()
  await using run = await runInput(input, LISTEN, { time })
  const [stalled, slow, idle] = [await run.connect(), await run.connect(), await run.connect()]
  const frame = packed('a', ENTRIES, { chunk: 'c0' })
  await idle.send(frame)
  await idle.untilReceived(ack('c0').length)
  let sent = 0
  const sendOne = async (peer: Peer) => {
    const before = run.metric('received_bytes_total')!
    await peer.send(frame.subarray(sent, sent + 1))
    await run.until('it is read', () => run.metric('received_bytes_total')! > before)
  }
  await sendOne(stalled)
  for (; sent < 5; sent++) {
    await sendOne(slow)
    time.advance(30_000)
  }
  assert.equal(await stalled.untilEnded(), 'FIN')
  assert.equal(run.metric('limit_hits_total', { limit: 'frame_timeout' }), 1)
  await slow.send(frame.subarray(sent))
  assert.deepEqual(await slow.untilReceived(ack('c0').length), ack('c0'))
  assert.equal(idle.ending, null)
  stalled.end()
  await run.stopAndCheckCompliance()
})

test('waits for ever in the middle of a frame when told to, or when it is our turn', async () => {
  const time = new ManualTime()
  const yaml = `${LISTEN}\nconnection_in_flight_max: 2KiB`
  for (const [options, hold] of [
    [`${yaml}\nframe_timeout: 0s`, false],
    [yaml, true],
  ] as const) {
    await using run = await runInput(input, options, { time, hold })
    const peer = await run.connect()
    const frame = packed('a', LARGE, { chunk: 'c0' })
    await peer.send(Buffer.concat([frame, frame.subarray(0, 5)]))
    await run.untilRecords(1)
    await run.until('it is read', () => run.metric('pending_frame_bytes') === 5)
    time.advance(600_000)
    assert.equal(run.metric('limit_hits_total', { limit: 'frame_timeout' }), 0)
    run.release()
    await peer.send(frame.subarray(5))
    await run.untilRecords(2)
    await run.stopAndCheckCompliance()
  }
})

for (const limit of ['connections_max', 'connections_per_address_max']) {
  test(`closes connections over ${limit} at once`, async () => {
    await using run = await runInput(input, `${LISTEN}\n${limit}: 1`)
    const first = await run.connect()
    const second = await run.connect()
    await second.untilEnded()
    assert.equal(run.metric('connections_refused_total', { reason: limit }), 1)
    assert.deepEqual(run.log.messages('warn'), ['refused a connection'])
    first.end()
    await run.until('the first is gone', () => run.metric('connections') === 0)
    const third = await run.connect()
    await third.send(packed('a', ENTRIES, { chunk: 'c0' }))
    await third.untilReceived(ack('c0').length)
    await run.stopAndCheckCompliance()
  })
}

test('stops reading while too much is on its way, and loses nothing of it', async () => {
  const yaml = `${LISTEN}\nin_flight_max: 256KiB`
  await using run = await runInput(input, yaml, { hold: true })
  const peers = [await run.connect(), await run.connect()]
  const frames = 400
  const sending = peers.map(async (peer) => {
    for (let sent = 0; sent < frames; sent++) await peer.send(packed('a', LARGE))
  })
  const hits = () => run.metric('limit_hits_total', { limit: 'in_flight_max' })
  await run.until('reading stops', () => hits() === 1 && run.metric('connections_held_back') === 2)
  // Two connections may each have a read and a frame in hand when the limit is reached.
  assert.ok(run.metric('in_flight_bytes')! < 1024 * 1024, `${run.metric('in_flight_bytes')}`)
  run.release()
  await Promise.all(sending)
  await run.untilRecords(2 * frames)
  assert.equal(run.metric('connections_held_back'), 0)
  await run.stopAndCheckCompliance()
})

test('counts what small messages take in memory, over all connections', async () => {
  const yaml = `${LISTEN}\nin_flight_max: 256KiB`
  await using run = await runInput(input, yaml, { hold: true })
  const peers = await Promise.all(Array.from({ length: 4 }, () => run.connect()))
  const pair = Buffer.concat([message('a', 1, {}), message('b', 1, {})])
  const messages = 14_000
  const sending = peers.map((peer) => peer.send(Buffer.alloc((messages / 2) * pair.length, pair)))
  const held = () => run.metric('connections_held_back') === peers.length
  await run.until('reading stops', held)
  // What one connection had in hand is decoded; what the others had is not.
  assert.ok(run.heldCount <= (64 * 1024) / 5, `${run.heldCount}`)
  assert.ok(run.metric('in_flight_bytes')! > 1024 * run.heldCount)
  run.release()
  await Promise.all(sending)
  await run.untilRecords(peers.length * messages)
  await run.stopAndCheckCompliance()
})

test('counts requests that wait for the acknowledgement of one before them', async () => {
  const yaml = `${LISTEN}\nconnection_in_flight_max: 256KiB`
  await using run = await runInput(input, yaml, { hold: true })
  const peer = await run.connect()
  const send = async (index: number) => {
    const frame = packed(`t${index % 2}`, MIDDLE, { chunk: `c${index}` })
    await peer.send(frame)
  }
  const requests = 2000
  const sending = (async () => {
    for (let index = 0; index < requests; index++) await send(index)
  })()
  await run.until('reading stops', () => {
    const before = run.batches.length
    while (run.heldCount > 1) run.answer(1, 'delivered')
    return stands(before, () => run.batches.length)
  })
  assert.ok(run.batches.length < 1000, `${run.batches.length}`)
  run.release()
  await sending
  const acks = ack(...Array.from({ length: requests }, (_, index) => `c${index}`))
  assert.deepEqual(await peer.untilReceived(acks.length), acks)
  await run.stopAndCheckCompliance()
})

test('holds one connection back without the others', async () => {
  const yaml = `${LISTEN}\nconnection_in_flight_max: 128KiB`
  await using run = await runInput(input, yaml, { hold: true })
  const [greedy, modest] = [await run.connect(), await run.connect()]
  const sending = (async () => {
    for (let sent = 0; sent < 300; sent++) await greedy.send(packed('greedy', LARGE))
  })()
  const hits = () => run.metric('limit_hits_total', { limit: 'connection_in_flight_max' })
  await run.until('the greedy one is held back', () => hits() === 1)
  await modest.send(packed('modest', ENTRIES))
  await run.until('the modest one is served', () => run.tags.includes('modest'))
  assert.ok(run.batches.length < 20)
  run.release()
  await sending
  await run.untilRecords(301)
  await run.stopAndCheckCompliance()
})

test('stops reading from a client that does not read its acknowledgements', async () => {
  await using run = await runInput(input, LISTEN)
  const peer = await run.connect()
  peer.socket.pause()
  const chunk = 'c'.repeat(4000)
  const frame = packed('a', ENTRIES, { chunk })
  const many = Buffer.concat(Array.from({ length: 100 }, () => frame))
  const frames = 10_000
  const sending = (async () => {
    for (let sent = 0; sent < frames; sent += 100) await peer.send(many)
  })()
  const read = () => run.metric('received_bytes_total') ?? 0
  await run.until('reading stops', () => stands(read(), read))
  assert.ok(read() < frames * frame.length)
  peer.socket.resume()
  await sending
  await run.untilRecords(frames)
  await run.stopAndCheckCompliance()
})

test('closes a connection that is silent too long, unless it waits for us', async () => {
  const time = new ManualTime()
  const yaml = `${LISTEN}\nidle_timeout: 60s`
  await using run = await runInput(input, yaml, { time, hold: true })
  const [silent, waiting] = [await run.connect(), await run.connect()]
  await silent.send(Buffer.from([0xc0]))
  await waiting.send(packed('a', ENTRIES, { chunk: 'c0' }))
  await run.until('both are read', () => run.heldCount === 1)
  time.advance(59_000)
  assert.equal(silent.ending, null)
  time.advance(61_000)
  assert.equal(await silent.untilEnded(), 'FIN')
  assert.equal(run.metric('limit_hits_total', { limit: 'idle_timeout' }), 1)
  run.release()
  assert.deepEqual(await waiting.untilReceived(ack('c0').length), ack('c0'))
  silent.end()
  await run.stopAndCheckCompliance()
})

async function assertEnded(run: InputRun, peer: Peer, limit: string): Promise<void> {
  assert.equal(await peer.untilEnded(), 'FIN')
  assert.equal(run.metric('limit_hits_total', { limit }), 1)
  assert.deepEqual(run.log.messages('warn'), ['ended a connection'])
}

/** Whether a number that was `before` is not zero, and does not change for a while. */
async function stands(before: number, now: () => number): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve, 50))
  return before > 0 && now() === before
}
