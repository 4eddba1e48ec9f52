import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LineStarts } from '../../../../src/codecs/bulk/format.ts'
import type { Lot } from '../../../../src/outputs/support/bulk/lot.ts'
import { Repairs } from '../../../../src/outputs/support/bulk/repairs.ts'

const TYPE = 'document_parsing_exception'

test('keeps a document as it came, when moving a field did not help', () => {
  const document = '{"@timestamp":"T","tag":"t","status":"none"}'
  const lot = lotOf(document)
  const repairs = new Repairs({ time: '@timestamp', tag: 'tag' })
  const failure = { type: TYPE, reason: 'failed to parse field [status] of type [long]' }
  assert.ok(repairs.add(0, lot, 0, { failure, reason: 'as it came' }))
  const moved = '{"@timestamp":"T","tag":"t","conflict.status":"none"}'
  assert.equal(sent(repairs), `{"create":{}}\n${moved}\n`)
  const other = { type: TYPE, reason: 'object mapping for [conflict] tried to parse as object' }
  assert.ok(repairs.add(0, lot, 0, { failure: other, reason: 'moved' }))
  const whole = { '@timestamp': 'T', tag: 't', 'event.original': document }
  assert.equal(sent(repairs), `{"create":{}}\n${JSON.stringify(whole)}\n`)
})

function lotOf(document: string): Lot {
  const starts = new LineStarts()
  starts.push(0)
  const body = Buffer.from(`{"create":{}}\n${document}\n`)
  return { body, starts, documents: null, first: 0, count: 1 }
}

function sent(repairs: Repairs): string {
  return Buffer.from(repairs.takeLot()!.body).toString()
}
