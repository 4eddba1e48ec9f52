/** GELF by TCP, unix socket and TLS. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gelf } from '../../../src/inputs/gelf/index.ts'
import { runInput } from '../../drivers/run-input.ts'
import { writeCertificates } from '../../support/certificates.ts'

const LISTEN = 'listen: tcp://127.0.0.1:0'
const gelfText = (text: string, more: object = {}) =>
  JSON.stringify({ version: '1.1', short_message: text, ...more })

test('messages of a connection, the last without its delimiter', async () => {
  await using run = await runInput(gelf, LISTEN)
  const peer = await run.connect()
  await peer.send(Buffer.from(`${gelfText('a', { _tag: 't' })}\0${gelfText('b')}\n`))
  await run.untilRecords(2)
  await peer.send(Buffer.from(`no GELF\n${gelfText('c')}`))
  peer.end()
  assert.equal(await peer.untilEnded(), 'FIN')
  assert.deepEqual(run.tags, ['t', 'gelf', 'gelf', 'gelf'].slice(0, run.tags.length))
  assert.deepEqual(
    run.records.map((record) => record['log'] ?? record['parse_failed']),
    ['a', 'b', 'not_an_object', 'c'],
  )
  assert.equal(run.records[2]!['source_address'], '127.0.0.1')
  assert.equal(run.metric('parse_failed_total', { reason: 'not_an_object' }), 1)
  await run.stopAndCheckCompliance()
})

test('a unix socket, whose peers have no address', async () => {
  const path = join(tmpdir(), `logboom-gelf-${process.pid}.sock`)
  await using run = await runInput(gelf, `listen: unix://${path}\nsource_address_key: peer`)
  const peer = await run.connect()
  await peer.send(Buffer.from(`${gelfText('a')}\0no GELF\0`))
  await run.untilRecords(2)
  assert.deepEqual(run.records, [
    { version: '1.1', log: 'a' },
    { message: 'no GELF', parse_failed: 'not_an_object' },
  ])
  await run.stopAndCheckCompliance()
})

test('TLS, with messages cut anywhere between its records', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'logboom-gelf-tls-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeCertificates(folder)
  const files = `{ certificate: ${folder}/cert.pem, key: ${folder}/key.pem }`
  await using run = await runInput(gelf, `listen: tls://127.0.0.1:0\ntls: ${files}`)
  const peer = await run.connectTls({ ca: readFileSync(join(folder, 'ca.pem')) })
  const long = 'é'.repeat(40_000)
  const bytes = Buffer.from(`${gelfText('a')}\0${gelfText(long)}\0no GELF\0${gelfText('c')}`)
  for (let at = 0; at < bytes.length; at += 9973) await peer.send(bytes.subarray(at, at + 9973))
  peer.end()
  await run.untilRecords(4)
  assert.deepEqual(
    run.records.map((record) => record['log'] ?? record['parse_failed']),
    ['a', long, 'not_an_object', 'c'],
  )
  assert.equal(run.records[2]!['source_address'], '127.0.0.1')
  await run.stopAndCheckCompliance()
})

test('a sender is held back while its events are not delivered', async () => {
  await using run = await runInput(gelf, `${LISTEN}\nconnection_in_flight_max: 64KiB`, {
    hold: true,
  })
  const peer = await run.connect()
  const some = Buffer.from(`${gelfText('x'.repeat(1000))}\0`.repeat(20_000))
  const sent = peer.send(some)
  await run.until('it is held back', () => run.heldCount > 0)
  const before = run.metric('received_bytes_total')!
  assert.ok(before < some.length / 2)
  run.release()
  await sent
  await run.untilRecords(20_000)
  await run.stopAndCheckCompliance()
})

test('options as configured', async () => {
  const options = 'fields: keep\nstrict: true\ndelimiter: nul'
  await using run = await runInput(gelf, `${LISTEN}\n${options}`)
  const peer = await run.connect()
  await peer.send(Buffer.from(`${gelfText('a\n', { host: 'h', _b: 1 })}\0${gelfText('b')}\0`))
  await run.untilRecords(2)
  assert.deepEqual(run.records, [
    { version: '1.1', short_message: 'a\n', host: 'h', _b: 1 },
    { message: gelfText('b'), parse_failed: 'missing_host', source_address: '127.0.0.1' },
  ])
  await run.stopAndCheckCompliance()
})
