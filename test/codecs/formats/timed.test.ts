/** The time of a line in one of its fields. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JsonFormat } from '../../../src/codecs/formats/json.ts'
import { TimedFormat } from '../../../src/codecs/formats/timed.ts'
import { timeReader } from '../../../src/codecs/time/time-reader.ts'
import { Zone } from '../../../src/codecs/time/zone.ts'
import { checkGarbage, parseLine } from './setup.ts'

const timed = (format = 'auto', keep = false) => {
  const reader = timeReader(format, { zone: new Zone('UTC'), now: () => 0 })
  return new TimedFormat(new JsonFormat(), { field: 'ts', reader, keep })
}

function check(format: TimedFormat, line: string, record: object, time: string): void {
  const shown = parseLine(format, line)
  assert.ok(typeof shown !== 'string')
  assert.deepEqual([shown.record, shown.time], [record, time], line)
}

test('texts and numbers', () => {
  check(
    timed(),
    '{"a":1,"ts":"2026-11-21T08:50:00.5Z","b":2}',
    { a: 1, b: 2 },
    '1795251000.500000000',
  )
  check(timed(), '{"ts":1795251000}', {}, '1795251000.000000000')
  check(timed(), '{"ts":1795251000123,"a":1}', { a: 1 }, '1795251000.123000000')
  check(timed(), '{"a":1,"ts":1795251000.25}', { a: 1 }, '1795251000.250000000')
  check(timed('unix_ns'), '{"ts":1795251000123456789}', {}, '1795251000.123456789')
  check(timed('%s'), '{"ts":1795251000}', {}, '1795251000.000000000')
})

test('the field stays when told so, when it is absent, and when it is no time', () => {
  check(timed('auto', true), '{"ts":1795251000}', { ts: 1795251000 }, '1795251000.000000000')
  check(timed(), '{"time":1795251000}', { time: 1795251000 }, '')
  for (const value of ['soon', -5, 1e30, true, null, [1], { a: 1 }])
    check(timed(), JSON.stringify({ ts: value, a: 1 }), { ts: value, a: 1 }, '')
})

test('of a repeated field the last counts', () => {
  check(timed(), '{"ts":1,"ts":1795251000}', { ts: 1 }, '1795251000.000000000')
})

test('garbage', () => {
  checkGarbage(timed(), ['{"a":1,"ts":"2026-11-21T08:50:00.5Z","b":2}', '{"ts":1.7e9}'])
})
