import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readReason, readSearchAnswer } from '../../../src/search/server/answer.ts'
import { jsonLine, textLine } from '../../../src/search/server/line.ts'

const TIME = '2026-11-26T10:00:00.123456789Z'

function answerOf(source: string): string {
  const hit = `{"_index":"i","_id":"1","_source":${source},"fields":{"ts":["${TIME}"]}}`
  return `{"_shards":{"failed":0},"hits":{"total":{"value":1,"relation":"eq"},"hits":[${hit}]}}`
}

const hitOf = (source: string) => readSearchAnswer(answerOf(source)).hits[0]!

describe('readSearchAnswer', () => {
  it('reads hits and totals', () => {
    const { hits, ...rest } = readSearchAnswer(answerOf('{"a":1}'))
    assert.deepEqual(hits, [{ id: 'i/1', time: TIME, source: { a: 1 } }])
    const whole = { failedShards: 0, failure: null, scrollId: null }
    assert.deepEqual(rest, { total: 1, isTotalExact: true, ...whole })
    const paged = answerOf('{}').replace('{', '{"_scroll_id":"next",')
    assert.equal(readSearchAnswer(paged).scrollId, 'next')
  })

  it('says what is no answer', () => {
    for (const text of ['null', '{}', '{"hits":{"hits":5}}']) {
      assert.throws(() => readSearchAnswer(text), /no list of hits/)
    }
    assert.throws(() => readSearchAnswer('<html>'), SyntaxError)
  })

  it("finds the server's reason", () => {
    const body = { error: { reason: 'all failed', root_cause: [{ reason: 'bad date' }] } }
    assert.equal(readReason(JSON.stringify(body)), 'bad date')
    const withCause = (reason: string) =>
      JSON.stringify({ error: { reason, caused_by: { reason: 'x' } } })
    assert.equal(readReason(withCause('bad date')), 'bad date: x')
    assert.equal(readReason(withCause('bad date: [x]')), 'bad date: [x]')
    assert.equal(readReason('{"error":"no handler"}'), 'no handler')
    assert.equal(readReason('<html>'), null)
    assert.equal(readReason('null'), null)
  })
})

describe('jsonLine', () => {
  it('puts time and tag first and keeps all digits', () => {
    const source = `{"n":12345678901234567890,"f":1.0,"tag":"t","time":"x","@timestamp":"${TIME}"}`
    const expected = `{"time":"${TIME}","tag":"t","_time":"x","n":12345678901234567890,"f":1.0}`
    assert.equal(jsonLine(hitOf(source)), expected)
  })
})

describe('textLine', () => {
  it('prints time, tag and text', () => {
    const source = `{"@timestamp":"${TIME}","tag":"t","log":"hello\\n","a":1}`
    assert.equal(textLine(hitOf(source)), `${TIME} t hello`)
  })

  it('prints what did not fit the mapping', () => {
    const source = `{"@timestamp":"${TIME}","tag":"t","event.original":"{\\"log\\":1}"}`
    assert.equal(textLine(hitOf(source)), `${TIME} t {"log":1}`)
  })

  it('prints the fields where there is no text', () => {
    assert.equal(textLine(hitOf('{"tag":"t","a":1}')), `${TIME} t {"a":1}`)
  })

  it('lets nothing steer the terminal', () => {
    const source = '{"tag":"\\u001b[2J","log":"a\\tb\\nc\\u001b]0;x\\u0007\\u009b"}'
    const expected = `${TIME} \\u001b[2J a\tb\nc\\u001b]0;x\\u0007\\u009b`
    assert.equal(textLine(hitOf(source)), expected)
  })
})
