/** What every connection without answers does: order, holding back, ends of all kinds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualTime } from '../../drivers/context.ts'
import { runInput, type InputRun } from '../../drivers/run-input.ts'
import { linesInput, POISON } from './lines-input.ts'

const linesOf = (run: InputRun) => run.records.map(({ line }) => line)

test('delivers in order, and ends its side once all is delivered', async () => {
  await using run = await runInput(linesInput, '', { hold: true })
  const peer = await run.connect()
  await peer.send(Buffer.from('one\ntw'))
  await run.until('the first is on its way', () => run.heldCount === 1)
  await peer.send(Buffer.from('o\n'))
  peer.socket.end()
  await run.until('both are on their way', () => run.heldCount === 2)
  assert.equal(peer.ending, null)
  run.release()
  assert.equal(await peer.untilEnded(), 'FIN')
  assert.deepEqual(linesOf(run), ['one', 'two'])
  await run.stopAndCheckCompliance()
})

test('keeps what was cut off by the end, by a reset, by a stop', async () => {
  for (const how of ['end', 'reset', 'stop']) {
    await using run = await runInput(linesInput, '')
    const peer = await run.connect()
    await peer.send(Buffer.from('one\ntw'))
    await run.untilRecords(1)
    if (how === 'end') peer.socket.end()
    else if (how === 'reset') peer.socket.resetAndDestroy()
    else await run.stop()
    await run.untilRecords(2)
    assert.deepEqual(linesOf(run), ['one', 'tw (cut)'], how)
    await run.stopAndCheckCompliance()
  }
})

test('stops reading while too much is on its way', async () => {
  const yaml = 'connection_in_flight_max: 64KiB'
  await using run = await runInput(linesInput, yaml, { hold: true })
  const peer = await run.connect()
  const line = `${'x'.repeat(1023)}\n`
  void peer.send(Buffer.from(line.repeat(64 * 1024))).catch(() => undefined)
  const hits = () => run.metric('limit_hits_total', { limit: 'connection_in_flight_max' })
  await run.until('it is held back', () => hits() === 1)
  assert.ok(run.metric('in_flight_bytes')! < 512 * 1024)
  run.release()
  await run.untilRecords(64 * 1024)
  await run.stopAndCheckCompliance()
})

test('counts what was handed back as lost, as nobody sends it again', async () => {
  await using run = await runInput(linesInput, '', { outcomes: ['retry'] })
  const peer = await run.connect()
  await peer.send(Buffer.from('one\ntwo\n'))
  await run.until('it is lost', () => run.lost.length === 1)
  const reason = 'retry_without_acknowledgement'
  assert.deepEqual(run.lost, [{ tag: 'lines', count: 2, reason }])
  await run.stopAndCheckCompliance()
})

test('ends a connection whose bytes cannot be read, once', async () => {
  await using run = await runInput(linesInput, '')
  const peer = await run.connect()
  await peer.send(Buffer.from(`${POISON}\n`))
  assert.equal(await peer.untilEnded(), 'FIN')
  assert.equal(run.metric('errors_total', { reason: 'poison' }), 1)
  assert.deepEqual(run.log.messages('warn'), ['ended a connection'])
  await run.stopAndCheckCompliance()
})

test('ends connections that are silent, at all or in the middle of a message', async () => {
  for (const [option, text, reason] of [
    ['idle_timeout', 'one\n', 'idle_timeout'],
    ['frame_timeout', 'one\ntw', 'frame_timeout'],
  ] as const) {
    const time = new ManualTime()
    await using run = await runInput(linesInput, `${option}: 10s`, { time })
    const peer = await run.connect()
    await peer.send(Buffer.from(text))
    await run.untilRecords(1)
    time.advance(10_000)
    assert.equal(run.metric('errors_total', { reason }) ?? 0, 0)
    time.advance(10_000)
    assert.equal(run.metric('errors_total', { reason }), 1)
    assert.equal(linesOf(run).length, option === 'frame_timeout' ? 2 : 1)
    peer.destroy()
    await run.stopAndCheckCompliance()
  }
})

test('ends the connection that holds most of too many incomplete messages', async () => {
  await using run = await runInput(linesInput, 'pending_max: 1KiB')
  const small = await run.connect()
  const large = await run.connect()
  await small.send(Buffer.from('a'))
  await run.until('it is held', () => run.metric('pending_frame_bytes') === 1)
  await large.send(Buffer.from('b'.repeat(1024)))
  assert.equal(await large.untilEnded(), 'FIN')
  assert.equal(run.records.length, 1, 'what it had is kept')
  assert.equal(small.ending, null)
  await run.stopAndCheckCompliance()
})
