import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { elasticsearch } from '../../../../src/outputs/elasticsearch/index.ts'
import { opensearch } from '../../../../src/outputs/opensearch/index.ts'
import type { ChunkAnswer } from '../../../../src/pipeline/delivery/chunk.ts'
import {
  type ChunkedOutputRun,
  chunkOf,
  runChunkedOutput,
} from '../../../drivers/run-chunked-output.ts'
import { batchOf } from '../../../support/entries.ts'
import {
  answerText,
  type Behaviour,
  CREATED,
  failed,
  FakeElasticsearch,
} from '../../../support/fake-elasticsearch.ts'

const DELIVERED = { kind: 'delivered' }
const threeEvents = () => chunkOf([batchOf('t', { n: 1 }, { n: 2 }, { n: 3 })])

/** What the output answers to three events when the server behaves so; and what is there then. */
async function answerTo(behaviours: readonly Behaviour[], yaml = '') {
  await using fake = await FakeElasticsearch.start()
  fake.next.push(...behaviours)
  const run = await runChunkedOutput(elasticsearch, `url: ${fake.url}\n${yaml}`)
  const answer = await run.deliver(threeEvents())
  const result = {
    answer,
    documents: [...fake.documents.values()].map((json) => JSON.parse(json) as object),
    requests: fake.requests.map(({ documents }) => documents.length),
    counts: countsOf(run),
  }
  await run.stopAndCheckCompliance()
  return result
}

function countsOf(run: ChunkedOutputRun) {
  const count = (outcome: string) => run.metric('documents_total', { outcome })
  return {
    stored: count('stored'),
    failureStore: count('failure_store'),
    repaired: count('repaired'),
    rejected: count('rejected'),
  }
}

function reasonOf(answer: ChunkAnswer): string {
  return 'reason' in answer ? answer.reason : ''
}

test('stores documents with time and tag, and gives each an id', async () => {
  await using fake = await FakeElasticsearch.start()
  const run = await runChunkedOutput(elasticsearch, `url: ${fake.url}`)
  assert.deepEqual(await run.deliver(threeEvents()), DELIVERED)
  assert.deepEqual(await run.deliver(threeEvents()), DELIVERED, 'once more: they are there')
  assert.equal(fake.documents.size, 3)
  assert.equal(fake.requests[0]!.index, 'logs-generic-default')
  const expected = { '@timestamp': '2026-11-21T08:50:00.000000000Z', tag: 't', n: 1 }
  assert.deepEqual(JSON.parse([...fake.documents.values()][0]!), expected)
  assert.equal(run.metric('documents_total', { outcome: 'stored' }), 3)
  assert.equal(run.metric('documents_total', { outcome: 'duplicate' }), 3)
  await run.stopAndCheckCompliance()
})

test('several bodies at a time where each event is its own document, else in order', async () => {
  const habitOf = async (yaml: string) => {
    const run = await runChunkedOutput(elasticsearch, `url: http://127.0.0.1:1\n${yaml}`)
    await run.stopAndCheckCompliance()
    const { concurrency, isOrdered } = run.output.habit!
    return [concurrency, isOrdered]
  }
  for (const yaml of ['', 'id: content', 'id: server', 'index: i\nop_type: index'])
    assert.deepEqual(await habitOf(yaml), [4, false], yaml)
  for (const yaml of ['id: field\nid_field: $.x', 'index: i\nop_type: upsert'])
    assert.deepEqual(await habitOf(yaml), [1, true], yaml)
})

test('sends again only what the server had no time for', async () => {
  const { answer, counts } = await answerTo([
    ({ store, answer, documents }) =>
      answer([
        ...store(documents.slice(0, 1)),
        failed(429, 'es_rejected_execution_exception', 'queue full'),
        ...store(documents.slice(2)),
      ]),
  ])
  assert.deepEqual(answer, {
    ...{ kind: 'partly', rejected: [], retry: [{ batch: 0, first: 1, count: 1 }] },
    reason: 'es_rejected_execution_exception: queue full',
  })
  assert.equal(counts.stored, 2)
})

test('repairs a document whose field does not fit, by moving that', async () => {
  const reason = "failed to parse field [n] of type [date] in document with id 'x'"
  const { answer, documents, counts } = await answerTo([
    ({ store, answer, documents }) =>
      answer([
        ...store(documents.slice(0, 2)),
        failed(400, 'document_parsing_exception', `[1:2] ${reason}`),
      ]),
  ])
  assert.deepEqual(answer, DELIVERED)
  assert.equal((documents[2] as Record<string, unknown>)['conflict.n'], '3')
  assert.deepEqual([counts.stored, counts.repaired], [2, 1])
})

