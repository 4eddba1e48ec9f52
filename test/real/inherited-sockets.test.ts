/** Restarts without a gap: the listening sockets are held by another process, as systemd does. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Running } from '../support/child.ts'
import { ForwardClient, message } from '../support/forward-client.ts'
import { freePort } from '../support/free-port.ts'
import { readAllLines } from '../support/output-files.ts'
import { ReliableSender } from '../support/reliable-sender.ts'
import { SocketHolder } from '../support/socket-holder.ts'
import { requireTool } from '../support/tool.ts'
import { Visitor } from '../support/visitor.ts'
import { until } from '../support/wait.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const RESTARTS = 5
const LINES = 12_000

function config(addresses: readonly string[]): string {
  return `
http: { enabled: false }
log: { format: json }
inputs: { docker: { type: forward, listen: ${JSON.stringify(addresses)} } }
outputs: { files: { type: file, path: "./logs/\${tag}.log" } }
pipeline: [{ match: "**", to: files }]
`
}

async function place(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'logboom-inherited-'))
  t.after(() => rm(folder, { recursive: true }))
  const [port, path] = [await freePort(), join(folder, 'forward.sock')]
  await writeFile(
    join(folder, 'logboom.yaml'),
    config([`tcp://127.0.0.1:${port}`, `unix://${path}`]),
  )
  const command = [process.execPath, MAIN, 'run', '-c', 'logboom.yaml']
  return { folder, port, path, command }
}

test('restarts under load refuse no connection and lose nothing acknowledged', async (t) => {
  if (!requireTool(t, 'python3')) return
  const { folder, port, path, command } = await place(t)
  const holder = await SocketHolder.open({ folder, tcp: port, udp: port, path, command })
  t.after(() => holder.close())
  // Nothing runs yet: whoever comes now waits.
  const visitors = [{ port }, { path }].map((target) => new Visitor(target))
  const senders = [
    new ReliableSender({ address: { port }, tag: 'single', window: 1 }),
    new ReliableSender({ address: { port }, tag: 'many', window: 100 }),
    new ReliableSender({ address: { path }, tag: 'local', window: 100 }),
  ]
  const running = Promise.all(
    senders.map((sender, index) => sender.run(index ? LINES : LINES / 10)),
  )
  let pid = await holder.start()
  for (let round = 1; round <= RESTARTS; round++) {
    const enough = Math.floor((LINES / (RESTARTS + 1)) * round)
    const getOn = () => senders.slice(1).every(({ acknowledged }) => acknowledged >= enough)
    await until('the senders get on', getOn, 30_000)
    process.kill(pid, 'SIGTERM')
    assert.equal(await holder.ended(pid), 0, holder.output)
    pid = await holder.start()
  }
  await running
  const failures = await Promise.all(visitors.map((visitor) => visitor.leave()))
  process.kill(pid, 'SIGTERM')
  assert.equal(await holder.ended(pid), 0)
  assert.deepEqual(failures, [[], []])
  assert.deepEqual(
    senders.map(({ refusals }) => refusals),
    [0, 0, 0],
  )
  const lines = await readAllLines(join(folder, 'logs'), false)
  for (const [tag, count] of Object.entries({ single: LINES / 10, many: LINES, local: LINES })) {
    const found = new Set(lines.filter((line) => line.tag === tag).map(({ log }) => Number(log)))
    assert.equal(found.size, count, tag)
  }
  t.diagnostic(`${visitors.map(({ visits }) => visits).join(' and ')} visits, none refused`)
  assert.doesNotMatch(holder.output, /"level":"(warn|error)"/)
})

test('datagrams that come while nothing runs are for the next process', async (t) => {
  if (!requireTool(t, 'python3')) return
  const { folder, port, path, command } = await place(t)
  const holder = await SocketHolder.open({ folder, tcp: port, udp: port, path, command })
  t.after(() => holder.close())
  const first = await holder.start()
  await until('it is ready', () => holder.output.includes('"msg":"ready"'))
  process.kill(first, 'SIGTERM')
  assert.equal(await holder.ended(first), 0)
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  const answered = once(socket, 'message')
  await new Promise((resolve) => socket.send('?', port, '127.0.0.1', resolve))
  const second = await holder.start()
  await answered
  process.kill(second, 'SIGTERM')
  assert.equal(await holder.ended(second), 0)
})

test('systemd-socket-activate starts it at the first connection, which is served', async (t) => {
  if (!requireTool(t, 'systemd-socket-activate')) return
  const { folder, port, path, command } = await place(t)
  const other = await freePort()
  const listen = [`127.0.0.1:${port}`, path, `127.0.0.1:${other}`].flatMap((at) => ['-l', at])
  const env = { ...process.env, PATH: process.env['PATH'] ?? '' }
  const activate = new Running('systemd-socket-activate', [...listen, ...command], {
    cwd: folder,
    env,
  })
  t.after(() => activate.end(100))
  await until('it listens', () => activate.output.includes(`${other}`))
  for (const target of [{ port }, { path }]) {
    await using client = await ForwardClient.connect(target)
    await client.request(message('app', 1, { log: 'x' }, { chunk: 'c' }), 'c')
  }
  const unused = `"sockets":["tcp://127.0.0.1:${other}"]`
  assert.ok(activate.output.includes(unused), activate.output)
  assert.deepEqual(await activate.end(), { code: 0, signal: null }, activate.output)
})
