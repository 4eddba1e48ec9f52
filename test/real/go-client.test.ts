/** fluent-logger-golang, the library inside Docker's log driver, against the running collector. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { keyPem, makeAuthority, makeCertificate } from '../support/certificates.ts'
import { run, runWell } from '../support/child.ts'
import { CollectorProcess, simpleConfig, type Places } from '../support/collector-process.ts'
import { freePort } from '../support/free-port.ts'
import type { Line } from '../support/output-files.ts'
import { requireTool } from '../support/tool.ts'

const SOURCE = fileURLToPath(new URL('go-client/', import.meta.url))
const SOCKET = 'forward.sock'

/** Flags of the Go program, see go-client/main.go. */
type Flags = Readonly<Record<string, string | number | boolean>>

test('fluent-logger-golang', async (t) => {
  const go = requireTool(t, 'go')
  if (!go) return
  const folder = await mkdtemp(join(tmpdir(), 'logboom-go-client-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const program = join(folder, 'go-client')
  await runWell(go, ['build', '-o', program, '.'], { cwd: SOURCE })
  const certificatePath = join(folder, 'certificate.pem')
  const keyPath = join(folder, 'key.pem')
  const certificate = makeCertificate(makeAuthority('authority'), 'localhost')
  await writeFile(certificatePath, certificate.pem)
  await writeFile(keyPath, keyPem(certificate))

  const tlsPort = await freePort()
  const config = (places: Places) => {
    const plain = `listen: tcp://127.0.0.1:${places.forward} }`
    const sockets = `listen: ["tcp://127.0.0.1:${places.forward}", "unix://${places.folder}/${SOCKET}"] }`
    const tls = `tls: { certificate: "${certificatePath}", key: "${keyPath}" }`
    const secure = `secure: { type: forward, listen: tls://127.0.0.1:${tlsPort}, ${tls} }`
    return simpleConfig(places).replace(plain, `${sockets}\n  ${secure}`)
  }
  await using collector = await CollectorProcess.start({ config })

  /** Posts `flags.count` lines and checks that each is in the tag's file, once and in order. */
  async function check(tag: string, flags: Flags & { count: number }): Promise<Line[]> {
    await post(program, { port: collector.places.forward, tag, ...flags })
    const lines = await collector.linesOf(tag, flags.count)
    assert.deepEqual(
      lines.map((line) => line['number']),
      [...Array(flags.count).keys()],
    )
    return lines
  }

  await t.test('synchronous', async () => {
    const [first] = await check('sync', { count: 1000 })
    assert.equal(first?.time, '2026-11-21T08:50:00.000000000Z')
    assert.deepEqual(first?.['nested'], { pi: 3.25, yes: true, text: 'ü' })
  })

  await t.test('asynchronous', async () => {
    await check('async', { async: true, count: 5000 })
  })

  await t.test('acknowledged', async () => {
    await check('acknowledged', { 'request-ack': true, count: 2000 })
  })

  await t.test('asynchronous and acknowledged', async () => {
    await check('both', { async: true, 'request-ack': true, count: 2000 })
  })

  await t.test('sub-second times', async () => {
    const [first] = await check('precise', { 'sub-second': true, count: 10 })
    assert.equal(first?.time, '2026-11-21T08:50:00.123456789Z')
  })

  await t.test('JSON', async () => {
    const [first] = await check('json', { json: true, count: 100 })
    assert.deepEqual(first?.['nested'], { pi: 3.25, yes: true, text: 'ü' })
  })

  await t.test('JSON, acknowledged', async () => {
    await check('json_acknowledged', { json: true, 'request-ack': true, count: 100 })
  })

  await t.test('records of 4 MB', async () => {
    const size = 4_000_000
    const lines = await check('large', { 'request-ack': true, count: 5, size })
    assert.ok(lines.every((line) => String(line['padding']).length === size))
  })

  await t.test('TLS', async () => {
    const flags = { network: 'tls', insecure: true, port: tlsPort }
    await check('tls', { ...flags, 'request-ack': true, count: 500 })
    await check('tls_plain', { ...flags, count: 500 })
  })

  await t.test('a unix socket', async () => {
    const path = join(collector.folder, SOCKET)
    await check('unix', { network: 'unix', path, 'request-ack': true, count: 500 })
  })

  await t.test('connects again after a restart', async () => {
    const flags = { 'request-ack': true, count: 1000, pause: '1ms' }
    const sending = check('restart', flags)
    await collector.linesOf('restart', 100)
    await collector.stop()
    await collector.start()
    await sending
  })

  await collector.stop()
})

async function post(program: string, flags: Flags): Promise<void> {
  const args = Object.entries(flags).map(([name, value]) => `-${name}=${value}`)
  const { code, stderr } = await run(program, args)
  assert.equal(code, 0, stderr)
}
