/** The `http` input: what may be sent, and what it becomes. */
import assert from 'node:assert/strict'
import { Packr } from 'msgpackr'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { http } from '../../../src/inputs/http/index.ts'
import { ManualTime } from '../../drivers/context.ts'
import { runInput } from '../../drivers/run-input.ts'
import { encodeEntry } from '../../support/entries.ts'
import { post, type PostOptions } from './posting.ts'

const LISTEN = 'listen: tcp://127.0.0.1:0'
const packr = new Packr({ useRecords: false, variableMapSize: true })
const pack = (value: unknown) => new Uint8Array(packr.pack(value))

/** Sends one body and answers what it became. */
async function become(
  body: string | Uint8Array | FormData,
  options: PostOptions & { path?: string; yaml?: string } = {},
) {
  const time = new ManualTime()
  await using run = await runInput(http, `{ ${LISTEN}, ${options.yaml ?? ''} }`, { time })
  const answer = await post(run, options.path ?? '/app.web', body, options)
  const { records, tags, entries } = run
  await run.stopAndCheckCompliance()
  return { ...answer, records, tags, entries, run }
}

const A = { a: 1 }
const B = { b: 'two' }

test('takes JSON, NDJSON, msgpack, forms and text', async () => {
  const form = (value: string) => ({ type: 'application/x-www-form-urlencoded', form: value })
  const multipart = new FormData()
  multipart.set('json', JSON.stringify([A, B]))
  const file = new FormData()
  file.set('msgpack', new Blob([pack([A, B])]), 'events')
  const packed = Buffer.concat([pack(A), pack(B)])
  const percent = [...packed].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
  const cases: [string, string | Uint8Array | FormData, PostOptions & { path?: string }][] = [
    ['an array', '[{"a":1},{"b":"two"}]', { type: 'application/json' }],
    ['objects', ' {"a":1}\n{"b":"two"} ', { type: 'application/json; charset=utf-8' }],
    ['no content type', '{"a":1}{"b":"two"}', {}],
    ['NDJSON', '{"a":1}\r\n\n{"b":"two"}', { type: 'application/x-ndjson' }],
    ['msgpack, one after the other', packed, { type: 'application/msgpack' }],
    ['msgpack, an array', pack([A, B]), { type: 'application/x-msgpack' }],
    ['a form of JSON', 'json=%5B%7B%22a%22%3A1%7D,{"b":"two"}%5D&x=1', form('')],
    ['a form of msgpack', `msgpack=${percent}`, form('')],
    ['curl -d', '[{"a":1},{"b":"two"}]', form('')],
    ['multipart JSON', multipart, {}],
    ['multipart msgpack', file, {}],
    ['the URL', '', { path: `/app.web?json=${encodeURIComponent(JSON.stringify([A, B]))}` }],
    ['gzip', gzipSync('[{"a":1},{"b":"two"}]'), { headers: { 'content-encoding': 'gzip' } }],
  ]
  for (const [what, body, options] of cases) {
    const { status, body: answer, records, tags } = await become(body, options)
    assert.deepEqual([status, answer], [200, { accepted: 2 }], what)
    assert.deepEqual(records, [A, B], what)
    assert.deepEqual([...new Set(tags)], ['app.web'], what)
  }
  const text = await become('one\r\n\ntwo', { type: 'text/plain' })
  assert.deepEqual(text.records, [{ log: 'one' }, { log: 'two' }])
})

test('makes the tag of the path', async () => {
  const tagOf = async (path: string, yaml = '') => (await become('{}', { path, yaml })).tags[0]
  assert.equal(await tagOf('/app/web'), 'app.web')
  assert.equal(await tagOf('//app.web/?x=1'), 'app.web')
  assert.equal(await tagOf('/gr%C3%BCn'), 'grün')
  assert.equal(await tagOf('/app', 'add_tag_prefix: http'), 'http.app')
  assert.equal(await tagOf('/', 'tag: fixed'), 'fixed')
  assert.equal(await tagOf('/a/b', 'tag: "h.${source_address}.${path}"'), 'h.127.0.0.1.a.b')
})

