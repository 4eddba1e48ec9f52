/** A collector that goes over to another configuration while events come in. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { ReloadResult } from '../../src/http/view.ts'
import { CollectorProcess, type Places } from '../support/collector-process.ts'
import { dockerPart } from '../support/docker-parts.ts'
import { ForwardClient, message } from '../support/forward-client.ts'
import { freePort } from '../support/free-port.ts'
import { ReliableSender } from '../support/reliable-sender.ts'
import { Visitor } from '../support/visitor.ts'
import { until } from '../support/wait.ts'

const ROUNDS = Number(process.env['LOGBOOM_RELOADS'] ?? 20)
const TIMEOUT = '1m'

interface Variant {
  readonly input?: string
  readonly inputs?: string
  readonly files?: string
  readonly outputs?: string
  readonly join?: string
  readonly routes?: string
}

/** Forward in, parts joined, a file per tag; with what differs from one reload to the next. */
function variant(places: Places, differs: Variant = {}): string {
  return `
data_dir: ./data
http: { listen: "tcp://127.0.0.1:${places.http}" }
inputs:
  docker: { type: forward, listen: "tcp://127.0.0.1:${places.forward}"${differs.input ?? ''} }
${differs.inputs ?? ''}
outputs:
  files: { type: file, path: "./logs/\${tag}.log"${differs.files ?? ''} }
${differs.outputs ?? ''}
pipeline:
${differs.routes ?? ''}
  - filter: "**"
    type: join_parts
    timeout: ${differs.join ?? TIMEOUT}
  - match: "**"
    to: files
`
}

async function startVariant(differs?: Variant): Promise<CollectorProcess> {
  return CollectorProcess.start({ config: (places) => variant(places, differs) })
}

async function write(collector: CollectorProcess, text: string): Promise<void> {
  await writeFile(join(collector.folder, 'config.yaml'), text)
}

async function reload(collector: CollectorProcess): Promise<ReloadResult & { status: number }> {
  const url = `http://127.0.0.1:${collector.places.http}/api/reload`
  const response = await fetch(url, { method: 'POST' })
  return { status: response.status, ...((await response.json()) as ReloadResult) }
}

async function reloadTo(collector: CollectorProcess, differs: Variant) {
  await write(collector, variant(collector.places, differs))
  return reload(collector)
}

function openFiles(collector: CollectorProcess): number {
  return readdirSync(`/proc/${collector.process.child.pid}/fd`).length
}

async function linesOf(collector: CollectorProcess, tag: string): Promise<string[]> {
  const lines = await collector.lines()
  return lines.filter((line) => line.tag === tag).map((line) => String(line['log']))
}

const numbers = (count: number) => Array.from({ length: count }, (_, number) => `${number}`)

test('reloads under load lose nothing, repeat nothing, and leave nothing open', async () => {
  await using collector = await startVariant()
  const address = { port: collector.places.forward }
  const single = new ReliableSender({ address, tag: 'single', window: 1 })
  const many = new ReliableSender({ address, tag: 'many', window: 100 })
  const variants: Variant[] = [
    {},
    { files: ', rotate: { size: 64KiB }, keep: { files: 1000 }' },
    { routes: '  - match: nobody\n    to: files', join: '2m' },
    { outputs: '  more: { type: "null" }', routes: '  - match: nobody\n    to: [files, more]' },
  ]
  const before = openFiles(collector)
  const lines = ROUNDS * 400
  const running = Promise.all([single.run(lines / 10), many.run(lines)])
  for (let round = 1; round <= ROUNDS; round++) {
    const enough = Math.floor((lines / (ROUNDS + 1)) * round)
    await until('the senders get on', () => many.acknowledged >= enough)
    const result = await reloadTo(collector, variants[round % variants.length]!)
    assert.equal(result.outcome, 'reloaded', JSON.stringify(result))
  }
  await running
  const metrics = await (await collector.get('/metrics')).text()
  assert.match(metrics, /logboom_input_connections_accepted_total\{[^}]*\} 2\n/)
  await until('the senders are gone', () => openFiles(collector) <= before + 2)
  const { retried, dropped } = await collector.stop()
  assert.deepEqual({ retried, dropped }, { retried: 0, dropped: 0 })
  assert.deepEqual(await linesOf(collector, 'single'), numbers(lines / 10))
  const found = (await linesOf(collector, 'many')).toSorted((a, b) => Number(a) - Number(b))
  assert.deepEqual(found, numbers(lines))
})

