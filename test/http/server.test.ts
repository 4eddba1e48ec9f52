import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { startHttp } from '../../src/http/server.ts'
import type { CollectorView, ReloadResult } from '../../src/http/view.ts'
import { KeptLog } from '../drivers/context.ts'
import { leaveStaleSocket } from '../support/stale-socket.ts'
import { exampleView, HOSTILE } from './example-view.ts'

async function serve(t: TestContext, changes: Partial<CollectorView> = {}) {
  const logger = new KeptLog()
  const listen = 'tcp://127.0.0.1:0'
  const server = await startHttp({ listen, view: exampleView(changes), logger })
  t.after(() => server.close())
  return {
    logger,
    address: server.address,
    close: () => server.close(),
    get: (path: string, init?: RequestInit) => fetch(`${server.address}${path}`, init),
    post: (path: string, headers: Readonly<Record<string, string>> = {}) =>
      fetch(`${server.address}${path}`, { method: 'POST', headers }),
  }
}

test('answers that the process is alive', async (t) => {
  const { get } = await serve(t)
  const response = await get('/healthz')
  assert.equal(response.status, 200)
  assert.deepEqual(await response.json(), { status: 'ok', version: '1.2.3' })
  assert.equal(response.headers.get('cache-control'), 'no-store')
})

test('answers whether it takes events, and why not', async (t) => {
  let readiness = { ready: true, reasons: [] as string[] }
  const { get } = await serve(t, { readiness: () => readiness })
  assert.equal((await get('/readyz')).status, 200)
  readiness = { ready: false, reasons: ['output files: disk full'] }
  const response = await get('/readyz')
  assert.equal(response.status, 503)
  assert.deepEqual(await response.json(), readiness)
})

test('serves the ledger as it is', async (t) => {
  const { get } = await serve(t)
  const ledger = await (await get('/api/ledger')).json()
  const view = exampleView()
  assert.deepEqual(ledger, { ...view.ledger(), all_runs: view.ledgerOfAllRuns() })
})

test('serves metrics as Prometheus text', async (t) => {
  const { get } = await serve(t)
  const response = await get('/metrics')
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  const text = await response.text()
  for (const line of [
    '# TYPE logboom_input_errors_total counter',
    'logboom_input_errors_total{name="docker",reason="bad \\"bytes\\"\\n"} 1',
    'logboom_input_connections{name="docker"} 2',
    'logboom_input_events_received_total{input="docker"} 10',
    'logboom_filter_events_filtered_total{filter="join"} 2',
    'logboom_output_events_delivered_total{output="files"} 4',
    'logboom_output_events_in_flight{output="files"} 2',
    'logboom_events_delivered_total 4',
    '# TYPE logboom_events_in_flight gauge',
    'logboom_drop_reasons_total{place="docker",reason="invalid_time"} 1',
    'logboom_drop_reasons_total{place="pipeline",reason="no_route"} 2',
    'logboom_ready 1',
  ]) {
    assert.ok(text.includes(`${line}\n`), `no line ${line}`)
  }
  assert.match(text, /^nodejs_eventloop_lag_p99_seconds /m)
  assert.match(text, /^process_resident_memory_bytes /m)
})

test('says what exists when a page does not', async (t) => {
  const { get } = await serve(t)
  const response = await get('/api/nothing')
  assert.equal(response.status, 404)
  const body = (await response.json()) as { routes: string[] }
  assert.ok(body.routes.includes('/api/ledger'))
  // Answered elsewhere: POST, and a stream that does not end.
  const noGet = ['/api/reload', '/api/dead-letters', '/api/tap']
  const routes = body.routes.filter((route) => !noGet.some((start) => route.startsWith(start)))
  for (const route of routes) assert.equal((await get(route)).status, 200, route)
})

describe('POST /api/reload', () => {
  const nothing = { started: [], stopped: [], kept: [], settings: [] } as const
  const reloaded = { outcome: 'reloaded', ...nothing } as const

  test('answers with what became of it', async (t) => {
    const results: ReloadResult[] = [
      reloaded,
      { outcome: 'invalid', diagnostics: 'a.yaml:1:1: error' },
      { outcome: 'failed', reason: 'cannot listen' },
    ]
    for (const [index, status] of [200, 422, 500].entries()) {
      const { post } = await serve(t, { reload: () => Promise.resolve(results[index]!) })
      const response = await post('/api/reload')
      assert.equal(response.status, status)
      assert.deepEqual(await response.json(), results[index])
    }
  })

  test('is refused to web pages, whichever they are, and to GET', async (t) => {
    let count = 0
    const reload = () => Promise.resolve((count++, reloaded))
    const { get, post, address } = await serve(t, { reload })
    const origin = 'http://127.0.0.1:24220'
    for (const headers of [{ origin }, { origin: 'null' }, { 'sec-fetch-site': 'same-origin' }])
      assert.equal((await post('/api/reload', headers)).status, 403)
    const rebound = 'POST /api/reload HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n'
    assert.match(await raw(new URL(address), rebound), /^HTTP\/1\.1 403 [^]*evil\.example/)
    assert.equal((await get('/api/reload')).status, 405)
    assert.equal((await post('/api/ledger')).status, 405)
    assert.equal(count, 0)
  })

  test('says so when there is nothing to read again', async (t) => {
    const { post } = await serve(t)
    assert.equal((await post('/api/reload')).status, 409)
  })
})

test('the page shows names and reasons as text, never as markup', async (t) => {
  const { get } = await serve(t)
  const page = await (await get('/')).text()
  assert.ok(!page.includes('<script>'))
  assert.ok(page.includes('&lt;script&gt;'))
  assert.ok(page.includes('tcp://127.0.0.1:24224'))
})

