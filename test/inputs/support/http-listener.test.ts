/** HTTP on the sockets of stream listeners: bodies, compression, timeouts and the end. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { test } from 'node:test'
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { modeAsNumber } from '../../../src/config/fields.ts'
import { Type } from '../../../src/config/type.ts'
import { ConnectionLimits } from '../../../src/inputs/support/connection-limits.ts'
import { HttpBody } from '../../../src/inputs/support/http-body.ts'
import { HttpError } from '../../../src/inputs/support/http-error.ts'
import { HttpListener } from '../../../src/inputs/support/http-listener.ts'
import { listenAddresses, ListenList } from '../../../src/inputs/support/listen-list.ts'
import { parseListenAddress } from '../../../src/inputs/support/listen-list.ts'
import { NetworkList } from '../../../src/inputs/support/network-list.ts'
import { defineInput, type Input, type InputContext } from '../../../src/pipeline/component.ts'
import { ManualTime } from '../../drivers/context.ts'
import { runInput, type InputRun } from '../../drivers/run-input.ts'

const DECOMPRESSED_MAX = 1_000_000
const COMPRESSED_MAX = 100_000

const configSchema = Type.Object({
  listen: ListenList({ description: '-', default: 'tcp://127.0.0.1:0', examples: [] }),
  allow: Type.Array(Type.String(), { default: ['127.0.0.0/8'] }),
})

/** Answers each POST with the length of its body. */
const counting = defineInput({
  type: 'counting',
  summary: 'For this test.',
  configSchema,
  resources: ({ listen }) => listenAddresses(listen),
  create: (config, context): Input => {
    const listener: HttpListener = new HttpListener({
      addresses: listenAddresses(config.listen).map(parseListenAddress),
      stream: streamOptions(context, config.allow),
      idleMs: 10_000,
      routes: (app) =>
        app.post('/*', async ({ raw }, reply) => {
          const body = new HttpBody(raw, {
            compressedMaxBytes: COMPRESSED_MAX,
            decompressedMaxBytes: DECOMPRESSED_MAX,
            closing: listener.closing,
          })
          if (raw.url === '/refused') throw new HttpError(403, 'no', { reason: 'refused' })
          try {
            const { length } = await body.readAll(10_000_000)
            return await reply.send({ length })
          } finally {
            body.close()
          }
        }),
    })
    let stopped: Promise<void> | undefined
    return {
      get addresses() {
        return listener.addresses
      },
      start: () => listener.open(),
      stop: (deadline) => (stopped ??= listener.stop(deadline)),
    }
  },
})

function streamOptions(context: InputContext, allow: readonly string[]) {
  const { sockets, logger, metrics, timers } = context
  const limits = new ConnectionLimits({ connectionsMax: 100, connectionsPerAddressMax: 100 })
  return {
    ...{ sockets, logger, metrics, timers, limits, allow: new NetworkList(allow) },
    tls: null,
    socketMode: modeAsNumber('0660'),
    keepaliveProbeMs: 60_000,
    handshakeTimeoutMs: 10_000,
  }
}

function post(run: InputRun, body: Uint8Array | string, encoding?: string): Promise<Response> {
  const headers: Record<string, string> = encoding ? { 'content-encoding': encoding } : {}
  const url = run.address().replace('tcp', 'http')
  return fetch(url, { method: 'POST', body: body as string, headers })
}

const HELLO = Buffer.from('hello '.repeat(10_000))

test('reads bodies as they are and compressed', async () => {
  await using run = await runInput(counting, '')
  const check = async (body: Uint8Array, encoding?: string) => {
    const answer = await post(run, body, encoding)
    assert.deepEqual([answer.status, await answer.json()], [200, { length: HELLO.length }])
  }
  await check(HELLO)
  await check(gzipSync(HELLO), 'gzip')
  const halves = [HELLO.subarray(0, 777), HELLO.subarray(777)]
  await check(Buffer.concat(halves.map((half) => gzipSync(half))), 'x-gzip')
  await check(deflateSync(HELLO), 'deflate')
  await check(deflateRawSync(HELLO), 'deflate')
  await check(Buffer.concat(halves.map((half) => zstdCompressSync(half))), 'zstd')
  await run.stopAndCheckCompliance()
})

