/** GELF by UDP, as Docker's driver sends it and as nobody should. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { parseListen } from '../../../src/config/listen-address.ts'
import { gelf } from '../../../src/inputs/gelf/index.ts'
import { runInput, type InputRun } from '../../drivers/run-input.ts'
import { ManualTime } from '../../drivers/context.ts'
import { gelfChunk, gelfChunks } from '../../support/gelf-chunks.ts'

const LISTEN = 'listen: udp://127.0.0.1:0'

function message(text: string, more: object = {}): Buffer {
  return Buffer.from(JSON.stringify({ version: '1.1', short_message: text, ...more }))
}

async function send(run: InputRun, datagrams: readonly Uint8Array[]): Promise<void> {
  const address = parseListen(run.address())
  assert.ok(address && 'port' in address)
  const socket = createSocket('udp4')
  socket.connect(address.port, address.host)
  await once(socket, 'connect')
  // All in one turn, so that they can be read in one.
  await Promise.all(
    datagrams.map((datagram) => new Promise((resolve) => socket.send(datagram, resolve))),
  )
  await new Promise<void>((resolve) => socket.close(resolve))
}

const logs = (run: InputRun) => run.records.map((record) => record['log'])

test('plain, gzip, zlib and zstd', async () => {
  await using run = await runInput(gelf, LISTEN)
  const plain = message('plain', { _tag: 'docker.web' })
  await send(run, [
    plain,
    gzipSync(message('gzip'), { level: 1 }),
    deflateSync(message('zlib')),
    zstdCompressSync(message('zstd')),
    Buffer.concat([message('nul'), Buffer.from('\0')]),
    Buffer.from(' \n'),
    Buffer.alloc(0),
  ])
  await run.untilRecords(5)
  assert.deepEqual(logs(run), ['plain', 'gzip', 'zlib', 'zstd', 'nul'])
  assert.deepEqual([...new Set(run.tags)].toSorted(), ['docker.web', 'gelf'])
  assert.deepEqual(run.dropped, [])
  await run.stopAndCheckCompliance()
})

test('the containers of one turn, each in one batch', async () => {
  await using run = await runInput(gelf, LISTEN)
  const tags = ['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b', 'c']
  await send(
    run,
    tags.map((tag) => message(tag, { _tag: tag })),
  )
  await run.untilRecords(9)
  assert.equal(run.batches.length, 3)
  for (const { tag, entries } of run.batches) {
    for (const { record } of entries) assert.equal(record['log'], tag)
  }
  await run.stopAndCheckCompliance()
})

test('chunks of two messages, mixed and out of order', async () => {
  await using run = await runInput(gelf, LISTEN)
  const long = (letter: string) => message(letter.repeat(4000))
  const [one, two] = [gelfChunks(long('a'), 1), gelfChunks(gzipSync(long('b')), 2, 20)]
  await send(
    run,
    [...one.toReversed(), one[0]!, ...two, one[1]!].toSorted(() => -1),
  )
  await run.untilRecords(2)
  assert.deepEqual(logs(run).toSorted(), ['a'.repeat(4000), 'b'.repeat(4000)])
  await run.stopAndCheckCompliance()
})

test('what cannot be put together or decompressed is kept, counted and said', async () => {
  await using run = await runInput(gelf, `${LISTEN}\nmessage_max: 2KiB`)
  const bomb = gzipSync(message('x'.repeat(1024 * 1024)))
  const corrupt = gzipSync(message('x')).subarray(0, 20)
  const mismatch = [gelfChunk('x', 0, 3, 9), gelfChunk('y', 1, 4, 9)]
  const wrong = gelfChunk('x', 5, 2)
  const large = [gelfChunk('a'.repeat(1500), 0, 2, 8), gelfChunk('b'.repeat(1500), 1, 2, 8)]
  await send(run, [bomb, corrupt, ...mismatch, wrong, ...large, message('after')])
  await run.untilRecords(6)
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
  const kept = [
    ['message_base64', base64(bomb), 'message_too_large'],
    ['message_base64', base64(corrupt), 'corrupt_compression'],
    ['message', 'xy', 'chunk_count_mismatch'],
    ['message', Buffer.from(wrong).toString(), 'invalid_chunk'],
    ['message', `${'a'.repeat(1500)}${'b'.repeat(548)}`, 'message_too_large'],
  ] as const
  for (const [index, [key, value, reason]] of kept.entries()) {
    const expected = { [key]: value, parse_failed: reason, source_address: '127.0.0.1' }
    assert.deepEqual(run.records[index], expected)
  }
  assert.deepEqual([run.records[5]!['log'], run.dropped], ['after', []])
  assert.equal(run.metric('parse_failed_total', { reason: 'message_too_large' }), 2)
  const said = 'GELF messages by udp came in part; what came of them is kept'
  assert.deepEqual(run.log.messages('error'), [said])
  await run.stopAndCheckCompliance()
})

test('what is no GELF is kept with its sender', async () => {
  await using run = await runInput(gelf, `${LISTEN}\nmessage_max: 2KiB`)
  await send(run, [Buffer.from('hello'), message('x'.repeat(3000))])
  await run.untilRecords(2)
  assert.deepEqual(run.records[0], {
    message: 'hello',
    parse_failed: 'not_an_object',
    source_address: '127.0.0.1',
  })
  assert.equal(run.records[1]!['parse_failed'], 'message_too_large')
  assert.equal(String(run.records[1]!['message']).length, 2048)
  assert.equal(run.metric('parse_failed_total', { reason: 'not_an_object' }), 1)
  await run.stopAndCheckCompliance()
})

test('a message without its last chunk is kept as far as it came after five seconds', async () => {
  const time = new ManualTime()
  await using run = await runInput(gelf, LISTEN, { time })
  await send(run, [gelfChunk('part', 0, 2)])
  await run.until('the chunk is held', () => run.metric('chunked_messages') === 1)
  assert.ok(run.metric('chunk_bytes')! > 0)
  time.advance(4900)
  assert.deepEqual(run.records, [])
  time.advance(1100)
  await run.untilRecords(1)
  const { message: text, parse_failed } = run.records[0]!
  assert.deepEqual([text, parse_failed], ['part', 'chunks_expired'])
  assert.equal(run.metric('chunk_bytes'), 0)
  await run.stopAndCheckCompliance()
})

test('a stop delivers what is not complete, and says so', async () => {
  await using run = await runInput(gelf, LISTEN)
  await send(run, [gelfChunk('part', 0, 2), message('whole')])
  await run.stop()
  assert.deepEqual(logs(run), ['whole', undefined])
  const { message: text, parse_failed } = run.records[1]!
  assert.deepEqual([text, parse_failed], ['part', 'chunks_expired'])
  await run.stopAndCheckCompliance()
})

test('fields that say who sent it, and tags from a template', async () => {
  const options = 'source_address_key: peer\ntag: "docker.${tag}.${$.host}"\ndefault_tag: none'
  await using run = await runInput(gelf, `${LISTEN}\n${options}`)
  await send(run, [message('a', { _tag: 'web', host: 'h' }), message('b'), Buffer.from('c')])
  await run.untilRecords(3)
  const byTag = run.batches.flatMap(({ tag, entries }) =>
    entries.map(({ record }) => [tag, record['log'] ?? record['message'], record['peer']]),
  )
  assert.deepEqual(byTag, [
    ['docker.web.h', 'a', '127.0.0.1'],
    ['docker.none.unknown', 'b', '127.0.0.1'],
    ['none', 'c', '127.0.0.1'],
  ])
  await run.stopAndCheckCompliance()
})
