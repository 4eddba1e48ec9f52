/** Messages one by one: Docker's formats, and every deviation of the world that is known. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Zone } from '../../../src/codecs/time/zone.ts'
import { NOW, readDatagram, type ReadingOptions } from './reading.ts'

const ARRIVAL = NOW.slice(0, -2).replace('.50', '.5')
const FAILED = 'no_header'

/** `fields` are those beside the facility's and the severity's; `time` and `tag` where given. */
function check(
  text: string | Uint8Array,
  expected: Readonly<Record<string, unknown>> & { time?: string; tag?: string },
  options: ReadingOptions = {},
): void {
  const { tag: wantedTag, time: wantedTime, ...fields } = expected
  const { tag, time, record } = readDatagram(text, options)
  const { facility, facility_code, severity, severity_code, ...rest } = record
  assert.deepEqual(rest, fields, String(text))
  if (wantedTime !== undefined) assert.equal(time, wantedTime, String(text))
  assert.equal(tag, wantedTag ?? `syslog.${String(facility)}.${String(severity)}`)
  assert.ok(Number.isInteger(facility_code) && Number.isInteger(severity_code))
}

suite("Docker's formats", () => {
  test('default, without a host', () => {
    check('<30>Nov 26 11:59:58 web1[812]: hello\n', {
      tag: 'syslog.daemon.info',
      time: '2026-11-26T11:59:58',
      ident: 'web1',
      pid: '812',
      message: 'hello',
    })
  })
  test('rfc3164', () => {
    check('<27>Nov  6 11:59:58 docker1 web1[812]:   indented\n', {
      tag: 'syslog.daemon.err',
      time: '2026-11-06T11:59:58',
      host: 'docker1',
      ident: 'web1',
      pid: '812',
      message: '  indented',
    })
  })
  test('rfc5424 and rfc5424micro', () => {
    const fields = { host: 'docker1', ident: 'web1', pid: '812', msgid: 'web1', message: 'hello' }
    const time = '2026-11-26T11:59:58'
    check('<30>1 2026-11-26T11:59:58Z docker1 web1 812 web1 - hello\n', { time, ...fields })
    check('<30>1 2026-11-26T13:59:58+02:00 docker1 web1 812 web1 - hello\n', { time, ...fields })
    check('<30>1 2026-11-26T11:59:58.000123Z docker1 web1 812 web1 - hello\n', {
      time: '2026-11-26T11:59:58.000123',
      ...fields,
    })
  })
  test('a tag with spaces, a slash, a colon', () => {
    const time = '2026-11-26T11:59:58'
    check('<30>Nov 26 11:59:58 docker1 my own tag[812]: hello', {
      time,
      host: 'docker1',
      ident: 'my own tag',
      pid: '812',
      message: 'hello',
    })
    check('<30>Nov 26 11:59:58 docker1 nginx:1.27/web1/0a[812]: hello', {
      time,
      host: 'docker1',
      ident: 'nginx:1.27/web1/0a',
      pid: '812',
      message: 'hello',
    })
    check('<30>1 2026-11-26T11:59:58Z docker1 my own 812 my own - hello', {
      time,
      host: 'docker1',
      ident: 'my',
      pid: 'own',
      msgid: '812',
      message: 'my own - hello',
    })
  })
})

suite('priorities', () => {
  test('names and numbers', () => {
    const { record } = readDatagram('<165>Nov 26 11:59:58 h t: m')
    const { facility, facility_code, severity, severity_code } = record
    assert.deepEqual(
      [facility, facility_code, severity, severity_code],
      ['local4', 20, 'notice', 5],
    )
  })
  const rest = { time: '2026-11-26T11:59:58', host: 'h', ident: 't', message: 'm' }
  test('none: user.notice', () => {
    check('Nov 26 11:59:58 h t: m', { tag: 'syslog.user.notice', ...rest })
  })
  test('leading zeros', () => {
    check('<007>Nov 26 11:59:58 h t: m', { tag: 'syslog.kern.debug', ...rest })
  })
  test('past 191', () => {
    check('<192>Nov 26 11:59:58 h t: m', { tag: 'syslog.user.notice', pri: 192, ...rest })
    check('<999>Nov 26 11:59:58 h t: m', { tag: 'syslog.user.notice', pri: 999, ...rest })
  })
  test('what is none', () => {
    for (const text of ['<>m', '<x>m', '<12345>m', '<13', '<', '<-1>m']) {
      check(text, { tag: 'syslog.user.notice', message: text, parse_failed: FAILED })
    }
  })
})