describe('a line of which a part is held', () => {
  const [first, last] = ['begin ', 'end'].map((log, index) =>
    dockerPart(log, { id: 'p', ordinal: index + 1, isLast: index === 1 }),
  )
  const send = (client: ForwardClient, record: object, chunk: string) =>
    client.request(message('app', 1, { ...record }, { chunk }), chunk)

  test('is joined behind a reload that leaves its filter alone', async () => {
    await using collector = await startVariant()
    await using client = await ForwardClient.connect({ port: collector.places.forward })
    await send(client, first!, '1')
    const result = await reloadTo(collector, { files: ', rotate: { size: 1MiB }' })
    assert.deepEqual(result, {
      status: 200,
      outcome: 'reloaded',
      started: ['output files'],
      stopped: ['output files'],
      kept: ['input docker', 'filter join_parts'],
      settings: [],
    })
    await send(client, last!, '2')
    await collector.stop()
    assert.deepEqual(await linesOf(collector, 'app'), ['begin end'])
  })

  test('is passed on as it is when its filter changes', async () => {
    await using collector = await startVariant()
    await using client = await ForwardClient.connect({ port: collector.places.forward })
    await send(client, first!, '1')
    const result = await reloadTo(collector, { join: '2m' })
    assert.ok(result.outcome === 'reloaded')
    assert.deepEqual(result.started, ['filter join_parts'])
    const lines = await collector.linesOf('app', 1)
    assert.equal(lines[0]!['log'], 'begin ')
    await collector.stop()
  })
})

describe('what is wrong leaves the former configuration at work:', () => {
  async function stillWorks(collector: CollectorProcess): Promise<void> {
    const sender = new ReliableSender({
      address: { port: collector.places.forward },
      tag: 'after',
      window: 1,
    })
    await sender.run(3)
    assert.equal((await collector.get('/readyz')).status, 200)
    await collector.stop()
    assert.deepEqual(await linesOf(collector, 'after'), numbers(3))
  }

  test('a file that is no configuration', async () => {
    await using collector = await startVariant()
    const result = await reloadTo(collector, { files: ', rotat: { size: 1MiB }' })
    assert.equal(result.status, 422)
    assert.ok(result.outcome === 'invalid')
    assert.match(result.diagnostics, /config\.yaml:\d+:\d+[^]*rotat[^]*\^/)
    await stillWorks(collector)
  })

  test('an address that another program has', async () => {
    await using collector = await startVariant()
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as { port: number }
    const taken = `  taken: { type: forward, listen: "tcp://127.0.0.1:${port}" }`
    const changed = { inputs: taken, files: ', rotate: { size: 1MiB }', join: '2m' }
    await using client = await ForwardClient.connect({ port: collector.places.forward })
    const result = await reloadTo(collector, { ...changed, input: ', add_tag_prefix: new' })
    other.close()
    assert.ok(!client.closed, 'nothing was stopped')
    await client.request(message('app', 1, { log: 'x' }, { chunk: 'c' }), 'c')
    assert.equal(result.status, 500)
    assert.ok(result.outcome === 'failed')
    assert.match(result.reason, /already in use/)
    await stillWorks(collector)
  })

  test('an output that cannot be opened', async () => {
    await using collector = await startVariant()
    await writeFile(join(collector.folder, 'plain'), '')
    const result = await reloadTo(collector, {
      files: ', rotate: { size: 1MiB }',
      outputs: '  broken: { type: file, path: "./plain/x.log" }',
      routes: '  - match: broken\n    to: broken',
    })
    if (result.outcome === 'reloaded') assert.equal((await collector.get('/readyz')).status, 200)
    else assert.equal(result.outcome, 'failed')
    await stillWorks(collector)
  })
})

test('an input that changes drains its connections; its senders come back', async () => {
  await using collector = await startVariant()
  const address = { port: collector.places.forward }
  const sender = new ReliableSender({ address, tag: 'app', window: 20 })
  const running = sender.run(20_000)
  await until('it gets on', () => sender.acknowledged > 300)
  const result = await reloadTo(collector, { input: ', add_tag_prefix: new' })
  assert.ok(result.outcome === 'reloaded', JSON.stringify(result))
  assert.deepEqual(result.stopped, ['input docker'])
  await running
  await collector.stop()
  const before = await linesOf(collector, 'app')
  const after = await linesOf(collector, 'new.app')
  assert.ok(before.length > 300 && after.length > 0)
  assert.deepEqual(
    [...new Set([...before, ...after])].toSorted((a, b) => +a - +b),
    numbers(20_000),
  )
})

