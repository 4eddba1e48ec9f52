import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readBulkAnswer, type SentDocuments } from '../../../src/codecs/bulk/answer.ts'
import { createBulkEncoder } from '../../../src/codecs/bulk/bulk-lines.ts'
import { BULK_FORMAT, type BulkFormat, LineStarts } from '../../../src/codecs/bulk/format.ts'
import { ByteWriter } from '../../../src/codecs/byte-writer.ts'
import { joinedEntries } from './made-events.ts'

function send(records: readonly unknown[], format: Partial<BulkFormat> = {}): SentDocuments {
  const writer = new ByteWriter()
  const starts = new LineStarts()
  const chosen = { ...BULK_FORMAT, ...format }
  const events = { tag: 't', buffer: 'abcdefghijkl', sequence: 1, firstEvent: 0 }
  const action = { index: 'i', pipeline: null, routing: null }
  createBulkEncoder(chosen)({ ...events, entries: joinedEntries(records) }, action, writer, starts)
  const body = writer.written()
  return { operation: chosen.operation, body, starts, first: 0, count: records.length }
}

const ID = ['abcdefghijklAAAAAAABAAAA', 'abcdefghijklAAAAAAABAAAB']
const TWO = send([{ a: 1 }, { a: 2 }])
const read = (text: string, sent: SentDocuments = TWO) => readBulkAnswer(Buffer.from(text), sent)

function answered(text: string, sent?: SentDocuments) {
  const result = read(text, sent)
  if (result.kind !== 'answer') assert.fail(JSON.stringify(result))
  const { statuses, failures, failureStore } = result.answer
  return { statuses: [...statuses], failures: Object.fromEntries(failures), failureStore }
}

function fault(text: string, sent?: SentDocuments): string {
  const result = read(text, sent)
  if (result.kind !== 'fault') assert.fail(JSON.stringify(result))
  return `${result.fault.found}; ${result.fault.expected}`
}

const stored = (status = 201, id?: string) =>
  `{"create":{${id === undefined ? '' : `"_id":"${id}",`}"status":${status}}}`
const answer = (...items: string[]) => `{"errors":false,"took":30,"items":[${items.join(',')}]}`
const STORED = { statuses: [201, 200], failures: {}, failureStore: [] }
const ALL_STORED = { kind: 'stored' }

test('reads what was stored, in any way it is written', () => {
  assert.deepEqual(read(answer(stored(201), stored(200))), ALL_STORED)
  assert.deepEqual(read(answer(stored(201, ID[0]), stored(200, ID[1]))), ALL_STORED)
  const spaced = answer(stored(201), stored(200)).replaceAll(',', ' , ').replaceAll(':', ' : ')
  assert.deepEqual(answered(spaced), STORED)
  const items = answer(stored(201), stored(200)).slice(answer().indexOf('"items"'))
  assert.deepEqual(read(`{"took":1,"errors":false,${items}`), ALL_STORED)
  assert.deepEqual(read(`{"errors":false,${items}`), ALL_STORED)
  const whole = `{"create":{"_index":"i","_id":"${ID[0]}","_version":1,"status":201}}`
  assert.deepEqual(answered(answer(whole, stored(200))), STORED)
})

test('reads what was refused, with the reasons of its causes', () => {
  const error = {
    type: 'document_parsing_exception',
    reason: 'failed to parse field [x]',
    caused_by: { type: 'illegal', reason: 'For input string: "y"', caused_by: { reason: 'field' } },
  }
  const failed = JSON.stringify({ create: { _id: ID[1], status: 400, error } })
  assert.deepEqual(answered(answer(stored(201, ID[0]), failed).replace('false', 'true')), {
    statuses: [201, 400],
    failures: {
      1: {
        type: 'document_parsing_exception',
        reason: 'failed to parse field [x]: For input string: "y"',
      },
    },
    failureStore: [],
  })
})

