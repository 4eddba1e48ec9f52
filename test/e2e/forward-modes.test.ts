/** Every mode of the forward protocol, from the socket to the line in the file. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { CollectorProcess } from '../support/collector-process.ts'
import * as client from '../support/forward-client.ts'
import { EventTime, ForwardClient } from '../support/forward-client.ts'
import { until } from '../support/wait.ts'

const TIME = new EventTime(1_795_251_000, 123_456_789)
const TIME_TEXT = '2026-11-21T08:50:00.123456789Z'
const SECONDS_TEXT = '2026-11-21T08:50:00.000000000Z'

let collector: CollectorProcess
let sent = 0

before(async () => {
  collector = await CollectorProcess.start()
})

after(async () => {
  try {
    const ledger = await collector.stop()
    assert.equal(ledger.delivered, sent)
  } finally {
    await collector[Symbol.asyncDispose]()
  }
})

/** Sends bytes on a connection of their own and compares the whole file of `tag`. */
async function check(tag: string, bytes: Uint8Array, expected: readonly string[]): Promise<void> {
  await using connection = await ForwardClient.connect({ port: collector.places.forward })
  await connection.send(bytes)
  await connection.close()
  await checkFile(tag, expected)
}

async function checkFile(tag: string, expected: readonly string[]): Promise<void> {
  sent += expected.length
  const path = join(collector.logs, `${tag}.log`)
  const text = () => readFile(path, 'utf8').catch(() => '')
  const whole = expected.map((line) => `${line}\n`).join('')
  await until(`${tag}.log is written`, async () => (await text()).length >= whole.length)
  assert.equal(await text(), whole)
}

function line(tag: string, record: string, time = TIME_TEXT): string {
  return `{"time":"${time}","tag":"${tag}",${record}}`
}

test('a message', async () => {
  const record = { container_name: '/web1', source: 'stdout', log: 'hello "you"\n' }
  const text = '"container_name":"/web1","source":"stdout","log":"hello \\"you\\"\\n"'
  const bytes = client.message('mode.message', TIME, record, {})
  await check('mode.message', bytes, [line('mode.message', text)])
})

test('a message with whole seconds and no option', async () => {
  const bytes = client.message('mode.seconds', TIME.seconds, { log: 'hello' })
  await check('mode.seconds', bytes, [line('mode.seconds', '"log":"hello"', SECONDS_TEXT)])
})

test('values of every kind', async () => {
  const record = { big: 2n ** 63n - 1n, float: 0.1, list: [1, null, true], nested: { a: 'ü' } }
  const text = '"big":9223372036854775807,"float":0.1,"list":[1,null,true],"nested":{"a":"ü"}'
  await check('mode.values', client.message('mode.values', TIME, record), [
    line('mode.values', text),
  ])
})

test("a record's own time and tag", async () => {
  const bytes = client.message('mode.own', TIME, { time: 'noon', tag: 'mine', log: 'x' })
  await check('mode.own', bytes, [line('mode.own', '"_time":"noon","_tag":"mine","log":"x"')])
})

const entries = [1, 2, 3].map((number) => [TIME, { number }] as const)
const lines = (tag: string) => [1, 2, 3].map((number) => line(tag, `"number":${number}`))

test('forward', async () => {
  await check('mode.forward', client.forward('mode.forward', entries), lines('mode.forward'))
})

test('packed forward', async () => {
  await check('mode.packed', client.packed('mode.packed', entries, {}), lines('mode.packed'))
})

for (const by of ['gzip', 'zstd'] as const)
  test(`packed forward compressed by ${by}`, async () => {
    const tag = `mode.${by}`
    await check(tag, await client.compressed(tag, entries, { by }), lines(tag))
  })

test('several frames in pieces of a few bytes', async () => {
  const tag = 'mode.pieces'
  const frames = Buffer.concat(entries.map(([time, record]) => client.message(tag, time, record)))
  await using connection = await ForwardClient.connect({ port: collector.places.forward })
  for (let at = 0; at < frames.length; at += 7) await connection.send(frames.subarray(at, at + 7))
  await checkFile(tag, lines(tag))
})

test('JSON', async () => {
  const start = `["mode.json",${TIME.seconds},`
  const text = `${start}{"log":"a"},{}]\n${start}{"log":"b"}]`
  await check('mode.json', Buffer.from(text), [
    line('mode.json', '"log":"a"', SECONDS_TEXT),
    line('mode.json', '"log":"b"', SECONDS_TEXT),
  ])
})

test('requests in every mode, acknowledged in order on one connection', async () => {
  const tag = 'mode.acknowledged'
  await using connection = await ForwardClient.connect({ port: collector.places.forward })
  const chunks = ['first', 'second with a newline\n', 'third', 'fourth']
  await Promise.all([
    connection.request(client.message(tag, TIME, { number: 1 }, { chunk: chunks[0] }), chunks[0]!),
    connection.request(client.forward(tag, entries, { chunk: chunks[1] }), chunks[1]!),
    connection.request(client.packed(tag, entries, { chunk: chunks[2] }), chunks[2]!),
    connection.request(
      await client.compressed(tag, entries, { by: 'gzip', chunk: chunks[3] }),
      chunks[3]!,
    ),
  ])
  // An acknowledgement means that the lines are in the file, so there is nothing to wait for.
  const text = await readFile(join(collector.logs, `${tag}.log`), 'utf8')
  const expected = [line(tag, '"number":1'), ...lines(tag), ...lines(tag), ...lines(tag)]
  assert.deepEqual(text.split('\n').slice(0, -1), expected)
  sent += expected.length
})