test('keeps a document as text if moving does not help, then gives it up', async () => {
  const refuseAll: Behaviour = ({ answer, documents }) =>
    answer(
      documents.map(() => failed(400, 'mapper_parsing_exception', 'failed to parse field [n]')),
    )
  const whole = await answerTo([refuseAll, refuseAll])
  assert.deepEqual(whole.answer, DELIVERED)
  // As it came, not as it was tried before.
  assert.match((whole.documents[0] as Record<string, string>)['event.original']!, /"n":1}$/)
  const gone = await answerTo([refuseAll, refuseAll, refuseAll])
  assert.equal(gone.answer.kind, 'partly')
  assert.equal(gone.counts.rejected, 3)
  const off = await answerTo([refuseAll], 'repair: false')
  assert.equal(off.counts.rejected, 3)
})

test('says of what it gives up why it was refused as it came, not as a text alone', async () => {
  const refuse =
    (reason: string): Behaviour =>
    ({ answer, documents }) =>
      answer(documents.map(() => failed(400, 'strict_dynamic_mapping_exception', reason)))
  const within = (field: string) => `dynamic introduction of [${field}] within [_doc]`
  const { answer } = await answerTo([
    refuse(within('n')),
    refuse(within('event')),
    refuse(within('event')),
  ])
  const reason = 'rejected' in answer ? answer.rejected?.[0]?.reason : undefined
  const [first, last] = ['n', 'event'].map(
    (field) => `strict_dynamic_mapping_exception: ${within(field)}`,
  )
  assert.equal(reason, `${first}; changed so that it may fit: ${last}`)
})

test('holds events while nobody but an operator can help', async () => {
  const held: readonly (readonly [Behaviour, RegExp])[] = [
    [({ reply }) => reply(401, '{"error":{"type":"security_exception","reason":"no"}}'), /no/],
    [({ reply }) => reply(403, ''), /403/],
    [({ reply }) => reply(404, '<html><title>Not here</title>'), /a web page "Not here"/],
    [({ reply }) => reply(302, ''), /302/],
    [all(404, 'index_not_found_exception'), /index_not_found/],
    [all(403, 'cluster_block_exception'), /cluster_block/],
    [all(429, 'cluster_block_exception'), /cluster_block/],
    // Nothing was ever stored: the requests may be what is wrong.
    [({ reply }) => reply(400, '{"error":{"type":"parse_exception","reason":"what?"}}'), /what/],
  ]
  for (const [behaviour, reason] of held) {
    const { answer } = await answerTo(Array.from({ length: 8 }, () => behaviour))
    assert.equal(answer.kind, 'hold', JSON.stringify(answer))
    assert.match(reasonOf(answer), reason)
  }
})

function all(status: number, type: string): Behaviour {
  return ({ answer, documents }) => answer(documents.map(() => failed(status, type, 'why')))
}

test('tries again what a busy or broken server did not answer, and trusts no garbage', async () => {
  const retried: readonly Behaviour[] = [
    ({ reply }) => reply(503, 'busy'),
    ({ reply }) => reply(502, '<html><title>Bad gateway</title>'),
    ({ reply }) =>
      reply(200, '<!doctype html><title>Login</title>', { 'content-type': 'text/html' }),
    ({ reply }) => reply(200, '{"errors":false'),
    ({ reply }) => reply(200, '{}'),
    ({ answer }) => answer([CREATED, CREATED]),
    // In another order.
    ({ reply, documents }) =>
      reply(200, answerText(documents.toReversed(), [CREATED, CREATED, CREATED])),
    ({ response }) => response.socket!.resetAndDestroy(),
    // Half an answer.
    ({ response, documents }) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write(answerText(documents, [CREATED]).slice(0, 20))
      setTimeout(() => response.socket!.destroy(), 20)
    },
    // Slow drip.
    ({ response }) => {
      response.write('{')
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
    },
    () => undefined,
  ]
  for (const behaviour of retried) {
    const { answer, counts } = await answerTo([behaviour], 'request_timeout: 300ms')
    assert.equal(answer.kind, 'retry', `${behaviour.toString()}: ${JSON.stringify(answer)}`)
    assert.equal(counts.stored, 0)
  }
})

test('says how long a server asked to be left alone', async () => {
  const { answer } = await answerTo([({ reply }) => reply(429, '', { 'retry-after': '7' })])
  assert.deepEqual(
    { kind: answer.kind, afterMs: 'afterMs' in answer && answer.afterMs },
    {
      ...{ kind: 'retry', afterMs: 7000 },
    },
  )
})

