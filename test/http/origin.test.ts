/** Which POSTs are taken for a web page's. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { foreignCause } from '../../src/http/origin.ts'

const LISTEN = 'tcp://logs.internal:24220'

function hostIsFine(host: string | undefined, listen = LISTEN): boolean {
  return foreignCause(host === undefined ? {} : { host }, listen) === null
}

test('a host that nobody can have lead elsewhere is fine, and our own name', () => {
  for (const host of ['127.0.0.1:24220', '10.1.2.3', '[::1]:24220', '[::1]', 'localhost:24220'])
    assert.ok(hostIsFine(host), host)
  for (const host of ['LocalHost', 'localhost.', 'a.localhost:1', 'logs.internal:24220'])
    assert.ok(hostIsFine(host), host)
})

test('any other name is not, nor none', () => {
  for (const host of ['evil.example:24220', 'localhost.evil.example', '127.0.0.1.evil.example', ''])
    assert.ok(!hostIsFine(host), host)
  assert.ok(!hostIsFine(undefined))
  assert.ok(!hostIsFine('logs.internal', 'tcp://0.0.0.0:24220'))
  const cause = foreignCause({ host: 'evil.example:1' }, LISTEN)
  assert.match(cause ?? '', /its Host is "evil\.example"; expected an IP address/)
})

test('on a unix socket there are no pages, but what browsers add is refused there too', () => {
  assert.ok(hostIsFine('anything', 'unix:///run/x.sock'))
  const headers = { host: '127.0.0.1', origin: 'null' }
  assert.match(foreignCause(headers, 'unix:///run/x.sock') ?? '', /a web page asks/)
  assert.match(foreignCause({ host: '::1', 'sec-fetch-site': 'none' }, LISTEN) ?? '', /a web page/)
})
