/** Syslog messages as lines; what the parser does with all their deviations has its own tests. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SyslogFormat } from '../../../src/codecs/formats/syslog.ts'
import { Zone } from '../../../src/codecs/time/zone.ts'
import { checkGarbage, parseLine } from './setup.ts'

const format = new SyslogFormat({
  zone: new Zone('Europe/Berlin'),
  now: () => Date.parse('2026-11-21T08:50:00Z'),
})
const RFC_5424 = '<30>1 2026-11-21T08:50:00.5Z host app 12 id [a@1 b="c"] hello'

function check(line: string, expected: object | string, time = ''): void {
  const shown = parseLine(format, line)
  if (typeof shown === 'string') return assert.equal(shown, expected, line)
  assert.deepEqual([shown.record, shown.time], [expected, time], line)
}

test('both kinds of message, and files of rsyslog', () => {
  const daemon = { facility: 'daemon', facility_code: 3, severity: 'info', severity_code: 6 }
  const user = { facility: 'user', facility_code: 1, severity: 'notice', severity_code: 5 }
  check(
    RFC_5424,
    {
      ...daemon,
      host: 'host',
      ident: 'app',
      pid: '12',
      msgid: 'id',
      extradata: { 'a@1': { b: 'c' } },
      message: 'hello',
    },
    '1795251000.500000000',
  )
  check(
    '<30>Nov 21 09:50:00 host app[12]: hello',
    { ...daemon, host: 'host', ident: 'app', pid: '12', message: 'hello' },
    '1795251000.000000000',
  )
  check(
    'Nov 21 09:50:00 host app: hello',
    { ...user, host: 'host', ident: 'app', message: 'hello' },
    '1795251000.000000000',
  )
  check('<30>1 - - - - - - hello', { ...daemon, message: 'hello' })
})

test('what it refuses', () => {
  check('', 'not_syslog at 0')
  check('hello there', 'not_syslog at 0')
  check('{"a":1}', 'not_syslog at 0')
})

test('garbage', () => checkGarbage(format, [RFC_5424, '<30>Nov 21 09:50:00 host app[12]: hello']))
