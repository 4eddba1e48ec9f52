import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteWriter } from '../../../src/codecs/byte-writer.ts'
import { GelfMessageReader, type GelfMessageOptions } from '../../../src/codecs/gelf/message.ts'
import { writeKept, writeKeptBytes } from '../../../src/codecs/gelf/kept.ts'
import { gelfSource, NO_SOURCE } from '../../../src/codecs/gelf/source.ts'
import { decodeEntries, TEST_SECONDS } from '../../support/entries.ts'
import { DOCKER, READER_OPTIONS } from './gelf-messages.ts'

const NOW = TEST_SECONDS * 1000 + 250

function read(message: unknown, changed: Partial<GelfMessageOptions> = {}) {
  const text = typeof message === 'string' ? message : JSON.stringify(message)
  const reader = new GelfMessageReader({ ...READER_OPTIONS, ...changed })
  const writer = new ByteWriter(1)
  // With bytes around it that are not its own.
  const bytes = Buffer.from(`"${text}"`)
  const error = reader.read(bytes, 1, bytes.length - 1, NOW, writer)
  const [entry] = decodeEntries(writer.written().slice())
  return { error, tag: reader.tag, entry, record: entry?.record, length: writer.length }
}

test('what Docker sends', () => {
  const { entry, tag, record } = read(DOCKER)
  assert.deepEqual([entry?.seconds, entry?.nanoseconds], [1455000000, 123_000_000])
  assert.equal(tag, 'docker.web1')
  assert.deepEqual(Object.entries(record!), [
    ['version', '1.1'],
    ['host', 'dockerhost'],
    ['log', 'hello'],
    ['level', 6],
    ['command', 'sh -c "echo hello"'],
    ['container_id', DOCKER._container_id],
    ['container_name', 'web1'],
    ['created', DOCKER._created],
    ['image_id', DOCKER._image_id],
    ['image_name', 'busybox:latest'],
    ['stream', 'stdout'],
  ])
})

test('names of fields', () => {
  const check = (
    message: object,
    expected: object,
    changed: Partial<GelfMessageOptions> = {},
  ): void => assert.deepEqual(read(message, changed).record, expected)
  check({ short_message: 'x', _a: 1, __b: 2, _: 3 }, { log: 'x', a: 1, _b: 2, _: 3 })
  // What would be another field of the record keeps its underscore.
  check(
    { short_message: 'x', host: 'h', _host: 'other', _log: 1, _level: 2, _stream: 3 },
    { log: 'x', host: 'h', _host: 'other', _log: 1, _level: 2, _stream: 3 },
  )
  check({ short_message: 'x', log: 'own' }, { log: 'x', _log: 'own' })
  check(
    { short_message: 'x', _message: 1 },
    { message: 'x', _message: 1 },
    { messageKey: 'message' },
  )
  check({ short_message: 'x', _a: 1 }, { short_message: 'x', _a: 1 }, { fields: 'keep' })
  check({ _tag: 't' }, {})
  check({ _tag: 'x'.repeat(65) }, { _tag: 'x'.repeat(65) }, { fields: 'keep' })
  check({ _tag: 'x'.repeat(65), _id: 1 }, { tag: 'x'.repeat(65), id: 1 })
  check({ _tag: '' }, { tag: '' })
  check({ _tag: 5 }, { tag: 5 })
  const escaped = read('{"\\u005fcontainer\\u005fname":"a\\"b"}').record
  assert.deepEqual(escaped, { container_name: 'a"b' })
})

test('the stream of Docker containers', () => {
  const stream = (message: object) => read(message).record!['stream']
  assert.equal(stream({ level: 6, _container_id: 'c' }), 'stdout')
  assert.equal(stream({ _container_id: 'c', level: 3 }), 'stderr')
  assert.equal(stream({ level: 4, _container_id: 'c' }), undefined)
  assert.equal(stream({ level: 6 }), undefined)
  assert.equal(stream({ level: '6', _container_id: 'c' }), undefined)
  assert.equal(stream({ level: 6, _container_id: 'c', stream: 'own' }), 'own')
  const kept = read({ level: 3, _container_id: 'c' }, { fields: 'keep' }).record
  assert.deepEqual(kept, { level: 3, _container_id: 'c', stream: 'stderr' })
})

