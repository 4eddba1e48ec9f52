/** The `http` input: answers after delivery, backpressure, long bodies, the end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { http } from '../../../src/inputs/http/index.ts'
import { ManualTime } from '../../drivers/context.ts'
import { runInput } from '../../drivers/run-input.ts'
import { post } from './posting.ts'

const LISTEN = 'listen: tcp://127.0.0.1:0'
const NDJSON = { type: 'application/x-ndjson' }
const LINE = `{"text":"${'x'.repeat(1000)}"}\n`

test('answers once all is delivered', async () => {
  await using run = await runInput(http, LISTEN, { hold: true })
  let isAnswered = false
  const answer = post(run, '/app', '{}').finally(() => (isAnswered = true))
  await run.until('it is on its way', () => run.heldCount === 1)
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.equal(isAnswered, false)
  run.release()
  assert.equal((await answer).status, 200)
  await run.stopAndCheckCompliance()
})

test('says how many were taken before what was handed back', async () => {
  const bytes = Buffer.from(LINE.repeat(1000))
  await using run = await runInput(http, LISTEN, { hold: true })
  const answer = post(run, '/app', bytes, NDJSON)
  await run.until('some are on their way', () => run.heldCount >= 3)
  const [first] = run.batches
  run.answer(1, 'retry')
  run.release()
  const { status, headers, body } = await answer
  assert.deepEqual([status, headers.get('retry-after')], [503, '1'])
  assert.equal(body['accepted'], first!.count)
  assert.deepEqual(run.lost, [], 'the sender has them still')
  await run.stopAndCheckCompliance()
})

test('answers 200 for what can never be delivered, and says so', async () => {
  await using run = await runInput(http, LISTEN, { outcomes: ['rejected'] })
  const { status, body } = await post(run, '/app', '[{},{}]')
  assert.deepEqual([status, body], [200, { accepted: 2, rejected: 2 }])
  await run.stopAndCheckCompliance()
})

test('answers 429 when too much waits, until there is room again', async () => {
  const time = new ManualTime()
  const yaml = `{ ${LISTEN}, in_flight_max: 1KiB, room_timeout: 5s, idle_timeout: 1h }`
  await using run = await runInput(http, yaml, { hold: true, time })
  const first = post(run, '/app', '{"n":1}')
  await run.until('it is on its way', () => run.heldCount === 1)
  const second = post(run, '/app', '{"n":2}')
  const third = post(run, '/app', '{"n":3}')
  const waiting = () => run.metric('connections_held_back') === 2
  await run.until('they wait', waiting)
  time.advance(5000)
  for (const refused of await Promise.all([second, third])) {
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '1'])
    assert.equal(refused.body['accepted'], 0)
  }
  const fourth = post(run, '/app', '{"n":4}')
  await run.until('it waits', () => run.metric('connections_held_back') === 1)
  run.release()
  assert.deepEqual([(await first).status, (await fourth).status], [200, 200])
  assert.deepEqual(
    run.records.map(({ n }) => n),
    [1, 4],
  )
  await run.stopAndCheckCompliance()
})

test('answers 503 when delivery takes too long, which may still happen', async () => {
  const time = new ManualTime()
  const yaml = `{ ${LISTEN}, answer_timeout: 10s, idle_timeout: 1h }`
  await using run = await runInput(http, yaml, { hold: true, time })
  const answer = post(run, '/app', '{}')
  await run.until('it is on its way', () => run.heldCount === 1)
  await run.until('it is waited for', () => time.pending > 1)
  time.advance(10_000)
  const { status, body } = await answer
  assert.deepEqual([status, body['accepted'], body['undecided']], [503, 0, 1])
  assert.match(String(body['message']), /may still happen/)
  await run.stopAndCheckCompliance()
})

test('says with a 429 how many events may still be delivered', async () => {
  const time = new ManualTime()
  const more = 'request_in_flight_max: 64KiB, room_timeout: 5s, answer_timeout: 10s'
  const yaml = `{ ${LISTEN}, ${more}, idle_timeout: 1h }`
  await using run = await runInput(http, yaml, { hold: true, time })
  const answer = post(run, '/app', Buffer.from(LINE.repeat(1000)), NDJSON)
  await run.until('it is held back', () => run.metric('in_flight_bytes')! >= 64 * 1024)
  await run.until('room is waited for', () => time.pending > 1)
  time.advance(5000)
  // The refusal waits for what is on its way, so as to say what became of it.
  await run.until('that is waited for', () => time.pending > 1)
  time.advance(10_000)
  const { status, body } = await answer
  const sent = run.batches.reduce((sum, { count }) => sum + count, 0)
  assert.deepEqual([status, body['accepted'], body['undecided']], [429, 0, sent])
  assert.ok(sent > 0)
  await run.stopAndCheckCompliance()
})

test('takes NDJSON of any length, with a bound on what is in memory', async () => {
  const yaml = `{ ${LISTEN}, request_in_flight_max: 256KiB, body_max: 1KiB }`
  await using run = await runInput(http, yaml, { hold: true })
  const count = 8 * 1024
  const answer = post(run, '/app', Buffer.from(LINE.repeat(count)), NDJSON)
  await run.until('it is held back', () => run.metric('in_flight_bytes')! >= 256 * 1024)
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.ok(run.metric('in_flight_bytes')! < 512 * 1024, String(run.metric('in_flight_bytes')))
  run.release()
  assert.deepEqual((await answer).body, { accepted: count })
  assert.equal(run.entries.length, count)
  await run.stopAndCheckCompliance()
})

test('delivers lines while the body goes on', async () => {
  await using run = await runInput(http, LISTEN)
  const peer = await run.connect()
  const head = 'POST /a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n'
  await peer.send(Buffer.from(`${head}content-type: application/x-ndjson\r\n\r\n`))
  await peer.send(Buffer.from('8\r\n{"a":1}\n\r\n'))
  await run.untilRecords(1)
  assert.equal(peer.received.length, 0)
  await peer.send(Buffer.from('8\r\n{"a":2}\n\r\n0\r\n\r\n'))
  await run.until('the answer', () => peer.received.includes('{"accepted":2}'))
  await run.stopAndCheckCompliance()
})

test('at the stop says how much of an endless body was taken', async () => {
  await using run = await runInput(http, LISTEN)
  const peer = await run.connect()
  const head = 'POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n'
  await peer.send(Buffer.from(`${head}content-type: application/x-ndjson\r\n\r\n{"a":1}\n{"a"`))
  await run.untilRecords(1)
  const stopped = run.stop()
  await run.until('the answer', () => peer.received.includes('"accepted":1'))
  assert.match(String(peer.received), /^HTTP\/1.1 503 Service Unavailable/)
  peer.destroy()
  await stopped
  await run.stopAndCheckCompliance()
})

test('what a client that leaves has sent of NDJSON is taken, and counted', async () => {
  await using run = await runInput(http, LISTEN)
  const peer = await run.connect()
  const head = 'POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n'
  await peer.send(Buffer.from(`${head}content-type: application/x-ndjson\r\n\r\n{"a":1}\n{"a"`))
  await run.untilRecords(1)
  peer.destroy()
  const aborted = () => run.metric('request_errors_total', { reason: 'aborted' }) === 1
  await run.until('it is counted', aborted)
  assert.equal(run.records.length, 1)
  await run.stopAndCheckCompliance()
})