test('reads a failure without words, with bare ones, and with too many', () => {
  const of = (error: unknown) =>
    answered(answer(stored(), JSON.stringify({ create: { status: 503, error } }))).failures['1']
  assert.deepEqual(of(undefined), { type: '', reason: '' })
  assert.deepEqual(of('no shard'), { type: '', reason: 'no shard' })
  assert.deepEqual(of({ type: 't', reason: 'x'.repeat(9999) }), {
    type: 't',
    reason: 'x'.repeat(2048),
  })
})

test('says what went into the failure store', () => {
  const used = '{"create":{"status":201,"failure_store":"used"}}'
  assert.deepEqual(answered(answer(stored(), used)).failureStore, [1])
  const unused = '{"create":{"status":201,"failure_store":"not_applicable_or_unknown"}}'
  assert.deepEqual(answered(answer(stored(), unused)).failureStore, [])
})

test('knows an answer by its operation', () => {
  const sent = send([{}], { operation: 'upsert' })
  assert.deepEqual(read(answer('{"update":{"status":200}}'), sent), ALL_STORED)
  assert.match(fault(answer(stored()), sent), /item 0 that is no "update"/)
  assert.match(fault(answer('{"update":{"status":200}}', stored())), /item 0 that is no "create"/)
})

test('compares ids that JSON writes in more than one way', () => {
  const sent = send([{ id: 'é"' }, { id: 'x' }], { id: { type: 'field', path: ['id'] } })
  assert.deepEqual(answered(answer(stored(201, 'é\\"'), stored(200, 'x')), sent), STORED)
  assert.deepEqual(answered(answer(stored(201, '\\u00e9\\"'), stored(200, 'x')), sent), STORED)
  assert.match(fault(answer(stored(201, 'x'), stored(200, 'é')), sent), /item 0 with the id "x"/)
})

test('takes whatever id the server has made', () => {
  const sent = send([{ x: '"_id":"y' }], { id: { type: 'server' } })
  assert.deepEqual(read(answer(stored(201, 'made')), sent), ALL_STORED)
})

test('reads the answer to a part of a body', () => {
  const part = { ...TWO, first: 1, count: 1 }
  assert.deepEqual(read(answer(stored(201, ID[1])), part), ALL_STORED)
  assert.match(fault(answer(stored(201, ID[0])), part), /item 0 with the id/)
})

test('believes no other answer', () => {
  const both = answer(stored(), stored())
  assert.match(fault(''), /nothing; JSON/)
  assert.match(fault('<html>Bad gateway</html>'), /"<html>Bad gateway<\/html>"; JSON/)
  assert.match(fault(both.slice(0, -1)), /JSON/)
  assert.match(fault(`${both}x`), /JSON/)
  assert.match(fault('null'), /no JSON object/)
  assert.match(fault('[]'), /no JSON object/)
  assert.match(fault('{"errors":false}'), /`errors` and `items`/)
  assert.match(fault(both.replace('false', '0')), /`errors` and `items`/)
  assert.match(fault(answer(stored())), /1 items; 2/)
  assert.match(fault(answer(stored(), stored(), stored())), /3 items; 2/)
  assert.match(fault(answer(stored(201, ID[1]), stored(201, ID[0]))), /item 0 with the id/)
  assert.match(fault(answer(stored(201, ID[0]), stored(201, ID[0]))), /item 1 with the id/)
  assert.match(fault(answer(stored(), 'null')), /item 1 that is no "create"/)
  assert.match(fault(answer(stored(), '{"create":{"status":201},"index":{}}')), /item 1 that is no/)
  assert.match(fault(answer(stored(), '{"create":{"status":"201"}}')), /item 1 with the status/)
  assert.match(fault(answer(stored(), stored(100))), /item 1 with the status 100/)
  assert.match(fault(answer(stored(), '{"create":{}}')), /item 1 with the status undefined/)
  assert.match(fault(answer(stored(), '{"create":{"status":201,"error":{}}}')), /and an error/)
})