test('reads a date by the clock of who says it', async () => {
  const date = 'Sun, 06 Nov 1994 08:49:37 GMT'
  const afterMs = async (after: string) => {
    const headers = { date, 'retry-after': after }
    const { answer } = await answerTo([({ reply }) => reply(503, '', headers)])
    return 'afterMs' in answer ? answer.afterMs : undefined
  }
  assert.equal(await afterMs('Sun, 06 Nov 1994 08:50:07 GMT'), 30_000)
  assert.equal(await afterMs('Sunday, 06-Nov-94 08:49:38 GMT'), 1000)
  assert.equal(await afterMs('Sun, 06 Nov 1994 08:49:36 GMT'), undefined)
  assert.equal(await afterMs('soon'), undefined)
})

test('halves what is too large, and gives up a document that is so alone', async () => {
  const limit: Behaviour = (request) =>
    request.documents.some(({ json }) => json.includes('"n":2'))
      ? request.reply(413, '')
      : request.answer(request.store())
  const { answer, requests } = await answerTo(Array.from({ length: 8 }, () => limit))
  assert.deepEqual(requests, [3, 2, 1, 1, 1])
  assert.equal(answer.kind, 'partly')
  assert.equal('rejected' in answer && answer.rejected?.[0]?.first, 1)
})

test('finds the document that makes the server refuse the request', async () => {
  const refuse: Behaviour = (request) =>
    request.documents.some(({ json }) => json.includes('"n":3'))
      ? request.reply(400, '{"error":{"type":"illegal_argument_exception","reason":"bad line"}}')
      : request.answer(request.store())
  const { answer, counts } = await answerTo(Array.from({ length: 8 }, () => refuse))
  assert.equal(answer.kind, 'partly')
  assert.deepEqual([counts.stored, counts.rejected], [2, 1])
})

test('counts what is in the failure store', async () => {
  const { answer, counts } = await answerTo([
    ({ answer }) => answer([CREATED, { ...CREATED, failure_store: 'used' }, CREATED]),
  ])
  assert.deepEqual(answer, DELIVERED)
  assert.deepEqual([counts.stored, counts.failureStore], [2, 1])
})

test('reads a new password from its file without a restart', async () => {
  await using fake = await FakeElasticsearch.start()
  fake.behave = (request) => {
    const expected = `Basic ${Buffer.from('me:right').toString('base64')}`
    if (request.headers.authorization !== expected) request.reply(401, '')
    else request.answer(request.store())
  }
  const folder = await mkdtemp(join(tmpdir(), 'logboom-password-'))
  const file = join(folder, 'password')
  await writeFile(file, 'wrong\n')
  const yaml = `url: ${fake.url}\nauth: { username: me, password_file: ${file} }`
  const run = await runChunkedOutput(elasticsearch, yaml)
  assert.equal((await run.deliver(threeEvents())).kind, 'hold')
  await writeFile(file, 'right\n')
  assert.deepEqual(await run.deliver(threeEvents()), DELIVERED)
  await run.stopAndCheckCompliance()
  await rm(folder, { recursive: true })
})

test('leaves a node that hangs, and writes to no server of another kind', async () => {
  await using hanging = await FakeElasticsearch.start()
  await using good = await FakeElasticsearch.start()
  hanging.behave = () => undefined
  const yaml = `urls: ['${hanging.url}', '${good.url}']\nrequest_timeout: 300ms`
  const run = await runChunkedOutput(elasticsearch, yaml)
  const answers: string[] = []
  for (let attempt = 0; attempt < 4; attempt++)
    answers.push((await run.deliver(threeEvents())).kind)
  assert.ok(
    answers.slice(2).every((kind) => kind === 'delivered'),
    answers.join(),
  )
  await run.stopAndCheckCompliance()
  const other = await runChunkedOutput(opensearch, `url: ${good.url}`)
  const before = good.requests.length
  const answer = await other.deliver(threeEvents())
  assert.equal(answer.kind, 'hold')
  assert.match(reasonOf(answer), /is elasticsearch 9\.9\.9; expected opensearch/)
  assert.equal(good.requests.length, before, 'a body was sent')
  await other.stopAndCheckCompliance()
})

test('compresses, and goes on with gzip where zstd is not known', async () => {
  await using fake = await FakeElasticsearch.start()
  const run = await runChunkedOutput(elasticsearch, `url: ${fake.url}\ncompress: zstd`)
  assert.deepEqual(await run.deliver(threeEvents()), DELIVERED)
  assert.deepEqual(await run.deliver(threeEvents()), DELIVERED)
  assert.deepEqual(
    fake.requests.map(({ headers }) => headers['content-encoding']),
    ['gzip', 'gzip'],
  )
  const warnings = run.log.messages('warn').filter((message) => message.includes('zstd'))
  assert.equal(warnings.length, 1)
  await run.stopAndCheckCompliance()
})