suite('times of RFC 3164', () => {
  const checkTime = (text: string, time: string, options: ReadingOptions = {}) =>
    check(`<13>${text} h t: m`, { time, host: 'h', ident: 't', message: 'm' }, options)

  test('a day of one digit, with one space or two, or a zero', () => {
    checkTime('Nov  6 11:59:58', '2026-11-06T11:59:58')
    checkTime('Nov 6 11:59:58', '2026-11-06T11:59:58')
    checkTime('Nov 06 11:59:58', '2026-11-06T11:59:58')
  })
  test('fractions of a second', () => {
    checkTime('Nov 26 11:59:58.123', '2026-11-26T11:59:58.123')
    checkTime('Nov 26 11:59:58,123456', '2026-11-26T11:59:58.123456')
    checkTime('Nov 26 11:59:58.1234567891', '2026-11-26T11:59:58.123456789')
  })
  test('a year before, between and behind', () => {
    checkTime('2025 Jan 28 10:46:06', '2025-01-28T10:46:06')
    checkTime('Jan 28 2025 10:46:06', '2025-01-28T10:46:06')
    checkTime('Jan 28 10:46:06 2025', '2025-01-28T10:46:06')
  })
  test('ISO 8601', () => {
    checkTime('2026-11-26T11:59:58.123456+01:00', '2026-11-26T10:59:58.123456')
    checkTime('2026-11-26t11:59:58z', '2026-11-26T11:59:58')
    checkTime('2026-11-26 11:59:58', '2026-11-26T11:59:58')
    checkTime('2026-11-26T11:59:58', '2026-11-26T10:59:58', { zone: new Zone('Europe/Berlin') })
  })
  test('seconds since 1970', () => {
    checkTime('1795251000', '2026-11-21T08:50:00')
    checkTime('1795251000.25', '2026-11-21T08:50:00.25')
  })
  test('a colon and a zone behind', () => {
    checkTime('Nov 26 11:59:58:', '2026-11-26T11:59:58')
    checkTime('Nov 26 11:59:58 UTC', '2026-11-26T11:59:58')
    checkTime('Nov 26 11:59:58 CET', '2026-11-26T10:59:58')
    checkTime('Nov 26 11:59:58 EST:', '2026-11-26T16:59:58')
  })
  test('a host that is called as a zone', () => {
    check('<13>Nov 26 11:59:58 cet t: m', { host: 'cet', ident: 't', message: 'm' })
  })
  test('the zone of the sender, and its summer time', () => {
    const zone = new Zone('Europe/Berlin')
    checkTime('Nov 26 12:59:58', '2026-11-26T11:59:58', { zone })
    checkTime('Jul 26 12:59:58', '2026-07-26T10:59:58', { zone })
  })
  test('the year nearest to the arrival', () => {
    checkTime('Dec 31 23:59:59', '2026-12-31T23:59:59', { now: '2027-01-01T00:00:01Z' })
    checkTime('Jan  1 00:00:00', '2027-01-01T00:00:00', { now: '2026-12-31T23:59:59Z' })
    checkTime('Dec 31 23:59:59', '2026-12-31T23:59:59', { now: '2026-12-31T23:59:59Z' })
    checkTime('Jun  1 00:00:00', '2026-06-01T00:00:00', { now: '2026-11-26T00:00:00Z' })
    checkTime('May  1 00:00:00', '2027-05-01T00:00:00', { now: '2026-11-26T00:00:00Z' })
    checkTime('Feb 29 12:00:00', '2024-02-29T12:00:00', { now: '2026-11-26T00:00:00Z' })
    checkTime('Feb 29 12:00:00', '2028-02-29T12:00:00', { now: '2028-01-26T00:00:00Z' })
  })
  test("New Year in the sender's zone", () => {
    const zone = new Zone('Pacific/Auckland')
    // It is 13 hours ahead: its new year starts at 11:00 UTC of the day before.
    checkTime('Jan  1 00:00:30', '2026-12-31T11:00:30', { zone, now: '2026-12-31T11:00:31Z' })
    checkTime('Dec 31 23:59:30', '2026-12-31T10:59:30', { zone, now: '2026-12-31T11:00:31Z' })
    const west = new Zone('Pacific/Honolulu')
    checkTime('Dec 31 14:00:00', '2027-01-01T00:00:00', { zone: west, now: '2027-01-01T00:00:05Z' })
  })
  test('what is no time', () => {
    for (const time of [
      'Nov 32 11:59:58',
      'Nov 26 25:59:58',
      'Feb 30 11:59:58',
      'Nev 26 11:59:58',
    ]) {
      check(`<13>${time} h t: m`, { time: ARRIVAL, message: `${time} h t: m` })
    }
  })
})

