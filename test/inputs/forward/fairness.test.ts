/** What one connection does to the others, and to the process, when outputs are slow. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forward as input } from '../../../src/inputs/forward/index.ts'
import type { InputRun } from '../../drivers/run-input.ts'
import { runInput } from '../../drivers/run-input.ts'
import { ack } from '../../support/ack.ts'
import { packed, type Entry } from '../../support/forward-client.ts'

const READ_BYTES = 64 * 1024
const LISTEN = 'listen: tcp://127.0.0.1:0'
const ONE_KIB: Entry[] = [[1_795_251_000, { log: 'x'.repeat(1000) }]]
const LARGE: Entry[] = [[1_795_251_000, { log: 'x'.repeat(READ_BYTES) }]]

/** Answers what is held, again and again, as a slow output does. */
async function answerUntil(run: InputRun, what: string, condition: () => boolean): Promise<void> {
  await run.until(what, () => {
    for (let count = run.heldCount; count > 0; count--) run.answer(0, 'delivered')
    return condition()
  })
}

test('whoever sends little waits for one read of a flood at most', async () => {
  // One read of the flood is more than all may have in flight.
  await using run = await runInput(input, `${LISTEN}\nin_flight_max: 64KiB`, { hold: true })
  const flood = await run.connect()
  const frame = packed('flood', ONE_KIB)
  const frames = 20_000
  const flooding = flood.send(Buffer.alloc(frames * frame.length, frame))
  const heldBack = () => run.metric('connections_held_back')
  await run.until('the flood is held back', () => heldBack() === 1)
  const quiet = await Promise.all(Array.from({ length: 9 }, () => run.connect()))
  for (let round = 0; round < 3; round++) {
    await Promise.all(quiet.map((peer) => peer.send(packed('quiet', ONE_KIB, { chunk: 'c' }))))
    await run.until('all are held back', () => heldBack() === 10)
    const before = run.batches.length
    const quietCount = () => run.tags.slice(before).filter((tag) => tag === 'quiet').length
    await answerUntil(run, 'the quiet ones are read', () => quietCount() === 9)
    const taken = run.tags.slice(before)
    const passedBy = taken.slice(0, taken.lastIndexOf('quiet')).filter((tag) => tag === 'flood')
    assert.ok(passedBy.length <= READ_BYTES / frame.length + 1, `${passedBy.length}`)
    const acks = ack(...Array.from({ length: round + 1 }, () => 'c'))
    const answered = () => quiet.every(({ received }) => received.length === acks.length)
    await answerUntil(run, 'they have their acknowledgements', answered)
    await run.until('the flood goes on', () => heldBack() === 1)
  }
  run.release()
  await flooding
  await run.untilRecords(frames + 27)
  await run.stopAndCheckCompliance()
})

test('stops reading when the process holds too much, and loses nothing of it', async () => {
  const memoryMax = 256 * 1024
  await using run = await runInput(input, LISTEN, { hold: true, memoryMax })
  const peers = [await run.connect(), await run.connect()]
  const frames = 100
  const sending = peers.map(async (peer) => {
    for (let sent = 0; sent < frames; sent++) await peer.send(packed('a', LARGE))
  })
  const hits = () => run.metric('limit_hits_total', { limit: 'memory_max' })
  await run.until('reading stops', () => hits() === 1 && run.metric('connections_held_back') === 2)
  // Two connections may each have a read and a frame in hand when the limit is reached.
  assert.ok(run.metric('memory_held_bytes')! < 1024 * 1024, `${run.metric('memory_held_bytes')}`)
  run.release()
  await Promise.all(sending)
  await run.untilRecords(2 * frames)
  await run.stopAndCheckCompliance()
})

test('takes messages larger than all memory, though one is not complete', async () => {
  await using run = await runInput(input, LISTEN, { memoryMax: 1024 })
  const [slow, other] = [await run.connect(), await run.connect()]
  const large = packed('slow', LARGE, { chunk: 'c' })
  await slow.send(large.subarray(0, READ_BYTES / 2))
  await run.until('its half counts', () => run.metric('memory_held_bytes')! >= READ_BYTES / 2)
  for (let sent = 0; sent < 3; sent++) await other.send(packed('other', LARGE))
  await run.untilRecords(3)
  await slow.send(large.subarray(READ_BYTES / 2))
  assert.deepEqual(await slow.untilReceived(ack('c').length), ack('c'))
  await run.stopAndCheckCompliance()
})