test('takes the time from the URL, the record, the entry, the arrival', async () => {
  const timeOf = async (...given: Parameters<typeof become>) => {
    const { entries } = await become(...given)
    return [entries[0]?.seconds, entries[0]?.nanoseconds, entries[0]?.record]
  }
  const arrival = [1_795_251_000, 0, { a: 1 }]
  assert.deepEqual(await timeOf('{"a":1}'), arrival)
  assert.deepEqual(await timeOf('{"a":1}', { path: '/t?time=0' }), arrival)
  assert.deepEqual(await timeOf('{"a":1}', { path: '/t?time=1700000000' }), [1.7e9, 0, A])
  assert.deepEqual(await timeOf('{"a":1}', { path: '/t?time=1700000000.25' }), [1.7e9, 250e6, A])
  const text = '2023-11-14T22:13:20.123456789Z'
  assert.deepEqual(await timeOf('{"a":1}', { path: `/t?time=${text}` }), [1.7e9, 123456789, A])
  assert.deepEqual(await timeOf(`{"time":"${text}","a":1}`), [1.7e9, 123456789, A])
  assert.deepEqual(await timeOf('{"a":1,"time":1700000000.5}'), [1.7e9, 500e6, A])
  assert.deepEqual(await timeOf('{"time":1700000000123,"a":1}'), [1.7e9, 123e6, A])
  assert.deepEqual(await timeOf('{"time":1700000000123456789,"a":1}'), [1.7e9, 123456789, A])
  assert.deepEqual(await timeOf('{"time":"soon"}'), [1_795_251_000, 0, { time: 'soon' }])
  assert.deepEqual(await timeOf('{"time":7}', { yaml: 'time_key: ""' }), [
    ...[1_795_251_000, 0, { time: 7 }],
  ])
  assert.deepEqual(await timeOf('{"time":5,"a":1}', { path: '/t?time=1700000000' }), [
    1.7e9,
    0,
    { time: 5, a: 1 },
  ])
  assert.deepEqual(await timeOf('{"time":"2023-11-14 22:13:20","a":1}'), [1.7e9, 0, A])
  assert.deepEqual(await timeOf('{"time":"1700000000.5","a":1}'), [1.7e9, 500e6, A])
  const type = 'application/msgpack'
  assert.deepEqual(await timeOf(encodeEntry(1.7e9, 7, A), { type }), [1.7e9, 7, A])
  const fluentBit = pack([[1.7e9, { meta: 1 }], A])
  assert.deepEqual(await timeOf(fluentBit, { type }), [1.7e9, 0, A])
  const form = { type: 'application/x-www-form-urlencoded' }
  assert.deepEqual(await timeOf('time=1700000000&json={"a":1}', form), [1.7e9, 0, A])
})

test('takes times as they are configured', async () => {
  const check = async (yaml: string, time: unknown, expected: readonly unknown[]) => {
    const { entries } = await become(JSON.stringify({ time, a: 1 }), { yaml })
    assert.deepEqual([entries[0]?.seconds, entries[0]?.nanoseconds, entries[0]?.record], expected)
    const packed = await become(pack({ time, a: 1 }), { yaml, type: 'application/msgpack' })
    assert.deepEqual(packed.entries, entries)
  }
  const clock = 'time_format: "%d/%b/%Y %H:%M:%S.%f", time_zone: Europe/Berlin'
  await check(clock, '14/Nov/2023 23:13:20.25', [1.7e9, 250e6, A])
  await check(clock, 1.7e9, [1_795_251_000, 0, { time: 1.7e9, a: 1 }])
  await check('time_zone: Europe/Berlin', '2023-11-14T23:13:20', [1.7e9, 0, A])
  await check('time_zone: Europe/Berlin', '2023-11-14T22:13:20Z', [1.7e9, 0, A])
  await check('time_format: unix_ms', 1.7e9, [1.7e6, 0, A])
  await check('time_format: rfc3339', 1.7e9, [1_795_251_000, 0, { time: 1.7e9, a: 1 }])
})

