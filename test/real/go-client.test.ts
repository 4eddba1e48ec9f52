/** fluent-logger-golang, the library inside Docker's log driver, against the running collector. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { keyPem, makeAuthority, makeCertificate } from '../support/certificates.ts'
import { run, runWell } from '../support/child.ts'
import { CollectorProcess, simpleConfig, type Places } from '../support/collector-process.ts'
import { freePort } from '../support/free-port.ts'
import type { Line } from '../support/output-files.ts'
import { requireTool } from '../support/tool.ts'

const SOURCE = fileURLToPath(new URL('go-client/', import.meta.url))
const SOCKET = 'forward.sock'
const CERTIFICATE = 'certificate.pem'
const KEY = 'key.pem'

/** Flags of the Go program, see go-client/main.go. */
type Flags = Readonly<Record<string, string | number | boolean>>

/** The built program and one collector for all tests of this file. */
class GoClient implements AsyncDisposable {
  readonly collector: CollectorProcess
  readonly tlsPort: number
  readonly #program: string

  static async start(go: string): Promise<GoClient> {
    const tlsPort = await freePort()
    const config = (places: Places) => configWithTls(places, tlsPort)
    await using started = new AsyncDisposableStack()
    const collector = started.use(await CollectorProcess.prepare({ config }))
    const client = new GoClient(collector, tlsPort)
    await runWell(go, ['build', '-o', client.#program, '.'], { cwd: SOURCE })
    const certificate = makeCertificate(makeAuthority('authority'), 'server')
    await writeFile(join(collector.folder, CERTIFICATE), certificate.pem)
    await writeFile(join(collector.folder, KEY), keyPem(certificate))
    await collector.start()
    started.move()
    return client
  }

  private constructor(collector: CollectorProcess, tlsPort: number) {
    this.collector = collector
    this.tlsPort = tlsPort
    this.#program = join(collector.folder, 'go-client')
  }

  /** Posts `flags.count` lines and checks that each is in the tag's file, once and in order. */
  async check(tag: string, flags: Flags & { count: number }): Promise<Line[]> {
    await post(this.#program, { port: this.collector.places.forward, tag, ...flags })
    const lines = await this.collector.linesOf(tag, flags.count)
    assert.deepEqual(
      lines.map((line) => line['number']),
      [...Array(flags.count).keys()],
    )
    return lines
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.collector[Symbol.asyncDispose]()
  }
}

function configWithTls(places: Places, tlsPort: number): string {
  const tcp = `tcp://127.0.0.1:${places.forward}`
  const sockets = `["${tcp}", "unix://${join(places.folder, SOCKET)}"]`
  const secure = `  secure:
    type: forward
    listen: tls://127.0.0.1:${tlsPort}
    tls: { certificate: ${join(places.folder, CERTIFICATE)}, key: ${join(places.folder, KEY)} }
`
  return simpleConfig(places).replace(tcp, sockets).replace('outputs:', `${secure}outputs:`)
}

let started: Promise<GoClient> | undefined

/** A test with the program that all share; without Go it is skipped, in CI it fails. */
function goTest(name: string, check: (client: GoClient) => Promise<void>): void {
  test(name, async (t) => {
    const go = requireTool(t, 'go')
    if (!go) return
    started ??= GoClient.start(go)
    await check(await started)
  })
}

after(async () => {
  if (!started) return
  await using client = await started
  await client.collector.stop()
})

goTest('synchronous', async (client) => {
  const [first] = await client.check('sync', { count: 1000 })
  assert.equal(first?.time, '2026-11-21T08:50:00.000000000Z')
  assert.deepEqual(first?.['nested'], { pi: 3.25, yes: true, text: 'ü' })
})

goTest('asynchronous', async (client) => {
  await client.check('async', { async: true, count: 5000 })
})

goTest('acknowledged', async (client) => {
  await client.check('acknowledged', { 'request-ack': true, count: 2000 })
})

goTest('asynchronous and acknowledged', async (client) => {
  await client.check('both', { async: true, 'request-ack': true, count: 2000 })
})

goTest('sub-second times', async (client) => {
  const [first] = await client.check('precise', { 'sub-second': true, count: 10 })
  assert.equal(first?.time, '2026-11-21T08:50:00.123456789Z')
})

goTest('JSON', async (client) => {
  const [first] = await client.check('json', { json: true, count: 100 })
  assert.deepEqual(first?.['nested'], { pi: 3.25, yes: true, text: 'ü' })
})

goTest('JSON, acknowledged', async (client) => {
  await client.check('json_acknowledged', { json: true, 'request-ack': true, count: 100 })
})

goTest('records of 4 MB', async (client) => {
  const size = 4_000_000
  const lines = await client.check('large', { 'request-ack': true, count: 5, size })
  assert.ok(lines.every((line) => String(line['padding']).length === size))
})

goTest('TLS', async (client) => {
  const flags = { network: 'tls', insecure: true, port: client.tlsPort }
  await client.check('tls', { ...flags, 'request-ack': true, count: 500 })
  await client.check('tls_plain', { ...flags, count: 500 })
})

goTest('a unix socket', async (client) => {
  const path = join(client.collector.folder, SOCKET)
  await client.check('unix', { network: 'unix', path, 'request-ack': true, count: 500 })
})

goTest('connects again after a restart', async (client) => {
  const flags = { 'request-ack': true, count: 1000, pause: '1ms' }
  const sending = client.check('restart', flags)
  await client.collector.linesOf('restart', 100)
  await client.collector.stop()
  await client.collector.start()
  await sending
})

async function post(program: string, flags: Flags): Promise<void> {
  const args = Object.entries(flags).map(([name, value]) => `-${name}=${value}`)
  const { code, stderr } = await run(program, args)
  assert.equal(code, 0, stderr)
}