suite('hosts and tags of RFC 3164', () => {
  const checkBody = (body: string, fields: Readonly<Record<string, unknown>>) =>
    check(`<13>Nov 26 11:59:58 ${body}`, { time: '2026-11-26T11:59:58', ...fields })

  test('a token that ends with a colon or has a bracket is the tag', () => {
    checkBody('su: failed', { ident: 'su', message: 'failed' })
    checkBody('sshd[12]: failed', { ident: 'sshd', pid: '12', message: 'failed' })
    checkBody('sshd[12] failed', { ident: 'sshd', pid: '12', message: 'failed' })
    checkBody('h su: failed', { host: 'h', ident: 'su', message: 'failed' })
    checkBody('h sshd[12]: failed', { host: 'h', ident: 'sshd', pid: '12', message: 'failed' })
    checkBody('h sshd[12]:failed', { host: 'h', ident: 'sshd', pid: '12', message: 'failed' })
    checkBody('h su:', { host: 'h', ident: 'su', message: '' })
  })
  test('tags with other signs in them', () => {
    checkBody('h postfix/smtpd[9]: m', {
      host: 'h',
      ident: 'postfix/smtpd',
      pid: '9',
      message: 'm',
    })
    checkBody('h getty@tty1: m', { host: 'h', ident: 'getty@tty1', message: 'm' })
    checkBody('h : %ASA-6-302013: Built', {
      host: 'h',
      ident: '%ASA-6-302013',
      message: 'Built',
    })
    checkBody('h : text', { host: 'h', message: ': text' })
    checkBody('h %ASA-6-302013: Built', { host: 'h', ident: '%ASA-6-302013', message: 'Built' })
    checkBody('h a.b-c_d: m', { host: 'h', ident: 'a.b-c_d', message: 'm' })
  })
  test('hosts of all kinds', () => {
    for (const host of [
      'h.example.org',
      '10.0.0.1',
      'fe80::1%eth0',
      '2001:db8::1',
      'a_b',
      'PA-500',
    ]) {
      checkBody(`${host} su: m`, { host, ident: 'su', message: 'm' })
    }
  })
  test('no tag at all', () => {
    checkBody('h text without a tag', { host: 'h', message: 'text without a tag' })
    checkBody('h [error] text', { host: 'h', message: '[error] text' })
    checkBody('h key=value a: b', { host: 'h', message: 'key=value a: b' })
    checkBody('h "a": b', { host: 'h', message: '"a": b' })
    checkBody('h GET http://x/ took 1s', { host: 'h', message: 'GET http://x/ took 1s' })
    checkBody('alone', { message: 'alone' })
    checkBody('', { message: '' })
  })
  test('Palo Alto', () => {
    const csv = '1,2026/11/26 11:59:58,0011,TRAFFIC,end,1'
    checkBody(`PA-500 ${csv}`, { host: 'PA-500', message: csv })
  })
  test('HAProxy and nginx', () => {
    checkBody('haproxy[7]: 10.0.0.1:5 [x] y', {
      ident: 'haproxy',
      pid: '7',
      message: '10.0.0.1:5 [x] y',
    })
    checkBody('h nginx: 10.0.0.1 - - "GET /"', {
      host: 'h',
      ident: 'nginx',
      message: '10.0.0.1 - - "GET /"',
    })
  })
  test('Snare', () => {
    const text = 'MSWinEventLog\t1\tSecurity\t3: x'
    checkBody(`h ${text}`, { host: 'h', message: text })
  })
  test('AIX', () => {
    checkBody('Message forwarded from aix1: su: failed', {
      host: 'aix1',
      ident: 'su',
      message: 'failed',
    })
    checkBody('Message forwarded from aix1: text', { host: 'aix1', message: 'text' })
    checkBody('Message forwarded from nobody', {
      host: 'Message',
      message: 'forwarded from nobody',
    })
  })
  test('no time, but a tag', () => {
    check('<13>su[3]: m', { time: ARRIVAL, ident: 'su', pid: '3', message: 'm' })
    check('<13>su: m', { time: ARRIVAL, ident: 'su', message: 'm' })
  })
})

