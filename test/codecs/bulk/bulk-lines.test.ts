import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBulkEncoder } from '../../../src/codecs/bulk/bulk-lines.ts'
import {
  BULK_FORMAT,
  type BulkAction,
  type BulkEvents,
  type BulkFormat,
  LineStarts,
} from '../../../src/codecs/bulk/format.ts'
import { joinedEntries } from './made-events.ts'
import { TightWriter } from '../tight-writer.ts'

const NOWHERE: BulkAction = { index: null, pipeline: null, routing: null }
const EVENTS = { tag: 'docker.web1', buffer: 'abcdefghijkl', sequence: 7, firstEvent: 0 }

interface Made {
  readonly body: string
  readonly starts: readonly number[]
}

function make(
  records: readonly unknown[],
  format: Partial<BulkFormat> = {},
  action: Partial<BulkAction> = {},
  events: Partial<BulkEvents> = {},
): Made {
  const writer = new TightWriter()
  const starts = new LineStarts()
  const encode = createBulkEncoder({ ...BULK_FORMAT, ...format })
  const entries = joinedEntries(records)
  encode({ ...EVENTS, entries, ...events }, { ...NOWHERE, ...action }, writer, starts)
  return { body: writer.text(), starts: [...starts.offsets.subarray(0, starts.length)] }
}

const actionOf = (...args: Parameters<typeof make>) =>
  JSON.parse(make(...args).body.split('\n')[0]!) as Record<string, Record<string, unknown>>
const idOf = (...args: Parameters<typeof make>) => Object.values(actionOf(...args))[0]!['_id']

test('makes an action line and a document of each event', () => {
  const { body, starts } = make([{ log: 'one' }, { log: 'two' }])
  const lines = [
    '{"create":{"_id":"abcdefghijklAAAAAAAHAAAA"}}',
    '{"@timestamp":"2026-11-21T08:50:00.000000000Z","tag":"docker.web1","log":"one"}',
    '{"create":{"_id":"abcdefghijklAAAAAAAHAAAB"}}',
    '{"@timestamp":"2026-11-21T08:50:00.000000001Z","tag":"docker.web1","log":"two"}',
  ]
  assert.equal(body, lines.map((line) => `${line}\n`).join(''))
  assert.deepEqual(starts, [0, lines[0]!.length + lines[1]!.length + 2])
})

test('puts what an action says before the id', () => {
  const action = { index: 'logs-a', pipeline: 'p"\n', routing: 'r' }
  const { body } = make([{}], { operation: 'index' }, action)
  const expected =
    '{"index":{"_index":"logs-a","pipeline":"p\\"\\n","routing":"r","_id":"abcdefghijklAAAAAAAHAAAA"}}'
  assert.equal(body.split('\n')[0], expected)
})

test('wraps the document of an update', () => {
  const document = '{"@timestamp":"2026-11-21T08:50:00.000000000Z","log":"x"}'
  const update = make([{ log: 'x' }], { operation: 'update', tagField: null }).body
  assert.equal(update.split('\n')[1], `{"doc":${document}}`)
  const upsert = make([{ log: 'x' }], { operation: 'upsert', tagField: null }).body
  assert.match(upsert, /^\{"update":/)
  assert.equal(upsert.split('\n')[1], `{"doc":${document},"doc_as_upsert":true}`)
})

test('has an empty action where there is nothing to say', () => {
  const { body } = make([{}], { id: { type: 'server' } })
  assert.equal(body.split('\n')[0], '{"create":{}}')
})

test('makes other ids of other places, and longer ones of far ones', () => {
  const ids = [
    idOf([{}]),
    idOf([{}], {}, {}, { sequence: 8 }),
    idOf([{}], {}, {}, { sequence: 64 ** 7 }),
    idOf([{}], {}, {}, { firstEvent: 1 }),
    idOf([{}], {}, {}, { firstEvent: 64 ** 4 - 1 }),
    idOf([{}], {}, {}, { firstEvent: 64 ** 4 }),
    idOf([{}], {}, {}, { buffer: 'another-buff' }),
    idOf([{}], {}, {}, { buffer: 'a name of another form' }),
  ]
  assert.equal(new Set(ids).size, ids.length)
  assert.equal(ids[4], 'abcdefghijklAAAAAAAH____')
  assert.equal(ids[5], 'abcdefghijklAAAAAAAHAAABAAAA')
  for (const id of ids) assert.match(String(id), /^[\w-]{24}(?:[\w-]{4})?$/)
})

test('makes one id of one content, wherever it is', () => {
  const id = { type: 'content' } as const
  const one = idOf([{ a: 1 }], { id })
  assert.match(String(one), /^[\w-]{24}$/)
  assert.equal(idOf([{ a: 1 }], { id }, {}, { sequence: 8, firstEvent: 3, buffer: 'x' }), one)
  assert.notEqual(idOf([{ a: 2 }], { id }), one)
  assert.notEqual(idOf([{ a: 1 }], { id }, {}, { tag: 'docker.web2' }), one)
})

test('takes the id from a field, in bounds and without a line of its own', () => {
  const id = { type: 'field', path: ['trace', 'id'] } as const
  const of = (value: unknown) => idOf([{ trace: { id: value } }], { id })
  assert.equal(of('a"}}\n{"delete":{}}\n'), 'a"}}\n{"delete":{}}\n')
  assert.equal(make([{ trace: { id: 'a\n"' } }], { id }).body.split('\n').length, 3)
  assert.equal(of(42), '42')
  assert.equal(of('é'.repeat(256)), 'é'.repeat(256))
  for (const long of ['x'.repeat(513), 'é'.repeat(257), Buffer.alloc(400, 0xff)]) {
    assert.match(String(of(long)), /^[\w-]{24}$/)
  }
  assert.notEqual(of('x'.repeat(513)), of('x'.repeat(514)))
})

test('takes the place where the field has no text and no number', () => {
  const id = { type: 'field', path: ['id'] } as const
  for (const record of [{}, { id: '' }, { id: null }, { id: {} }, { id: true }, { id: 1.5 }]) {
    assert.equal(idOf([record], { id }), 'abcdefghijklAAAAAAAHAAAA')
  }
  assert.equal(
    idOf([{ id: 'x' }], { id: { type: 'field', path: ['id', 'x'] } }),
    'abcdefghijklAAAAAAAHAAAA',
  )
})

test('takes the routing value from a field', () => {
  const routingPath = ['customer']
  const action = actionOf([{ customer: 'c"1' }], { routingPath }, { index: 'i' })
  assert.deepEqual(action['create'], {
    _index: 'i',
    routing: 'c"1',
    _id: 'abcdefghijklAAAAAAAHAAAA',
  })
  assert.equal(actionOf([{}], { routingPath })['create']!['routing'], undefined)
  const long = actionOf([{ customer: 'x'.repeat(40_000) }], { routingPath })['create']!['routing']
  assert.match(String(long), /^[\w-]{24}$/)
})