test('times, to the nanosecond', () => {
  const check = (timestamp: string, seconds: number, nanoseconds: number): void => {
    const { entry } = read(`{"timestamp": ${timestamp}}`)
    assert.deepEqual([entry?.seconds, entry?.nanoseconds], [seconds, nanoseconds], timestamp)
    assert.deepEqual(entry?.record, {})
  }
  check('1795251000.123456789', 1795251000, 123456789)
  check('1795251000.1234567899', 1795251000, 123456789)
  check('1795251000', 1795251000, 0)
  check('1795251000.5', 1795251000, 500_000_000)
  check('"1795251000.000000001"', 1795251000, 1)
  check('1.7952510005e9', 1795251000, 500_000_000)
  check('4294967295', 4294967295, 0)
})

test('what is no time stays in the record, and the event has the time it came', () => {
  for (const timestamp of [
    '0',
    '-1.5',
    '4294967296',
    '1795251000123',
    '"2026-11-21T08:50:00Z"',
    '"1795251000."',
    'null',
    '[1]',
    '1e300',
  ]) {
    const { entry, record } = read(`{"timestamp":${timestamp}}`)
    assert.deepEqual([entry?.seconds, entry?.nanoseconds], [TEST_SECONDS, 250_000_000], timestamp)
    const plain =
      typeof record!['timestamp'] === 'bigint' ? Number(record!['timestamp']) : undefined
    assert.deepEqual(plain ?? record!['timestamp'], JSON.parse(timestamp) as unknown)
  }
  const second = read('{"timestamp":1,"timestamp":2}')
  assert.deepEqual([second.entry?.seconds, second.record], [1, { timestamp: 2 }])
})

test('lenient: whatever JSON can say', () => {
  const check = (text: string, expected: object): void => {
    const { error, record } = read(text)
    assert.equal(error, null, text)
    assert.deepEqual(record, expected, text)
  }
  check('{}', {})
  check(' { "a" : 1 , "b" : [ ] } \n', { a: 1, b: [] })
  check('{"_a":true,"_b":false,"_c":null,"_d":{"x":[1,{"y":2}]}}', {
    a: true,
    b: false,
    c: null,
    d: { x: [1, { y: 2 }] },
  })
  check('{"short_message":["no","text"]}', { log: ['no', 'text'] })
  check('{"short_message":"a\tb\nc\\n\u0000d"}', { log: 'a\tb\nc\n\u0000d' })
  check('{"short_message":"\\u00e9\\ud83d\\ude00"}', { log: 'é😀' })
  const many = Object.fromEntries(
    Array.from({ length: 20 }, (_none, index) => [`f${index}`, index]),
  )
  check(JSON.stringify(many), many)
})

test('bytes that are not UTF-8 stay as they are', () => {
  const writer = new ByteWriter(1)
  const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xc3]), Buffer.from('"}')])
  const reader = new GelfMessageReader(READER_OPTIONS)
  assert.equal(reader.read(bytes, 0, bytes.length, NOW, writer), null)
  assert.equal(Buffer.from(writer.written()).toString('hex', 11), '81a161a2ffc3')
})

test('says where a message is wrong and leaves the writer as it was', () => {
  const check = (text: string, offset: number, reason = 'invalid_json'): void => {
    const { error, length } = read(text)
    assert.deepEqual([error?.offset, error?.reason, length], [offset, reason, 0], text)
  }
  check('', 0, 'not_an_object')
  check('hello', 0, 'not_an_object')
  check('[1]', 0, 'not_an_object')
  check('{', 1)
  check('{"a"', 4)
  check('{"a":', 5)
  check('{"a":1', 6)
  check('{"a":1,', 7)
  check('{"a":1,}', 7)
  check('{"a":1}}', 7)
  check('{a:1}', 1)
  check('{"a" 1}', 5)
  check('{"a":x}', 5)
  check('{"a":tru}', 5)
  check('{"a":01}', 5)
  check('{"a":"b', 7)
  check('{"a":"\\x"}', 6)
  check('{"a":[1,}', 8)
  check('{"a":[1,}]}', 8)
  check(`{"a":${'['.repeat(8)}${']'.repeat(8)}}`, 12, 'depth_exceeded')
})

