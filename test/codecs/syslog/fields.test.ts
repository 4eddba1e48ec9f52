/** What becomes of a message that is read: its fields by Elastic's names, its tag. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NOW, readDatagram } from './reading.ts'

test("fields by Elastic's names", () => {
  const text = '<165>1 2026-11-26T11:59:58Z h a 7 ID [x y="z"] m'
  const { record } = readDatagram(text, { names: 'ecs' })
  assert.deepEqual(record, {
    log: {
      level: 'notice',
      syslog: {
        priority: 165,
        facility: { code: 20, name: 'local4' },
        severity: { code: 5, name: 'notice' },
        version: '1',
        hostname: 'h',
        appname: 'a',
        procid: '7',
        msgid: 'ID',
        structured_data: { x: { y: 'z' } },
      },
    },
    host: { hostname: 'h' },
    process: { name: 'a' },
    message: 'm',
  })
  const { record: bare } = readDatagram('text here', { names: 'ecs' })
  assert.deepEqual(Object.keys(bare), ['log', 'message', 'parse_failed'])
  const { record: headless } = readDatagram('<13>text', { names: 'ecs', address: '10.0.0.7' })
  assert.deepEqual(Object.keys(headless), ['log', 'host', 'message'])
  assert.deepEqual(headless['host'], { hostname: '10.0.0.7' })
})

test('tags of what a message says', () => {
  const named = (name: string) => ({ kind: 'named' as const, name })
  const tag = [named('host'), { kind: 'literal' as const, text: '.' }, named('ident')]
  const check = (text: string, expected: string) =>
    assert.equal(readDatagram(text, { tag, address: '10.0.0.7' }).tag, expected)
  check('<13>Nov 26 11:59:58 h t: m', 'h.t')
  check('<13>Nov 26 11:59:58 t: m', '10.0.0.7.t')
  check('<13>Nov 26 11:59:58 h m m', 'h.unknown')
  const plain = [named('pid'), named('msgid'), named('source_address'), named('facility')]
  assert.equal(readDatagram('<13>text', { tag: plain }).tag, 'unknownunknownunknownuser')
})

test('keeps when a message came', () => {
  const { record } = readDatagram('<13>Nov 26 11:59:58 h t: m', { arrivalKey: 'received_at' })
  assert.equal(record['received_at'], NOW)
})
