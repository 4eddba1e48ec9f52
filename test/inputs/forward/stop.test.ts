/** How the `forward` input stops: nothing that reached the machine is lost on the way out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forward as input } from '../../../src/inputs/forward/index.ts'
import { turn } from '../../../src/inputs/support/turn.ts'
import { runInput, type InputRun } from '../../drivers/run-input.ts'
import { ack } from '../../support/ack.ts'
import { packed, type Entry } from '../../support/forward-client.ts'

const LISTEN = 'listen: tcp://127.0.0.1:0'
const ENTRIES: Entry[] = [[1_795_251_000, { log: 'x'.repeat(1000) }]]

const LARGE: Entry[] = [[1_795_251_000, { log: 'x'.repeat(100_000) }]]

test('reads what the kernel has, acknowledges it and ends with FIN', async () => {
  await using run = await runInput(input, LISTEN)
  const peers = await Promise.all([run.connect(), run.connect(), run.connect()])
  const chunks = Array.from({ length: 200 }, (_, index) => `chunk-${index}`)
  const frames = Buffer.concat(chunks.map((chunk) => packed('a', ENTRIES, { chunk })))
  await Promise.all(peers.map((peer) => peer.send(frames)))
  await run.stop()
  for (const peer of peers) {
    assert.equal(await peer.untilEnded(), 'FIN')
    assert.deepEqual(peer.received, ack(...chunks))
  }
  assert.equal(run.records.length, 3 * chunks.length)
  await run.stopAndCheckCompliance()
})

test('takes connections that the kernel has completed before it stops accepting', async () => {
  await using run = await runInput(input, LISTEN)
  const connecting = Array.from({ length: 20 }, async () => {
    const peer = await run.connect()
    await peer.send(packed('a', ENTRIES))
    peer.end()
    return peer
  })
  const peers = await Promise.all(connecting)
  await run.stop()
  assert.equal(run.records.length, peers.length)
  await run.stopAndCheckCompliance()
})

test('waits for what is on its way, and goes on reading under backpressure', async () => {
  const yaml = `${LISTEN}\nconnection_in_flight_max: 64KiB`
  await using run = await runInput(input, yaml, { hold: true })
  const peer = await run.connect()
  const chunks = Array.from({ length: 200 }, (_, index) => `chunk-${index}`)
  await peer.send(Buffer.concat(chunks.map((chunk) => packed('a', ENTRIES, { chunk }))))
  await run.until('some is on its way', () => run.heldCount > 0)
  const stopped = run.stop()
  await untilDraining(run)
  assert.equal(peer.ending, null)
  run.release()
  await stopped
  assert.equal(await peer.untilEnded(), 'FIN')
  assert.deepEqual(peer.received, ack(...chunks))
  await run.stopAndCheckCompliance()
})

test('takes no request that comes while it waits for earlier ones', async () => {
  await using run = await runInput(input, LISTEN, { hold: true })
  const peer = await run.connect()
  const frames = ['c0', 'c1'].map((chunk) => packed('a', ENTRIES, { chunk }))
  await peer.send(frames[0]!)
  await run.until('it is on its way', () => run.heldCount === 1)
  const stopped = run.stop()
  await untilDraining(run)
  await peer.send(frames[1]!)
  const bytes = Buffer.concat(frames).length
  await run.until('it is read', () => run.metric('received_bytes_total') === bytes)
  run.release()
  await stopped
  assert.deepEqual(peer.received, ack('c0'))
  assert.equal(run.batches.length, 1)
  await run.stopAndCheckCompliance()
})

test('ends at its deadline though the work is not done', async () => {
  await using run = await runInput(input, LISTEN, { hold: true })
  const peer = await run.connect()
  await peer.send(packed('a', ENTRIES, { chunk: 'c' }))
  await run.until('it is on its way', () => run.heldCount === 1)
  await run.stop(50)
  await peer.untilEnded()
  assert.equal(peer.received.length, 0)
  await run.stopAndCheckCompliance()
})

test('accepts nobody after a stop, and stops though a client sends for ever', async () => {
  await using run = await runInput(input, LISTEN)
  const peer = await run.connect()
  const frame = packed('a', LARGE, { chunk: 'c' })
  let sent = 0
  const sending = (async () => {
    for (;;) {
      await peer.send(frame)
      sent++
    }
  })().catch((error: unknown) => error)
  await run.until('it sends', () => sent > 10)
  await run.stop()
  await sending
  assert.ok(run.records.length > 10)
  await assert.rejects(run.connect(), { code: 'ECONNREFUSED' })
  await run.stopAndCheckCompliance()
})

/** Waits until nobody is let in any more, and what the kernel had has been seen. */
async function untilDraining(run: InputRun): Promise<void> {
  await run.until('nobody is accepted', () =>
    run.connect().then(
      () => false,
      () => true,
    ),
  )
  for (let turns = 0; turns < 10; turns++) await turn()
}