test('adds where an event comes from', async () => {
  const headers = { 'x-forwarded-for': '192.0.2.7, 10.0.0.1', 'user-agent': 'test', cookie: 'c' }
  const yaml =
    'add_remote_addr: true, add_http_headers: true, add_query_params: true, ' +
    'source_address_key: from'
  const { records } = await become('{"from":"me","a":1}', { path: '/t?x-y=z', headers, yaml })
  const { HTTP_HOST, ...record } = records[0]!
  assert.match(String(HTTP_HOST), /^127/)
  assert.equal(record['HTTP_COOKIE'], undefined)
  const { REMOTE_ADDR, from, a, HTTP_USER_AGENT, QUERY_X_Y } = record
  assert.deepEqual(
    { REMOTE_ADDR, from, a, HTTP_USER_AGENT, QUERY_X_Y },
    { REMOTE_ADDR: '192.0.2.7', from: '127.0.0.1', a: 1, HTTP_USER_AGENT: 'test', QUERY_X_Y: 'z' },
  )
})

test('keeps lines that cannot be read, and says how many', async () => {
  const body = `{"a":1}\n{"b":\n[1]\n{"long":"${'x'.repeat(1500)}"}\n{"b":"two"}\n`
  const type = 'application/x-ndjson'
  const {
    status,
    body: answer,
    records,
    run,
  } = await become(body, { type, yaml: 'line_max: 1KiB' })
  assert.deepEqual([status, answer], [200, { accepted: 6, parse_failed: 4 }])
  assert.deepEqual(records[0], A)
  const source_address = '127.0.0.1'
  assert.deepEqual(records[1], { message: '{"b":', parse_failed: 'invalid_json', source_address })
  assert.deepEqual(records[2], { message: '[1]', parse_failed: 'not_an_object', source_address })
  assert.deepEqual(
    records.slice(3, 5).map((record) => record['parse_failed']),
    ['line_too_long', 'line_too_long'],
  )
  assert.equal(
    String(records[3]!['message']) + String(records[4]!['message']),
    `{"long":"${'x'.repeat(1500)}"}`,
  )
  assert.deepEqual(records[5], B)
  assert.equal(run.metric('parse_failed_total'), 4)
})

test('cuts long lines of text into pieces, between two characters', async () => {
  const text = 'ü'.repeat(1000)
  const { records } = await become(`${text}\nend\n`, {
    type: 'text/plain',
    yaml: 'line_max: 1023B',
  })
  assert.equal(records.length, 3)
  assert.equal(String(records[0]!['log']) + String(records[1]!['log']), text)
  assert.deepEqual(
    records.map((record) => record['truncated']),
    [true, undefined, undefined],
  )
})

