/** `logboom send` against the server of `@fluent-org/logger`, which acknowledges when asked. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { FluentServer, type FluentServerOptions } from '@fluent-org/logger'
import { keyPem, makeAuthority, makeCertificate } from '../support/certificates.ts'
import { freePort } from '../support/free-port.ts'
import { logboom } from './program.ts'
import { temporaryFolder } from './temporary-folder.ts'

type Entry = [tag: string, record: unknown]

interface Receiver {
  readonly address: string
  readonly entries: Entry[]
}

async function withReceiver(
  options: FluentServerOptions,
  use: (receiver: Receiver) => Promise<void>,
): Promise<void> {
  const server = new FluentServer({ listenOptions: { host: '127.0.0.1', port: 0 }, ...options })
  const entries: Entry[] = []
  server.on('entry', (tag: string, _time: unknown, record: unknown) => entries.push([tag, record]))
  await server.listen()
  try {
    await use({ address: `tcp://127.0.0.1:${server.port}`, entries })
  } finally {
    await server.close()
  }
}

test('arguments become one record, in every mode, acknowledged or not', async () => {
  const fields = ['log=a=b', 'empty=', 'status:=200', 'list:=[1,{"a":null}]']
  const record = { log: 'a=b', empty: '', status: 200, list: [1, { a: null }] }
  for (const mode of ['message', 'forward', 'packed', 'compressed'])
    await withReceiver({}, async ({ address, entries }) => {
      const args = ['send', '-a', address, '--mode', mode, 'app.web', ...fields]
      assert.deepEqual(await logboom(args), { code: 0, stdout: '', stderr: '' })
      assert.deepEqual(entries, [['app.web', record]])
      assert.equal((await logboom([...args, '--no-ack'])).code, 0)
    })
})

test('each line of standard input becomes a record', async () => {
  await withReceiver({}, async ({ address, entries }) => {
    const input = 'one\r\n\nthree ✓\nlast without newline'
    const { code } = await logboom(['send', '-a', address, '--key', 'text', 'app'], { input })
    assert.equal(code, 0)
    const texts = ['one', '', 'three ✓', 'last without newline']
    const expected = texts.map((text) => ['app', { text }])
    assert.deepEqual(entries, expected)
  })
})

test('many lines arrive in order', async () => {
  await withReceiver({}, async ({ address, entries }) => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}`)
    const { code } = await logboom(['send', '-a', address, 'app'], { input: lines.join('\n') })
    assert.equal(code, 0)
    const expected = lines.map((log) => ['app', { log }])
    assert.deepEqual(entries, expected)
  })
})

test('NDJSON is sent as it is; a line that is none ends it with its number', async () => {
  await withReceiver({}, async ({ address, entries }) => {
    const args = ['send', '-a', address, '--json', 'app']
    assert.equal((await logboom(args, { input: '{"a":1}\n\n{"b":{"c":[]}}\n' })).code, 0)
    assert.deepEqual(entries, [
      ['app', { a: 1 }],
      ['app', { b: { c: [] } }],
    ])
    for (const [bad, expected] of [
      ['{"a":', /cannot read line 2: .*; expected a JSON object/],
      ['[1]', /cannot use line 2; expected a JSON object/],
      [
        '{"a":{"id":9007199254740993}}',
        /line 2: cannot send the number 9007199254740993 unchanged; expected it as a text/,
      ],
      ['{"a":1e400}', /cannot use line 2: cannot send the number 1e400 unchanged/],
    ] as const) {
      const { code, stderr } = await logboom(args, { input: `{}\n${bad}\n` })
      assert.equal(code, 1)
      assert.match(stderr, expected)
    }
  })
})

test('shared key, user and password come from files or the environment', async () => {
  await using folder = await temporaryFolder()
  const keyFile = join(folder.path, 'key')
  await writeFile(keyFile, 'the key\n')
  const security = {
    serverHostname: 'server',
    sharedKey: 'the key',
    authorize: true,
    userDict: { me: 'pass' },
  }
  await withReceiver({ security }, async ({ address, entries }) => {
    const send = (env: Record<string, string>, ...args: string[]) =>
      logboom(['send', '-a', address, '--timeout', '5s', 'app', 'a=b', ...args], {
        env: { ...process.env, ...env },
      })
    const password = { LOGBOOM_PASSWORD: 'pass' }
    assert.equal((await send(password, '--shared-key-file', keyFile, '--user', 'me')).code, 0)
    assert.equal(
      (await send({ ...password, LOGBOOM_SHARED_KEY: 'the key' }, '--user', 'me')).code,
      0,
    )
    assert.equal(entries.length, 2)
    const wrong = await send({ LOGBOOM_SHARED_KEY: 'another' }, '--user', 'me')
    assert.equal(wrong.code, 1)
    assert.match(wrong.stderr, /^logboom send: cannot connect to tcp:.*/)
    assert.doesNotMatch(wrong.stderr, /another|the key/)
    const none = await send({})
    assert.equal(none.code, 1)
    assert.match(none.stderr, /authentication|key/)
    assert.equal(entries.length, 2)
  })
})