suite('Cisco', () => {
  const text = 'Configured from console'
  const ident = '%SYS-5-CONFIG_I'
  const rest = { ident, message: text }
  test('a sequence number, a host, a zone', () => {
    check(`<189>99: Nov 26 11:59:58.483 UTC: ${ident}: ${text}`, {
      tag: 'syslog.local7.notice',
      time: '2026-11-26T11:59:58.483',
      sequence: '99',
      ...rest,
    })
    check(`<189>99: router1: Nov 26 11:59:58 CET: ${ident}: ${text}`, {
      time: '2026-11-26T10:59:58',
      host: 'router1',
      sequence: '99',
      ...rest,
    })
    check(`<189>000099: Nov 26 2026 11:59:58: ${ident}: ${text}`, { sequence: '000099', ...rest })
  })
  test('a clock that was set once, and one that never was', () => {
    check(`<189>99: .Nov 26 11:59:58: ${ident}: ${text}`, {
      time: '2026-11-26T11:59:58',
      sequence: '99',
      ...rest,
    })
    check(`<189>99: router1: *Mar  1 18:48:50.483 UTC: ${ident}: ${text}`, {
      time: ARRIVAL,
      host: 'router1',
      sequence: '99',
      device_time: '*Mar  1 18:48:50.483 UTC',
      ...rest,
    })
    check(`<189>*Mar  1 18:48:50: ${ident}: ${text}`, { device_time: '*Mar  1 18:48:50', ...rest })
  })
  test('no time', () => {
    check(`<189>99: ${ident}: ${text}`, { time: ARRIVAL, sequence: '99', ...rest })
  })
  test('a host with a colon', () => {
    check(`<189>Nov 26 11:59:58 router1: ${ident}: ${text}`, { host: 'router1', ...rest })
  })
  test('relayed, with two headers: the outer one counts, nothing is lost', () => {
    check(`<189>Nov 26 11:59:58 10.0.0.1 99: Nov 26 11:59:57 UTC: ${ident}: ${text}`, {
      time: '2026-11-26T11:59:58',
      host: '10.0.0.1',
      ident: '99',
      message: `Nov 26 11:59:57 UTC: ${ident}: ${text}`,
    })
  })
})