test('says what is wrong with a body, and takes nothing of it', async () => {
  const check = async (status: number, text: RegExp, ...given: Parameters<typeof become>) => {
    const { body, records, ...answer } = await become(...given)
    assert.equal(answer.status, status, JSON.stringify(body))
    assert.match(String(body['message']), text)
    assert.deepEqual(records, [])
    return body
  }
  const json = { type: 'application/json' }
  await check(400, /byte 12: found the end of the text/, '[{"a":1},{"b', json)
  await check(400, /byte 9: found x; expected \{ of an object/, '[{"a":1},x]', json)
  await check(400, /byte 1: found 1; expected \{ of an object/, '[1]', json)
  await check(400, /byte 5: found \}/, '{"a":}', json)
  await check(400, /found the end of the text; expected \[ or \{/, '  ', json)
  await check(400, /nothing behind the array/, '[{}] {}', json)
  const deep = '{"a":'.repeat(9) + '1' + '}'.repeat(9)
  await check(400, /expected fewer levels/, deep, { ...json, yaml: 'depth_max: 8' })
  await check(413, /more than 10 bytes; .*NDJSON/, '{"a":"0123456789"}', {
    ...json,
    yaml: 'body_max: 10B',
  })
  await check(415, /Content-Type "image\/png"; expected application\/json/, 'x', {
    type: 'image/png',
  })
  await check(415, /expected charset utf-8/, '{}', { type: 'application/json; charset=latin1' })
  const form = { type: 'application/x-www-form-urlencoded' }
  await check(400, /found neither; expected a parameter json or msgpack/, 'a=1', form)
  await check(400, /cannot read the form/, 'x', { type: 'multipart/form-data; boundary=b' })
  await check(400, /cannot read the time "soon"/, '{}', { path: '/t?time=soon' })
  await check(400, /cannot read the time "0x10"/, '{}', { path: '/t?time=0x10' })
  const plus = '/t?time=2026-01-01T00:00:00+01:00'
  await check(400, /RFC 3339 with %2B for its plus/, '{}', { path: plus })
  await check(400, /its path is no tag; expected POST \/TAG/, '{}', { path: '/' })
  await check(400, /not a valid url component/, '{}', { path: '/%FF' })
  await check(414, /longer than 5 bytes/, '{}', { path: '/abcdef', yaml: 'tag_max: 5B' })
  const type = 'application/msgpack'
  await check(400, /found byte 0xc1/, new Uint8Array([0xc1]), { type })
  await check(400, /expected a map, an array of maps/, pack(7), { type })
  await check(400, /expected the rest/, pack({ a: 'long' }).subarray(0, 4), { type })
})

test('says how much of a msgpack body it took before what is wrong', async () => {
  const body = Buffer.concat([pack(A), pack(B), Buffer.from([0xc1])])
  const answer = await become(body, { type: 'application/msgpack' })
  assert.equal(answer.status, 400)
  assert.deepEqual([answer.body['accepted'], answer.body['offset']], [2, body.length - 1])
  assert.deepEqual(answer.records, [A, B])
})

test('other methods and pages', async () => {
  await using run = await runInput(http, LISTEN)
  const put = await post(run, '/app', '', { method: 'PUT' })
  assert.deepEqual([put.status, put.headers.get('allow')], [405, 'POST, OPTIONS'])
  for (const path of ['/', '/healthz'])
    assert.deepEqual((await post(run, path, '', { method: 'GET' })).body, { status: 'ok' })
  assert.equal(run.metric('requests_total', { status: '200' }), 2)
  await run.stopAndCheckCompliance()
})

const TOKEN = 'correct-horse-battery'

test('asks for a token', async () => {
  await using run = await runInput(http, `{ ${LISTEN}, tokens: [other, ${TOKEN}] }`)
  const status = async (authorization?: string) => {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
    return (await post(run, '/app', '{}', { headers })).status
  }
  assert.equal(await status(), 401)
  assert.equal(await status('Bearer wrong'), 401)
  assert.equal(await status(`Basic ${TOKEN}`), 401)
  assert.equal(await status('Bearer '), 401)
  assert.equal(await status(`bearer ${TOKEN}`), 200)
  assert.equal((await post(run, '/healthz', '', { method: 'GET' })).status, 200)
  assert.equal(run.metric('request_errors_total', { reason: 'unauthorized' }), 4)
  await run.stopAndCheckCompliance()
})

test('lets in only web pages of the origins that are named', async () => {
  const yaml = 'cors_allow_origins: ["https://*.example.org"], cors_allow_credentials: true'
  await using run = await runInput(http, `{ ${LISTEN}, ${yaml} }`)
  const good = { origin: 'https://app.example.org' }
  const taken = await post(run, '/app', '{}', { headers: good })
  assert.equal(taken.status, 200)
  assert.equal(taken.headers.get('access-control-allow-origin'), good.origin)
  assert.equal(taken.headers.get('access-control-allow-credentials'), 'true')
  const headers = { ...good, 'access-control-request-headers': 'content-type' }
  const preflight = await post(run, '/app', '', { method: 'OPTIONS', headers })
  assert.equal(preflight.status, 204)
  assert.equal(preflight.headers.get('access-control-allow-headers'), 'content-type')
  for (const origin of ['https://example.org.evil.com', 'https://evil.com/.example.org', 'null'])
    assert.equal((await post(run, '/app', '{}', { headers: { origin } })).status, 403, origin)
  assert.equal(run.entries.length, 1)
  await run.stopAndCheckCompliance()
})

test('refuses web pages unless they are named', async () => {
  const headers = { origin: 'https://app.example.org' }
  assert.equal((await become('{}', { headers })).status, 403)
  const all = await become('{}', { headers, yaml: 'cors_allow_origins: ["*"]' })
  assert.equal(all.headers.get('access-control-allow-origin'), '*')
})
