/** The `tcp` input: lines, formats, tags; the rest is that of all streams (../support/). */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { tcp } from '../../../src/inputs/tcp/index.ts'
import { ManualTime } from '../../drivers/context.ts'
import { runInput } from '../../drivers/run-input.ts'
import { validConfig } from '../../drivers/valid-config.ts'

const LISTEN = 'listen: tcp://127.0.0.1:0'

/** Sends bytes over one connection, ends it, and answers what they became. */
async function become(bytes: string | Uint8Array, yaml = '') {
  const time = new ManualTime()
  await using run = await runInput(tcp, `{ ${LISTEN}, ${yaml} }`, { time })
  const peer = await run.connect()
  await peer.send(Buffer.from(bytes))
  peer.end()
  assert.equal(await peer.untilEnded(), 'FIN')
  await run.stopAndCheckCompliance()
  return run
}

test('makes an event of each line, and of what is left at the end', async () => {
  const { records, tags, entries } = await become('one\r\n\n two \nthree')
  assert.deepEqual(records, [{ log: 'one' }, { log: ' two ' }, { log: 'three' }])
  assert.deepEqual(new Set(tags), new Set(['tcp']))
  assert.equal(entries[0]?.seconds, 1_795_251_000)
})

test('reads lines by a format, and keeps what it cannot read', async () => {
  const { records } = await become('{"a":1}\n{"a"\n', 'format: json')
  assert.deepEqual(records, [
    { a: 1 },
    { message: '{"a"', parse_failed: 'invalid_json', source_address: '127.0.0.1' },
  ])
  const several = await become('{"a":1}\ntext\n', 'format: [json, none]')
  assert.deepEqual(several.records, [{ a: 1 }, { log: 'text' }])
  const timed = 'format: { type: json, time: { field: at } }'
  const { entries } = await become('{"at":"2023-11-14T22:13:20Z","a":1}\n[]\n', timed)
  assert.deepEqual([entries[0]?.seconds, entries[0]?.record], [1.7e9, { a: 1 }])
})

test('counts what cannot be read', async () => {
  const run = await become('{\n{}\n}\n', 'format: json')
  assert.equal(run.metric('parse_failed_total'), 2)
})

test('says who sent a line', async () => {
  const yaml = 'source_address_key: from, tag: "lines.${source_address}", format: json'
  const { records, tags } = await become('{"from":"me","a":1}\n{', yaml)
  assert.deepEqual(records, [
    { a: 1, from: '127.0.0.1' },
    { message: '{', parse_failed: 'invalid_json', from: '127.0.0.1' },
  ])
  assert.deepEqual(tags[0], 'lines.127.0.0.1')
})

test('other delimiters, and lines that are too long', async () => {
  const nul = await become('one\n\0two\0', 'delimiter: "\\0"')
  assert.deepEqual(nul.records, [{ log: 'one\n' }, { log: 'two' }])
  const { records } = await become(`${'x'.repeat(2500)}\ny\n`, 'line_max: 1KiB')
  const log = 'x'.repeat(1024)
  assert.deepEqual(records, [
    { log, truncated: true },
    { log, truncated: true },
    { log: 'x'.repeat(2500 - 2048) },
    { log: 'y' },
  ])
})

test('a unix socket has no address', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'logboom-tcp-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const yaml = `{ listen: "unix://${folder}/lines.sock", tag: "t.\${source_address}" }`
  await using run = await runInput(tcp, yaml)
  const peer = await run.connect()
  await peer.send(Buffer.from('one\n'))
  await run.untilRecords(1)
  assert.deepEqual([run.tags, run.records], [['t.unknown'], [{ log: 'one' }]])
  await run.stopAndCheckCompliance()
})

test('says what is wrong with its options', () => {
  assert.throws(() => validConfig(tcp, 'listen: udp://127.0.0.1:1'), /expected tcp, tls or unix/)
  assert.throws(() => validConfig(tcp, 'tag: "${host}"'), /\$\{source_address\}/)
  const wrong = 'format: { type: regexp, expression: "(" }'
  assert.throws(() => validConfig(tcp, wrong), /format\.expression/)
})