test('says what is wrong with a body', async () => {
  await using run = await runInput(counting, '')
  const check = async (status: number, text: RegExp, body: Uint8Array, encoding: string) => {
    const answer = await post(run, body, encoding)
    const { message } = (await answer.json()) as { message: string }
    assert.equal(answer.status, status)
    assert.match(message, text)
  }
  await check(415, /Content-Encoding is "br"; expected one of gzip/, HELLO, 'br')
  await check(400, /cannot decompress the body: .*expected gzip bytes/, HELLO, 'gzip')
  await check(400, /expected gzip bytes/, gzipSync(HELLO).subarray(0, 50), 'gzip')
  await check(400, /expected zstd bytes/, zstdCompressSync(HELLO).subarray(0, 20), 'zstd')
  const bomb = Buffer.alloc(DECOMPRESSED_MAX + 1)
  for (const [encoding, bytes] of [
    ['gzip', gzipSync(bomb)],
    ['deflate', deflateSync(bomb)],
    ['zstd', zstdCompressSync(bomb)],
  ] as const)
    await check(413, /more than 1000000 bytes; expected less \(decompressed_max\)/, bytes, encoding)
  assert.equal(run.metric('request_errors_total', { reason: 'decompressed_max' }), 3)
  const withTail = (bytes: Uint8Array, tail: string) => Buffer.concat([bytes, Buffer.from(tail)])
  await check(400, /expected gzip bytes/, withTail(gzipSync(HELLO), 'tail'), 'gzip')
  await check(400, /bytes follow the end/, withTail(gzipSync(HELLO), '\0\0'), 'gzip')
  await check(400, /bytes follow the end/, withTail(deflateSync(HELLO), 'tail'), 'deflate')
  await check(400, /expected zstd bytes/, withTail(zstdCompressSync(HELLO), 'tail'), 'zstd')
  const wide = gzipSync(randomBytes(COMPRESSED_MAX))
  await check(413, /more than 100000 bytes/, wide, 'gzip')
  await run.stopAndCheckCompliance()
})

test('answers before the body has come, and the connection serves on', async () => {
  await using run = await runInput(counting, '')
  const peer = await run.connect()
  await peer.send(head('/refused', 10))
  assert.match(String(await peer.untilReceived(20)), /^HTTP\/1.1 403 Forbidden/)
  const before = peer.received.length
  await peer.send(Buffer.concat([Buffer.from('0123456789'), head('/', 2), Buffer.from('ab')]))
  await run.until('the second answer', () => peer.received.includes('{"length":2}', before))
  await run.stopAndCheckCompliance()
})

test('cuts who sends on and on after a refusal', async () => {
  const time = new ManualTime()
  await using run = await runInput(counting, '', { time })
  const peer = await run.connect()
  await peer.send(head('/refused', 1_000_000))
  await peer.untilReceived(20)
  time.advance(2000)
  await peer.untilEnded()
  await run.stopAndCheckCompliance()
})

test('ends connections that are silent, or trickle a head', async () => {
  const time = new ManualTime()
  await using run = await runInput(counting, '', { time })
  const [idle, trickling, halfway] = [await run.connect(), await run.connect(), await run.connect()]
  await halfway.send(Buffer.concat([head('/', 4), Buffer.from('ab')]))
  for (const letter of 'POST') {
    await trickling.send(Buffer.from(letter))
    await run.until('it is accepted', () => run.metric('connections') === 3)
    await new Promise((resolve) => setTimeout(resolve, 30))
    time.advance(5000)
  }
  await Promise.all([idle, trickling, halfway].map((peer) => peer.untilEnded()))
  assert.equal(run.metric('request_errors_total', { reason: 'idle_timeout' }), 1)
  await run.stopAndCheckCompliance()
})

test('a body that goes on comes to its end however long it takes', async () => {
  const time = new ManualTime()
  await using run = await runInput(counting, '', { time })
  const peer = await run.connect()
  await peer.send(head('/', 6))
  for (const byte of 'abcdef') {
    await peer.send(Buffer.from(byte))
    await new Promise((resolve) => setTimeout(resolve, 20))
    time.advance(5000)
  }
  await run.until('the answer', () => peer.received.includes('{"length":6}'))
  await run.stopAndCheckCompliance()
})

test('at the stop answers what is under way and ends each connection', async () => {
  const time = new ManualTime()
  await using run = await runInput(counting, '', { time })
  const [slow, endless] = [await run.connect(), await run.connect()]
  await slow.send(Buffer.concat([head('/', 4), Buffer.from('ab')]))
  await endless.send(Buffer.concat([head('/', 4), Buffer.from('ab')]))
  await run.until('both are there', () => run.metric('connections') === 2)
  await new Promise((resolve) => setTimeout(resolve, 50))
  const stopped = run.stop()
  await slow.send(Buffer.from('cd'))
  await run.until('the answer', () => slow.received.includes('{"length":4}'))
  assert.match(String(slow.received), /connection: close/i)
  time.advance(1000)
  await run.until('the other', () => endless.received.includes('503 Service Unavailable'))
  assert.match(String(endless.received), /retry-after: 5/)
  time.advance(2000)
  await stopped
  await run.stopAndCheckCompliance()
})

test('lets in only whom allow names', async () => {
  await using run = await runInput(counting, 'allow: [10.0.0.0/8]')
  await assert.rejects(post(run, 'x'))
  await run.stopAndCheckCompliance()
})

test('a client that leaves in the middle of its body is nobody to answer', async () => {
  await using run = await runInput(counting, '')
  const url = run.address().replace('tcp', 'http')
  const request = httpRequest(url, { method: 'POST', headers: { 'content-length': '10' } })
  request.on('error', () => undefined)
  request.write('abc')
  await run.until('it is there', () => run.metric('connections') === 1)
  await new Promise((resolve) => setTimeout(resolve, 50))
  request.destroy()
  const aborted = () => run.metric('request_errors_total', { reason: 'aborted' }) === 1
  await run.until('it is counted', aborted)
  assert.deepEqual(run.log.messages('error'), [])
  await run.stopAndCheckCompliance()
})

function head(path: string, length: number): Buffer {
  return Buffer.from(`POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n`)
}