test('strict: as GELF 1.1 says', () => {
  const good = { version: '1.1', host: 'h', short_message: 's' }
  const reasonOf = (message: unknown) => read(message, { strict: true }).error?.reason
  assert.equal(reasonOf(DOCKER), undefined)
  assert.equal(
    reasonOf({ ...good, full_message: 'f', line: 1, file: 'f', facility: 'x' }),
    undefined,
  )
  assert.equal(reasonOf({ ...good, '_a.b-c_1': -1.5 }), undefined)
  assert.equal(reasonOf({ ...good, version: '1.0' }), 'invalid_version')
  assert.equal(reasonOf({ ...good, version: undefined }), 'invalid_version')
  assert.equal(reasonOf({ ...good, host: '' }), 'missing_host')
  assert.equal(reasonOf({ ...good, short_message: 5 }), 'missing_short_message')
  assert.equal(reasonOf({ ...good, full_message: 5 }), 'invalid_value')
  assert.equal(reasonOf({ ...good, timestamp: '5' }), 'invalid_timestamp')
  assert.equal(reasonOf({ ...good, level: '5' }), 'invalid_level')
  assert.equal(reasonOf({ ...good, _id: 'x' }), 'invalid_name')
  assert.equal(reasonOf({ ...good, own: 'x' }), 'invalid_name')
  assert.equal(reasonOf({ ...good, '_a b': 'x' }), 'invalid_name')
  assert.equal(reasonOf({ ...good, _a: true }), 'invalid_value')
  assert.equal(reasonOf({ ...good, _a: { b: 1 } }), 'invalid_value')
  assert.equal(reasonOf('{"version":"1.1","host":"h","short_message":"a\tb"}'), 'invalid_json')
})

test('fields that say who sent it', () => {
  const every = [{ key: 'peer', value: '192.0.2.1' }]
  const reader = new GelfMessageReader(READER_OPTIONS)
  reader.source = gelfSource(every, [...every, { key: 'source_address', value: '192.0.2.1' }])
  const writer = new ByteWriter(1)
  const message = Buffer.from(JSON.stringify({ short_message: 'x', _peer: 'own' }))
  assert.equal(reader.read(message, 0, message.length, NOW, writer), null)
  const { source } = reader
  const kept = { bytes: Buffer.from('no GELF'), start: 0, end: 7, now: NOW, source }
  writeKept(writer, { ...kept, reason: 'not_an_object' })
  const [entry, failed] = decodeEntries(writer.written().slice())
  assert.deepEqual(entry?.record, { log: 'x', peer: '192.0.2.1' })
  const record = {
    message: 'no GELF',
    parse_failed: 'not_an_object',
    peer: '192.0.2.1',
    source_address: '192.0.2.1',
  }
  assert.deepEqual(failed, { seconds: TEST_SECONDS, nanoseconds: 250_000_000, record })
})

test('bytes that are no text are kept as base64', () => {
  const keptAs = (bytes: Uint8Array) => {
    const writer = new ByteWriter(1)
    const { length: end } = bytes
    writeKeptBytes(writer, { bytes, start: 1, end, now: NOW, source: NO_SOURCE, reason: 'why' })
    return decodeEntries(writer.written().slice())[0]!.record
  }
  assert.deepEqual(keptAs(Buffer.from('-text é')), { message: 'text é', parse_failed: 'why' })
  assert.deepEqual(keptAs(Uint8Array.of(0, 0x1f, 0x8b, 8, 0)), {
    message_base64: 'H4sIAA==',
    parse_failed: 'why',
  })
})