test('answers HEAD without a body', async (t) => {
  const { get } = await serve(t)
  const response = await get('/healthz', { method: 'HEAD' })
  assert.equal(response.status, 200)
  assert.equal(await response.text(), '')
})

test('changes nothing and reads no body', async (t) => {
  const { get, address } = await serve(t)
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const body = method === 'OPTIONS' ? null : 'x'.repeat(100_000)
    const response = await get('/healthz', { method, body })
    assert.equal(response.status, 405, method)
    assert.equal(response.headers.get('connection'), 'close')
  }
  const url = new URL(address)
  const withBody = 'GET /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 999999999\r\n\r\n'
  assert.match(await raw(url, withBody), /^HTTP\/1\.1 413 /)
})

test('ends requests that are no HTTP or have huge headers', async (t) => {
  const { get, address } = await serve(t)
  const url = new URL(address)
  assert.match(await raw(url, '\0\x01\x02garbage\r\n\r\n'), /^HTTP\/1\.1 400 /)
  const huge = `GET / HTTP/1.1\r\nhost: x\r\nx-long: ${'y'.repeat(64_000)}\r\n\r\n`
  assert.match(await raw(url, huge), /^HTTP\/1\.1 431 /)
  assert.equal((await get('/healthz')).status, 200)
})

test('ends clients that start a request and go silent, or never start one', async (t) => {
  const options = { listen: 'tcp://127.0.0.1:0', view: exampleView(), logger: new KeptLog() }
  const server = await startHttp({ ...options, idleMs: 100 })
  t.after(() => server.close())
  const url = new URL(server.address)
  await Promise.all([raw(url, 'GET /healthz HTTP/1.1\r\nhos'), raw(url, '')])
})

test('close does not wait for a client that sends half a request', async (t) => {
  const { address, close } = await serve(t)
  const url = new URL(address)
  const socket = connect(Number(url.port), url.hostname)
  const ended = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => socket.destroy())
  await new Promise((resolve) => socket.write('GET /healthz HTTP/1.1\r\nhos', resolve))
  await close()
  await close()
  await ended
})

test('a failure inside a route is logged and answered without its text', async (t) => {
  const { get, logger } = await serve(t, {
    ledger: () => {
      throw new Error('the secret is in here')
    },
  })
  const response = await get('/api/ledger')
  assert.equal(response.status, 500)
  assert.ok(!(await response.text()).includes('secret'))
  assert.deepEqual(logger.messages('error'), ['cannot answer an HTTP request'])
})

test('says why it cannot listen', async (t) => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  t.after(() => taken.close())
  const { port } = taken.address() as { port: number }
  const start = (listen: string) =>
    startHttp({ listen, view: exampleView(), logger: new KeptLog() })
  await assert.rejects(start(`tcp://127.0.0.1:${port}`), /cannot listen on tcp:.*EADDRINUSE/)
  await assert.rejects(start('udp://127.0.0.1:0'), /expected tcp:\/\/HOST:PORT or unix:/)
})

test('listens on a unix socket and replaces a dead one', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'logboom-http-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'http.sock')
  const options = { listen: `unix://${path}`, view: exampleView(), logger: new KeptLog() }
  const first = await startHttp(options)
  t.after(() => first.close())
  assert.equal(first.address, `unix://${path}`)
  assert.equal(await statusOverSocket(path), 200)
  await assert.rejects(startHttp(options), /EADDRINUSE/)
  assert.equal(await statusOverSocket(path), 200)
  await first.close()
  await leaveStaleSocket(path)
  const second = await startHttp(options)
  t.after(() => second.close())
  assert.equal(await statusOverSocket(path), 200)
})

test('leaves a file alone that is no socket', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'logboom-http-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'notes.txt')
  await writeFile(path, 'precious')
  const options = { listen: `unix://${path}`, view: exampleView(), logger: new KeptLog() }
  await assert.rejects(startHttp(options), /cannot listen on unix:.*EADDRINUSE/)
  assert.equal(await readFile(path, 'utf8'), 'precious')
})

test('answers like monitor_agent', async (t) => {
  const { get } = await serve(t)
  const all = (await (await get('/api/plugins.json')).json()) as { plugins: object[] }
  assert.equal(all.plugins.length, 4)
  const found = await (await get('/api/plugins.json?@id=files&with_config=false')).json()
  assert.deepEqual(found, {
    plugins: [
      {
        plugin_id: 'files',
        plugin_category: 'output',
        type: 'file',
        output_plugin: true,
        retry_count: 3,
        emit_records: 7,
        write_records: 4,
        retry: {},
      },
    ],
  })
  assert.equal((await get('/api/plugins.json?tag=docker.web')).status, 400)
  const config = (await (await get('/api/config.json')).json()) as Record<string, unknown>
  assert.equal(config['pid'], process.pid)
  assert.equal(config['config_path'], '/etc/logboom.yaml')
})

test('a name cannot break out of its LTSV line', async (t) => {
  const { get } = await serve(t)
  const text = await (await get('/api/plugins')).text()
  assert.equal(text.split('\n').length, 4 + 1)
  assert.ok(text.includes(`plugin_id:${HOSTILE.trim()}`))
})

function raw(url: URL, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(Number(url.port), url.hostname, () => socket.write(bytes))
    socket.on('data', (data) => (answer += data.toString()))
    socket.on('error', () => resolve(answer))
    socket.on('close', () => resolve(answer))
  })
}

function statusOverSocket(socketPath: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path: '/healthz', agent: false }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode))
    })
    sent.on('error', reject)
    sent.end()
  })
}
