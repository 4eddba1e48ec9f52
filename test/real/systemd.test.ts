/** What systemd hears, by its own programs; and whether it understands our unit. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Running } from '../support/child.ts'
import { CollectorProcess, simpleConfig } from '../support/collector-process.ts'
import { requireTool } from '../support/tool.ts'
import { until } from '../support/wait.ts'

const UNITS = join(import.meta.dirname, '../../packaging/systemd')

/** Prints each datagram on a line; `@name` is an abstract address. */
const RECEIVER = `
import socket, sys
path = sys.argv[1]
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind('\\0' + path[1:] if path.startswith('@') else path)
print('bound', flush=True)
while True:
    print(receiver.recv(4096).decode().replace('\\n', ' '), flush=True)
`

async function listen(t: TestContext, path: string): Promise<Running> {
  const receiver = new Running('python3', ['-c', RECEIVER, path])
  t.after(() => receiver.end(100))
  await until('the receiver listens', () => receiver.output.includes('bound'))
  return receiver
}

for (const kind of ['a path', 'an abstract address'])
  test(`start, life, reload and stop are told to ${kind}`, async (t) => {
    if (!requireTool(t, 'systemd-notify') || !requireTool(t, 'python3')) return
    const folder = await mkdtemp(join(tmpdir(), 'logboom-systemd-'))
    t.after(() => rm(folder, { recursive: true }))
    const path = kind === 'a path' ? join(folder, 'notify') : `@logboom-test-${process.pid}`
    const receiver = await listen(t, path)
    const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: '200000' }
    await using collector = await CollectorProcess.start({ config: simpleConfig, env })
    const hears = (what: string) =>
      until(`systemd hears ${what}`, () => receiver.output.includes(what))
    const { forward } = collector.places
    await hears(`READY=1 STATUS=listening on tcp://127.0.0.1:${forward}`)
    await hears('WATCHDOG=1')
    collector.process.signal('SIGHUP')
    await hears('RELOADING=1 MONOTONIC_USEC=')
    const before = receiver.output.indexOf('RELOADING=1')
    await until('it is ready again', () => receiver.output.includes('READY=1', before))
    await collector.stop()
    await hears('STOPPING=1')
  })

test('a watchdog that is meant for another process is not told', async (t) => {
  if (!requireTool(t, 'systemd-notify') || !requireTool(t, 'python3')) return
  const path = `@logboom-other-${process.pid}`
  const receiver = await listen(t, path)
  const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: '20000', WATCHDOG_PID: '1' }
  await using collector = await CollectorProcess.start({ config: simpleConfig, env })
  await collector.stop()
  await until('systemd hears the end', () => receiver.output.includes('STOPPING=1'))
  assert.ok(!receiver.output.includes('WATCHDOG'))
})

test('systemd finds nothing wrong with the units, which leave little open', async (t) => {
  if (!requireTool(t, 'systemd-analyze')) return
  const folder = await mkdtemp(join(tmpdir(), 'logboom-unit-'))
  t.after(() => rm(folder, { recursive: true }))
  const [unit, socket] = [join(folder, 'logboom.service'), join(folder, 'logboom.socket')]
  await copyFile(join(UNITS, 'logboom.socket'), socket)
  // The program need not be installed here.
  const text = await readFile(join(UNITS, 'logboom.service'), 'utf8')
  await writeFile(unit, text.replace('/usr/bin/logboom', '/bin/true'))
  const verify = ['verify', '--man=no', unit, socket]
  const found = execFileSync('systemd-analyze', verify, { encoding: 'utf8' })
  assert.equal(found, '')
  const security = ['security', '--offline=true', '--no-pager', unit]
  const rating = execFileSync('systemd-analyze', security, { encoding: 'utf8' })
  const level = /Overall exposure level[^:]*: (\S+)/.exec(rating)
  assert.ok(level && Number(level[1]) <= 2, rating)
})
