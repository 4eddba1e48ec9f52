/** Access and error logs of nginx and Apache. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LineFormat } from '../../../src/codecs/formats/format.ts'
import { createFormat } from '../../../src/pipeline/formats/create.ts'
import { checkGarbage, parseLine } from './setup.ts'

const setting = { now: () => Date.parse('2026-11-21T08:50:00Z') }
const TIME = '1795251000.000000000'

function check(format: LineFormat, line: string, record: object | string, time = TIME): void {
  const shown = parseLine(format, line)
  if (typeof shown === 'string') return assert.equal(shown, record, line)
  assert.deepEqual(shown.record, record, line)
  assert.equal(shown.time, time, line)
}

describe('apache', () => {
  const format = createFormat('apache', setting)

  test('common and combined', () => {
    check(format, '10.0.0.1 - frank [21/Nov/2026:09:50:00 +0100] "GET /a?b=c HTTP/1.1" 200 2326', {
      host: '10.0.0.1',
      user: 'frank',
      method: 'GET',
      path: '/a?b=c',
      protocol: 'HTTP/1.1',
      code: 200,
      size: 2326,
    })
    check(
      format,
      '::1 id - [21/Nov/2026:08:50:00 +0000] "POST /x HTTP/2.0" 304 - "http://x/?\\"y\\"" "curl/8"',
      {
        host: '::1',
        ident: 'id',
        method: 'POST',
        path: '/x',
        protocol: 'HTTP/2.0',
        code: 304,
        referer: 'http://x/?\\"y\\"',
        agent: 'curl/8',
      },
    )
  })

  test('with a virtual host, and with more at the end', () => {
    check(
      format,
      'x.org:443 10.0.0.1 - - [21/Nov/2026:08:50:00 +0000] "GET / HTTP/1.1" 200 1 "-" "x" 0.005',
      {
        vhost: 'x.org:443',
        host: '10.0.0.1',
        method: 'GET',
        path: '/',
        protocol: 'HTTP/1.1',
        code: 200,
        size: 1,
        agent: 'x',
        extra: '0.005',
      },
    )
  })

  test('requests that are none', () => {
    const checkRequest = (request: string, fields: object) => {
      const line = `10.0.0.1 - - [21/Nov/2026:08:50:00 +0000] "${request}" 400 0`
      check(format, line, { host: '10.0.0.1', ...fields, code: 400, size: 0 })
    }
    checkRequest('-', {})
    checkRequest('', {})
    checkRequest('\\x16\\x03\\x01', { request: '\\x16\\x03\\x01' })
    checkRequest('GET', { request: 'GET' })
    checkRequest('GET /', { method: 'GET', path: '/' })
    checkRequest('GET /a b HTTP/1.0', { method: 'GET', path: '/a b', protocol: 'HTTP/1.0' })
  })

  test('a time that is none stays', () => {
    const line = (time: string) => `10.0.0.1 - - [${time}] "-" 400 0`
    check(format, line('soon'), { host: '10.0.0.1', time: 'soon', code: 400, size: 0 }, '')
    check(format, line('2026-11-21T08:50:00Z'), { host: '10.0.0.1', code: 400, size: 0 })
  })

  test('what it refuses', () => {
    check(format, '', 'no_match at 0')
    check(format, 'hello there', 'no_match at 6')
    check(format, '10.0.0.1 - [21/Nov/2026:08:50:00 +0000] "-" 400 0', 'no_match at 11')
    check(format, '10.0.0.1 - - [21/Nov/2026:08:50:00 +0000', 'no_match at 40')
    check(format, '10.0.0.1 - - [21/Nov/2026:08:50:00 +0000] "GET', 'no_match at 42')
    check(format, '10.0.0.1 - - [21/Nov/2026:08:50:00 +0000] "-"', 'no_match at 45')
    check(format, '10.0.0.1 - - [21/Nov/2026:08:50:00 +0000] "-" 400', 'no_match at 45')
    check(format, 'a b c d e [21/Nov/2026:08:50:00 +0000] "-" 400 0', 'no_match at 8')
  })

  test('garbage', () =>
    checkGarbage(format, [
      '::1 id - [21/Nov/2026:08:50:00 +0000] "POST /x HTTP/2.0" 304 - "http://x/" "curl/8" 1',
    ]))
})

test('nginx names the client remote', () => {
  const format = createFormat('nginx', setting)
  check(
    format,
    '10.0.0.1 - - [21/Nov/2026:08:50:00 +0000] "GET / HTTP/1.1" 200 612 "-" "curl/8" "10.0.0.9"',
    {
      remote: '10.0.0.1',
      method: 'GET',
      path: '/',
      protocol: 'HTTP/1.1',
      code: 200,
      size: 612,
      agent: 'curl/8',
      extra: '"10.0.0.9"',
    },
  )
})

describe('nginx_error', () => {
  const format = createFormat({ type: 'nginx_error', zone: 'Europe/Berlin' }, setting)

  test('level, process, connection and message', () => {
    check(format, '2026/11/21 09:50:00 [error] 12#34: *56 open() "/x" failed, client: 10.0.0.1', {
      level: 'error',
      pid: 12,
      tid: 34,
      cid: 56,
      message: 'open() "/x" failed, client: 10.0.0.1',
    })
    check(format, '2026/11/21 09:50:00 [notice] 1#1: signal process started', {
      level: 'notice',
      pid: 1,
      tid: 1,
      message: 'signal process started',
    })
  })

  test('what it refuses', () => {
    check(format, '', 'no_match at 0')
    check(format, 'nginx: [emerg] bind() to 0.0.0.0:80 failed', 'no_match at 0')
    check(format, '2026/11/21 09:50:00 error', 'no_match at 19')
    check(format, '2026/11/21 09:50:00 [error] 12', 'no_match at 19')
  })

  test('garbage', () =>
    checkGarbage(format, ['2026/11/21 09:50:00 [error] 12#34: *56 open() "/x" failed']))
})

describe('apache_error', () => {
  const format = createFormat('apache_error', setting)

  test('2.4 and 2.2', () => {
    check(
      format,
      '[Sat Nov 21 08:50:00.123456 2026] [core:error] [pid 12:tid 34] [client 10.0.0.1:56] AH1: no',
      {
        module: 'core',
        level: 'error',
        pid: 12,
        tid: 34,
        client: '10.0.0.1:56',
        message: 'AH1: no',
      },
      '1795251000.123456000',
    )
    check(format, '[Sat Nov 21 08:50:00 2026] [notice] [x] [pid 5] done', {
      level: 'notice',
      message: '[x] [pid 5] done',
    })
    check(format, '[Sat Nov 21 08:50:00 2026] [:error] [pid 5]', {
      level: 'error',
      pid: 5,
      message: '',
    })
  })

  test('what it refuses', () => {
    check(format, '', 'no_match at 0')
    check(format, 'AH00558: httpd: Could not determine', 'no_match at 0')
    check(format, '[soon] [error] x', 'no_match at 0')
    check(format, '[Sat Nov 21 08:50:00 2026] x', 'no_match at 27')
  })

  test('garbage', () =>
    checkGarbage(format, [
      '[Sat Nov 21 08:50:00.123456 2026] [core:error] [pid 12:tid 34] [client 10.0.0.1:56] x',
    ]))
})
