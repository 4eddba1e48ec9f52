/** Syslog as programs that are on nearly every machine send it: logger, Python, rsyslog. */
import assert from 'node:assert/strict'
import { existsSync, globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { writeCertificates } from '../support/certificates.ts'
import { runWell, Running } from '../support/child.ts'
import { CollectorProcess, type Places } from '../support/collector-process.ts'
import { requireTool, skipOrFail } from '../support/tool.ts'
import { until } from '../support/wait.ts'

const config = ({ forward, http, folder }: Places) => `
data_dir: ${JSON.stringify(join(folder, 'data'))}
http: { listen: "tcp://127.0.0.1:${http}" }
inputs:
  syslog:
    type: syslog
    listen: ["udp://127.0.0.1:${forward}", "tcp://127.0.0.1:${forward}", "unix://${folder}/s.sock"]
outputs:
  files: { type: file, path: ${JSON.stringify(join(folder, 'logs/all.log'))} }
pipeline:
  - { match: "**", to: files }
`

const start = () => CollectorProcess.start({ config })

test('logger(1), by udp and tcp, in each of its formats', async (t) => {
  const logger = requireTool(t, 'logger')
  if (!logger) return
  await using collector = await start()
  const to = ['-n', '127.0.0.1', '-P', String(collector.places.forward), '-t', 'my/tag']
  const formats = [[], ['--rfc3164'], ['--rfc5424', '-p', 'local3.err', '--msgid', 'M1']]
  const ways = [['-d'], ['-T'], ['-T', '--octet-count']]
  for (const way of ways) {
    for (const format of formats) await runWell(logger, [...to, ...way, ...format, 'hello there'])
  }
  const lines = await collector.linesOnce(ways.length * formats.length)
  for (const line of lines) {
    const { ident, message, parse_failed, host } = line
    assert.deepEqual([ident, message, parse_failed], ['my/tag', 'hello there', undefined])
    assert.equal(typeof host, 'string')
    assert.ok(Math.abs(Date.parse(line.time) - Date.now()) < 120_000)
  }
  assert.equal(lines.filter((line) => line.tag === 'syslog.local3.err').length, ways.length)
  await collector.stop()
})

const PYTHON = `
import logging, logging.handlers, socket, sys
port, path = int(sys.argv[1]), sys.argv[2]
ways = (('127.0.0.1', port), socket.SOCK_DGRAM), (('127.0.0.1', port), socket.SOCK_STREAM), \\
    (path, socket.SOCK_STREAM)
for index, (address, kind) in enumerate(ways):
    handler = logging.handlers.SysLogHandler(address, socktype=kind, facility='local1')
    handler.setFormatter(logging.Formatter('app[%(process)d]: %(message)s'))
    logger = logging.getLogger(str(index))
    logger.addHandler(handler)
    logger.warning('héllo %d', index)
    handler.setFormatter(None)
    logger.warning('bare %d', index)
    handler.close()
`

test("Python's SysLogHandler, by udp, tcp and a unix socket", async (t) => {
  const python = requireTool(t, 'python3')
  if (!python) return
  await using collector = await start()
  const { forward, folder } = collector.places
  await runWell(python, ['-c', PYTHON, String(forward), join(folder, 's.sock')])
  const lines = await collector.linesOnce(6)
  const messages = lines.map((line) => line['message']).toSorted()
  const expected = ['bare 0', 'bare 1', 'bare 2', 'héllo 0', 'héllo 1', 'héllo 2']
  assert.deepEqual(messages, expected)
  for (const line of lines) {
    const isBare = String(line['message']).startsWith('bare')
    const { tag, ident, parse_failed, host, source_address } = line
    assert.deepEqual([tag, ident], ['syslog.local1.warning', isBare ? undefined : 'app'])
    // Of a unix socket there is no address.
    assert.deepEqual([parse_failed, host], [undefined, source_address])
  }
  await collector.stop()
})

test("rsyslog's omfwd, with newlines, with lengths and by udp", async (t) => {
  const [rsyslogd, logger] = [requireTool(t, 'rsyslogd'), requireTool(t, 'logger')]
  if (!rsyslogd || !logger) return
  await using collector = await start()
  const { forward, folder } = collector.places
  const [socket, file] = [join(folder, 'in.sock'), join(folder, 'rsyslog.conf')]
  const action = (options: string) =>
    `action(type="omfwd" target="127.0.0.1" port="${forward}" ${options})\n`
  writeFileSync(
    file,
    `global(workDirectory="${folder}")\nmodule(load="imuxsock" SysSock.Use="off")\n` +
      `input(type="imuxsock" Socket="${socket}")\n` +
      action(
        'protocol="tcp" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format"',
      ) +
      action('protocol="tcp" template="RSYSLOG_ForwardFormat"') +
      action('protocol="udp" template="RSYSLOG_TraditionalForwardFormat"'),
  )
  await using rsyslog = runRsyslog(rsyslogd, folder, file)
  await until('rsyslog listens', () => existsSync(socket))
  await runWell(logger, ['-u', socket, '-t', 'app', 'hello'])
  const lines = await collector.linesOnce(3).catch(withOutput(rsyslog.running))
  for (const line of lines) {
    const { ident, message, parse_failed } = line
    assert.deepEqual([ident, String(message).trim(), parse_failed], ['app', 'hello', undefined])
  }
  await collector.stop()
})

for (const driver of ['gtls', 'ossl']) {
  test(`rsyslog's omfwd over TLS, by its ${driver} driver`, async (t) => {
    const [rsyslogd, logger] = [requireTool(t, 'rsyslogd'), requireTool(t, 'logger')]
    if (!rsyslogd || !logger || !requireDriver(t, driver)) return
    await using collector = await CollectorProcess.prepare({ config: secured })
    const { folder } = collector
    writeCertificates(folder)
    await collector.start()
    const [socket, file] = [join(folder, 'in.sock'), join(folder, 'rsyslog.conf')]
    writeFileSync(file, rsyslogOverTls(collector.places, socket, driver))
    await using rsyslog = runRsyslog(rsyslogd, folder, file)
    await until('rsyslog listens', () => existsSync(socket))
    const text = Array.from({ length: TLS_LINES }, (_none, at) => `line ${at}\n`).join('')
    await runWell(logger, ['-u', socket, '-t', 'app'], { input: text })
    const wanted = TLS_LINES * TLS_ACTIONS
    const lines = await collector.linesOnce(wanted).catch(withOutput(rsyslog.running))
    const counts = new Map<string, number>()
    for (const { ident, message, parse_failed } of lines) {
      assert.deepEqual([ident, parse_failed], ['app', undefined])
      const text = String(message).trim()
      counts.set(text, (counts.get(text) ?? 0) + 1)
    }
    const each = Array.from({ length: TLS_LINES }, (_none, at) => [`line ${at}`, TLS_ACTIONS])
    assert.deepEqual([...counts].toSorted(), each.toSorted())
    assert.equal((await collector.stop()).delivered, wanted)
  })
}

const TLS_LINES = 200
const TLS_ACTIONS = 2

const secured = (places: Places) =>
  config(places).replace(/listen: \[.*\]/, () => {
    const { forward, folder } = places
    return (
      `listen: tls://127.0.0.1:${forward}\n` +
      `    tls: { certificate: ${folder}/cert.pem, key: ${folder}/key.pem }`
    )
  })

/** With lengths and with newlines; the collector must prove that it is `localhost`. */
function rsyslogOverTls({ forward, folder }: Places, socket: string, driver: string): string {
  const action = (options: string) =>
    `action(type="omfwd" target="localhost" port="${forward}" protocol="tcp" ` +
    `StreamDriver="${driver}" StreamDriverMode="1" StreamDriverAuthMode="x509/name" ` +
    `StreamDriverPermittedPeers="localhost" ${options})\n`
  return (
    `global(workDirectory="${folder}" DefaultNetstreamDriverCAFile="${folder}/ca.pem")\n` +
    `module(load="imuxsock" SysSock.Use="off")\ninput(type="imuxsock" Socket="${socket}")\n` +
    action('TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format"') +
    action('template="RSYSLOG_ForwardFormat"')
  )
}

/** Debian has each of rsyslog's drivers for TLS in a package of its own. */
function requireDriver(t: TestContext, driver: string): boolean {
  const pattern = `/usr/lib*/**/rsyslog/lmnsd_${driver}.so`
  const found = globSync(pattern).length > 0
  if (!found) skipOrFail(t, `needs rsyslog's lmnsd_${driver}.so`)
  return found
}

/** Ended by its own id at the end of the scope. */
function runRsyslog(rsyslogd: string, folder: string, file: string) {
  const pidFile = join(folder, 'rsyslog.pid')
  const running = new Running(rsyslogd, ['-n', '-C', '-f', file, '-i', pidFile])
  const end = async () => void (await running.end())
  return { running, [Symbol.asyncDispose]: end }
}

/** Of a program whose lines do not come, what it said tells why. */
function withOutput(running: Running): (cause: unknown) => never {
  return (cause) => {
    throw new Error(`rsyslog said:\n${running.output}`, { cause })
  }
}
