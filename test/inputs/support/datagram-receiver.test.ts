/** The UDP side of inputs: batches of a turn, what is thrown away, and that it is counted. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { parseListen } from '../../../src/config/listen-address.ts'
import { runInput, type InputRun } from '../../drivers/run-input.ts'
import { linesInput } from './lines-input.ts'

const LISTEN = 'listen: udp://127.0.0.1:0'

test('delivers what comes in one turn together', async () => {
  await using run = await runInput(linesInput, LISTEN)
  await send(
    run,
    Array.from({ length: 20 }, (_, index) => `line ${index}\n`),
  )
  await run.untilRecords(20)
  assert.deepEqual(run.records[19], { line: 'line 19' })
  assert.equal(run.batches.length, 1)
  assert.equal(run.metric('datagrams_total'), 20)
  assert.ok(run.metric('receive_buffer_bytes')! > 0)
  await run.stopAndCheckCompliance()
})

test('delivers what the kernel has when it stops', async () => {
  await using run = await runInput(linesInput, LISTEN)
  await send(run, ['last\n'])
  await run.stop()
  assert.deepEqual(run.records, [{ line: 'last' }])
  await run.stopAndCheckCompliance()
})

test('throws away, counts and says once what comes while too much is on its way', async () => {
  await using run = await runInput(linesInput, `${LISTEN}\nin_flight_max: 1KiB`, { hold: true })
  await send(run, ['one\n'])
  await run.until('it is on its way', () => run.heldCount === 1)
  for (const line of ['two\n', 'three\n']) {
    const before = run.dropped.length
    await send(run, [line])
    await run.until('it is dropped', () => run.dropped.length === before + 1)
  }
  assert.deepEqual(run.dropped[0], { tag: 'lines', count: 1, reason: 'in_flight_max' })
  assert.equal(run.log.messages('error').length, 1)
  run.release()
  await run.stopAndCheckCompliance()
})

test('takes nothing of senders that are not allowed', async () => {
  await using run = await runInput(linesInput, `${LISTEN}\nallow: [10.0.0.0/8]`)
  await send(run, ['one\n'])
  await run.until('it is refused', () => run.metric('datagrams_refused_total') === 1)
  assert.deepEqual(run.records, [])
  await run.stopAndCheckCompliance()
})

async function send(run: InputRun, texts: readonly string[]): Promise<void> {
  const address = parseListen(run.address())
  assert.ok(address?.scheme === 'udp')
  const socket = createSocket('udp4')
  socket.connect(address.port, address.host)
  await once(socket, 'connect')
  // All in one turn, so that they can be read in one.
  await Promise.all(
    texts.map(
      (text) =>
        new Promise<void>((resolve, reject) => {
          socket.send(text, (error) => (error ? reject(error) : resolve()))
        }),
    ),
  )
  await new Promise<void>((resolve) => socket.close(() => resolve()))
}