test('nobody is refused while inputs change, on TCP and on a unix socket', async () => {
  const input = (path: string, prefix: string) =>
    `  local: { type: forward, listen: "unix://${path}", add_tag_prefix: ${prefix} }`
  await using collector = await CollectorProcess.start({
    config: (places) => variant(places, { inputs: input(join(places.folder, 's'), 'first') }),
  })
  const path = join(collector.folder, 's')
  const visitors = [{ port: collector.places.forward }, { path }].map((to) => new Visitor(to))
  for (let round = 1; round <= ROUNDS; round++) {
    const before = visitors.map(({ visits }) => visits)
    const prefix = `r${round}`
    const changed = { input: `, add_tag_prefix: ${prefix}`, inputs: input(path, prefix) }
    const result = await reloadTo(collector, changed)
    assert.ok(result.outcome === 'reloaded', JSON.stringify(result))
    assert.deepEqual(result.started, ['input docker', 'input local'])
    const getOn = () => visitors.every(({ visits }, index) => visits > before[index]!)
    await until('the visitors get on', getOn)
  }
  assert.deepEqual(await Promise.all(visitors.map((visitor) => visitor.leave())), [[], []])
  await collector.stop()
})

test('SIGHUP does the same, and those that come meanwhile are one more', async () => {
  await using collector = await startVariant()
  await write(collector, variant(collector.places, { outputs: '  more: { type: "null" }' }))
  for (let count = 0; count < 5; count++) collector.process.signal('SIGHUP')
  const reloaded = () => collector.process.output.match(/"msg":"reloaded"/g)?.length ?? 0
  await until('it has reloaded', () => reloaded() > 0)
  assert.match(collector.process.output, /"started":\["output more"\]/)
  const { status } = await reload(collector)
  assert.equal(status, 200)
  assert.ok(reloaded() <= 3, `${reloaded()} reloads`)
  await collector.stop()
})

test('another data_dir is refused, and said as a fault of the file', async () => {
  await using collector = await startVariant()
  const text = variant(collector.places).replace('./data', './other')
  await write(collector, text)
  const result = await reload(collector)
  assert.equal(result.status, 422)
  assert.ok(result.outcome === 'invalid')
  assert.equal(
    result.diagnostics,
    'error: data_dir: cannot change to "./other" while the collector runs; ' +
      'expected "./data", or a restart\n',
  )
  await write(collector, text.replace('./other', 'data/'))
  assert.equal((await reload(collector)).status, 200)
  await collector.stop()
})

test('log and http are taken over; who asked is answered at the former address', async () => {
  await using collector = await startVariant()
  const { http } = collector.places
  const next = await freePort()
  const text = (port: number) => variant(collector.places).replace(`:${http}"`, `:${port}"`)
  await write(collector, `${text(next)}\nlog: { level: error }\n`)
  const result = await reload(collector)
  assert.ok(result.outcome === 'reloaded', JSON.stringify(result))
  assert.deepEqual(result.settings, ['http', 'log'])
  await assert.rejects(collector.get('/healthz'), 'the former address is closed')
  assert.equal((await fetch(`http://127.0.0.1:${next}/readyz`)).status, 200)
  const before = collector.process.output
  // The same port on all interfaces, which cannot be had before the former is given up.
  const all = text(next).replace(`127.0.0.1:${next}`, `0.0.0.0:${next}`)
  await write(collector, `${all}\nlog: { level: error }\n`)
  const url = `http://127.0.0.1:${next}/api/reload`
  assert.equal((await fetch(url, { method: 'POST' })).status, 200)
  assert.equal((await fetch(`http://127.0.0.2:${next}/readyz`)).status, 200)
  assert.equal(collector.process.output, before, 'only errors are logged now')
  await write(collector, text(http))
  assert.equal((await fetch(url, { method: 'POST' })).status, 200)
  await collector.stop()
})

test('an http address that is taken changes nothing', async () => {
  await using collector = await startVariant()
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as { port: number }
  const text = variant(collector.places, { join: '2m' })
  await write(collector, text.replace(`:${collector.places.http}"`, `:${port}"`))
  const result = await reload(collector)
  other.close()
  assert.ok(result.outcome === 'failed', JSON.stringify(result))
  assert.match(result.reason, /cannot listen on/)
  assert.ok(!collector.process.output.includes('cannot serve'))
  assert.equal((await collector.get('/readyz')).status, 200)
  await collector.stop()
})