test('a receiver of our own name is met under another', async () => {
  const security = { serverHostname: hostname(), sharedKey: 'key', authorize: false, userDict: {} }
  await withReceiver({ security }, async ({ address, entries }) => {
    const env = { ...process.env, LOGBOOM_SHARED_KEY: 'key' }
    const send = (...args: string[]) =>
      logboom(['send', '-a', address, 'a', 'b=c', ...args], { env })
    const { code, stderr } = await send()
    assert.equal(code, 1)
    const cause = `the receiver is named "${hostname()}" as well; expected another name of ours`
    const expected = `logboom send: cannot connect to ${address}: ${cause}: --hostname NAME\n`
    assert.equal(stderr, expected)
    assert.equal((await send('--hostname', 'other')).code, 0)
    assert.deepEqual(entries, [['a', { b: 'c' }]])
  })
})

test('TLS, trusting a given certificate only', async () => {
  await using folder = await temporaryFolder()
  const authority = makeAuthority('authority')
  const certificate = makeCertificate(authority, 'server')
  const authorityPath = join(folder.path, 'authority.pem')
  await writeFile(authorityPath, authority.pem)
  const tlsOptions = { cert: certificate.pem, key: keyPem(certificate) }
  await withReceiver({ tlsOptions }, async ({ address, entries }) => {
    const secure = address.replace('tcp:', 'tls:')
    const send = (...args: string[]) => logboom(['send', '-a', secure, 'app', 'a=b', ...args])
    assert.equal((await send('--ca', authorityPath)).code, 0)
    assert.equal((await send('--insecure')).code, 0)
    const untrusted = await send()
    assert.equal(untrusted.code, 1)
    assert.match(untrusted.stderr, /cannot connect to tls:.*unable to verify/)
    assert.deepEqual(entries, [
      ['app', { a: 'b' }],
      ['app', { a: 'b' }],
    ])
  })
})

test('says why it cannot send, without a stack', async () => {
  const port = await freePort()
  const refused = await logboom(['send', '-a', `tcp://127.0.0.1:${port}`, 'app', 'a=b'])
  assert.deepEqual(refused, {
    code: 1,
    stdout: '',
    stderr:
      `logboom send: cannot connect to tcp://127.0.0.1:${port}: ` +
      'connection refused; nothing listens there\n',
  })
  const absent = await logboom(['send', '-a', 'unix:///nowhere/x.sock', 'app', 'a=b'])
  assert.match(absent.stderr, /cannot connect to unix:\/\/\/nowhere\/x.sock: no such file/)
})

test('a receiver that does not acknowledge, or leaves, is a failure', async () => {
  for (const [answer, expected] of [
    [() => undefined, /cannot send to .*; 0 records were sent before/],
    [(end: () => void) => end(), /the peer closed the connection.*; 0 records were sent before/],
  ] as const) {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy())
      socket.once('data', () => answer(() => socket.destroy()))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const address = `tcp://127.0.0.1:${port}`
    const { code, stderr } = await logboom([
      'send',
      '-a',
      address,
      '--timeout',
      '200ms',
      'a',
      'b=c',
    ])
    server.close()
    assert.equal(code, 1)
    assert.match(stderr, expected)
    assert.doesNotMatch(stderr, /^\s+at /m)
  }
})

test('wrong usage is said before anything is connected', async () => {
  const check = async (args: readonly string[], expected: RegExp) => {
    const { code, stderr } = await logboom(['send', ...args])
    assert.equal(code, 2, args.join(' '))
    assert.match(stderr, expected)
  }
  await check([], /the TAG is missing/)
  await check(['a=b'], /the TAG is missing; "a=b" looks like a field/)
  await check(['app', 'field'], /cannot use "field"; expected KEY=VALUE or KEY:=JSON/)
  await check(['app', 'a:=x'], /cannot use "a:=x".*expected JSON after :=/)
  await check(['app', 'a=b', '--json'], /--json reads standard input/)
  await check(['-a', 'udp://127.0.0.1:1', 'app'], /cannot use address "udp:/)
  await check(['--mode', 'pakced', 'app'], /cannot use mode "pakced"; did you mean "packed"\?/)
  await check(['--timeout', '10', 'app'], /cannot use timeout "10"; expected a duration/)
  await check(['--user', 'me', 'app', 'a=b'], /--user needs a shared key/)
})