suite('RFC 5424', () => {
  const TIME = '2026-11-26T11:59:58'
  const checkIetf = (body: string, fields: Readonly<Record<string, unknown>>) =>
    check(`<34>1 ${TIME}Z ${body}`, { tag: 'syslog.auth.crit', time: TIME, ...fields })

  test("the RFC's examples", () => {
    check(
      "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \ufeff'su root' failed",
      {
        time: '2003-10-11T22:14:15.003',
        host: 'mymachine.example.com',
        ident: 'su',
        msgid: 'ID47',
        message: "'su root' failed",
      },
    )
    check('<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It', {
      time: '2003-08-24T12:14:15.000003',
      host: '192.0.2.1',
      ident: 'myproc',
      pid: '8710',
      message: '%% It',
    })
    check(
      '<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 ' +
        '[exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"]' +
        '[examplePriority@32473 class="high"]',
      {
        host: 'mymachine.example.com',
        ident: 'evntslog',
        msgid: 'ID47',
        extradata: {
          'exampleSDID@32473': { iut: '3', eventSource: 'Application', eventID: '1011' },
          'examplePriority@32473': { class: 'high' },
        },
        message: '',
      },
    )
  })
  test('nothing but NILs', () => {
    check('<34>1 - - - - - -', { time: ARRIVAL, message: '' })
    check('<34>1 - - - - - - m', { time: ARRIVAL, message: 'm' })
  })
  test('fractions of nine digits and more, small letters', () => {
    check('<34>1 2026-11-26t11:59:58.123456789z h a - - - m', {
      time: `${TIME}.123456789`,
      host: 'h',
      ident: 'a',
      message: 'm',
    })
    check('<34>1 2026-11-26T11:59:58.1234567899Z h a - - - m', {
      time: `${TIME}.123456789`,
      host: 'h',
      ident: 'a',
      message: 'm',
    })
  })
  test('IPv6 hosts', () => {
    checkIetf('2001:db8::1 a - - - m', { host: '2001:db8::1', ident: 'a', message: 'm' })
  })
  test('structured data', () => {
    const rest = { host: 'h', ident: 'a', message: 'm' }
    const checkData = (data: string, extradata: unknown) =>
      checkIetf(`h a - - ${data} m`, { ...rest, extradata })
    checkData('[a]', { a: {} })
    checkData('[a b="c"][d e="f"]', { a: { b: 'c' }, d: { e: 'f' } })
    checkData('[a.b.c d.e="f"]', { 'a.b.c': { 'd.e': 'f' } })
    checkData('[a b="\\"c\\" \\\\ \\] \\n"]', { a: { b: '"c" \\ ] \\n' } })
    checkData('[a b="c]d"]', { a: { b: 'c]d' } })
    checkData('[a b=""]', { a: { b: '' } })
    checkData('[o ip="1" ip="2" x="3"]', { o: { ip: ['1', '2'], x: '3' } })
    checkData('[a b="c" ]', { a: { b: 'c' } })
  })
  test('no structured data', () => {
    checkIetf('h a - - m', { host: 'h', ident: 'a', message: 'm' })
    checkIetf('h a - - text that follows', { host: 'h', ident: 'a', message: 'text that follows' })
  })
  test('broken structured data is text', () => {
    for (const data of ['[a b="c"', '[a b=c]', '[ ]', '[]', '[a b="c"]x', '[a][a]', '[a b]']) {
      checkIetf(`h a - - ${data} m`, {
        host: 'h',
        ident: 'a',
        message: `${data} m`,
        parse_failed: 'structured_data',
      })
    }
  })
  test('a header that ends early is text', () => {
    for (const rest of [`${TIME}Z`, `${TIME}Z h`, `${TIME}Z h a`, `${TIME}Z h a -`, '- h']) {
      const text = `1 ${rest}`
      check(`<34>${text}`, { time: ARRIVAL, message: text, parse_failed: FAILED })
    }
    checkIetf('h a - -', { host: 'h', ident: 'a', message: '' })
  })
  test('another version, or no time behind it, is not RFC 5424', () => {
    for (const text of [`2 ${TIME}Z h a - - - m`, '1 x h a - - - m']) {
      check(`<34>${text}`, { time: ARRIVAL, message: text })
    }
  })
})

suite('a priority and a text, as Python and firewalls send it', () => {
  const address = '10.0.0.7'
  test('is a message of its sender, from when it came', () => {
    check('<189>date=2026-11-26 devname="FGT"', {
      tag: 'syslog.local7.notice',
      time: ARRIVAL,
      message: 'date=2026-11-26 devname="FGT"',
    })
    check(
      '<14>hello there\0',
      { time: ARRIVAL, host: address, message: 'hello there' },
      { address },
    )
    check('<13>', { time: ARRIVAL, host: address, message: '' }, { address })
  })
  test('and with a tag too; a text alone may be anything', () => {
    const said = { time: ARRIVAL, host: address, message: 'm' }
    check('<14>app[7]: m', { ...said, ident: 'app', pid: '7' }, { address })
    check('m', { ...said, parse_failed: FAILED }, { address })
  })
  test('with a time there is a header, and the host is what that says', () => {
    const said = { time: '2026-11-26T11:59:58', ident: 't', message: 'm' }
    check('<14>Nov 26 11:59:58 t: m', said, { address })
  })
})

suite('what cannot be read is kept', () => {
  const checkRaw = (text: string, message = text) =>
    check(text, { time: ARRIVAL, message, parse_failed: FAILED })
  test('texts of all kinds', () => {
    checkRaw('hello world')
    checkRaw('date=2026-11-26 time=11:59:58 devname="FGT" logid="1"')
    checkRaw('{"json": true}')
    check('<192>text', { time: ARRIVAL, pri: 192, message: 'text', parse_failed: FAILED })
  })
  test('line ends and NULs behind are no part of it', () => {
    checkRaw('text here\r\n', 'text here')
    checkRaw('text here\n\0', 'text here')
    checkRaw('  text\tand\u0001 ', '  text\tand\u0001 ')
  })
  test('bytes that are not UTF-8', () => {
    const text = Buffer.from('<13>Nov 26 11:59:58 h t: caf\xe9 \x83\x5c', 'latin1')
    const { record } = readDatagram(text)
    assert.equal(record['ident'], 't')
    assert.match(String(record['message']), /^caf/)
  })
})
