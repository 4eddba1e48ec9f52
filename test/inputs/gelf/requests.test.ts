/** GELF by HTTP. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync, gzipSync } from 'node:zlib'
import { gelf } from '../../../src/inputs/gelf/index.ts'
import { runInput, type InputRun } from '../../drivers/run-input.ts'

const LISTEN = 'listen: tcp://127.0.0.1:0\nhttp_listen: tcp://127.0.0.1:0\nmessage_max: 1KiB'
const gelfText = (text: string) => JSON.stringify({ short_message: text })

function post(run: InputRun, body: string | Uint8Array, headers: Record<string, string> = {}) {
  const url = run.address(1).replace('tcp:', 'http:')
  const all = { connection: 'close', ...headers }
  const bytes = typeof body === 'string' ? body : new Uint8Array(body)
  return fetch(`${url}/gelf`, { method: 'POST', body: bytes, headers: all })
}

test('one message, several, and compressed ones', async () => {
  await using run = await runInput(gelf, LISTEN)
  const wide = JSON.stringify({ short_message: 'wide' }, null, 2)
  for (const [body, headers] of [
    [gelfText('a'), {}],
    [`${gelfText('b')}\n${gelfText('c')}\n`, {}],
    [wide, { 'content-type': 'application/json' }],
    [gzipSync(gelfText('d')), { 'content-encoding': 'gzip' }],
    [gzipSync(gelfText('e')), {}],
    [deflateSync(gelfText('f')), { 'content-encoding': 'gzip,deflate' }],
  ] as const) {
    const answer = await post(run, body, headers)
    assert.deepEqual([answer.status, await answer.text()], [202, ''])
  }
  assert.deepEqual(
    run.records.map(({ log }) => log),
    ['a', 'b', 'c', 'wide', 'd', 'e', 'f'],
  )
  assert.equal(run.metric('requests_total'), 6)
  await run.stopAndCheckCompliance()
})

test('by HTTP alone', async () => {
  await using run = await runInput(gelf, 'listen: []\nhttp_listen: tcp://127.0.0.1:0')
  const url = run.address().replace('tcp:', 'http:')
  const answer = await fetch(`${url}/gelf`, {
    method: 'POST',
    body: gelfText('a'),
    headers: { connection: 'close' },
  })
  assert.equal(answer.status, 202)
  assert.deepEqual(run.records, [{ log: 'a' }])
  await run.stopAndCheckCompliance()
})

test('what is no GELF is kept; what cannot be had is refused', async () => {
  await using run = await runInput(gelf, `${LISTEN}\nbody_max: 4KiB`)
  assert.equal((await post(run, 'hello')).status, 202)
  assert.deepEqual(run.records, [
    { message: 'hello', parse_failed: 'not_an_object', source_address: '127.0.0.1' },
  ])
  assert.equal((await post(run, 'x'.repeat(5000))).status, 413)
  assert.equal((await post(run, gzipSync('x'.repeat(100_000)))).status, 413)
  assert.equal((await post(run, gzipSync('x').subarray(0, 15))).status, 400)
  const elsewhere = await fetch(`${run.address(1).replace('tcp:', 'http:')}/other`)
  assert.equal(elsewhere.status, 404)
  assert.equal(run.records.length, 1)
  await run.stopAndCheckCompliance()
})

test('503 while an output does not take it, or too much waits', async () => {
  await using run = await runInput(gelf, `${LISTEN}\nin_flight_max: 1KiB`, { outcomes: ['retry'] })
  const refused = await post(run, gelfText('a'))
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1'])
  await run.stopAndCheckCompliance()

  await using busy = await runInput(gelf, `${LISTEN}\nin_flight_max: 1KiB`, { hold: true })
  const waiting = post(busy, `${gelfText('x'.repeat(800))}\n`.repeat(2))
  await busy.until('it is on its way', () => busy.heldCount === 1)
  assert.equal((await post(busy, gelfText('b'))).status, 503)
  busy.release()
  assert.equal((await waiting).status, 202)
  await busy.stopAndCheckCompliance()
})

test('no address at all is refused', async () => {
  await assert.rejects(runInput(gelf, 'listen: []'), /listen has no address/)
})
