/** GELF as the libraries of Python send it: pygelf and graypy, by UDP, TCP and HTTP. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CollectorProcess, type Places } from '../support/collector-process.ts'
import { run, runWell } from '../support/child.ts'
import { freePort } from '../support/free-port.ts'
import { requireTool, skipOrFail } from '../support/tool.ts'

const LONG = 30_000

const SENDER = `
import graypy, logging, pygelf, random, sys
host, port, http = '127.0.0.1', int(sys.argv[1]), int(sys.argv[2])
extra = {'include_extra_fields': True, '_app': 'test'}
handlers = {
    'pygelf-udp': pygelf.GelfUdpHandler(host=host, port=port, compress=True, **extra),
    'pygelf-udp-plain': pygelf.GelfUdpHandler(host=host, port=port, compress=False, **extra),
    'pygelf-tcp': pygelf.GelfTcpHandler(host=host, port=port, **extra),
    'pygelf-http': pygelf.GelfHttpHandler(host=host, port=http, compress=True, **extra),
    'graypy-udp': graypy.GELFUDPHandler(host, port),
    'graypy-tcp': graypy.GELFTCPHandler(host, port),
    'graypy-http': graypy.GELFHTTPHandler(host, http, compress=True),
}
random.seed(1)
noise = ''.join(random.choices('abcdefghijklmnopqrstuvwxyz', k=${LONG}))
for name, handler in handlers.items():
    logger = logging.getLogger(name)
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    logger.info('%s says héllo', name, extra={'user': 'anna', 'answer': 42, 'ok': True})
    logger.info('%s %s', name, noise)
    try:
        1 / 0
    except ZeroDivisionError:
        logger.exception('%s fails', name)
    handler.close()
`

const NAMES = [
  'pygelf-udp',
  'pygelf-udp-plain',
  'pygelf-tcp',
  'pygelf-http',
  'graypy-udp',
  'graypy-tcp',
  'graypy-http',
]

test('messages with fields, long ones and exceptions', async (t) => {
  const python = requireTool(t, 'python3')
  if (!python) return
  const { code } = await run(python, ['-c', 'import graypy, pygelf'])
  if (code !== 0) return skipOrFail(t, 'needs the Python packages graypy and pygelf')
  const http = await freePort()
  await using collector = await CollectorProcess.start({ config: (places) => config(places, http) })
  const ports = [String(collector.places.forward), String(http)]
  await runWell(python, ['-c', SENDER, ...ports])
  const lines = await collector.linesOnce(NAMES.length * 3)
  for (const name of NAMES) {
    const own = lines.filter((line) => String(line['log']).startsWith(`${name} `))
    assert.equal(own.length, 3, name)
    const [hello, long, failure] = own
    assert.equal(hello!['log'], `${name} says héllo`)
    assert.deepEqual([hello!['user'], hello!['level']], ['anna', 6])
    assert.equal(hello!['answer'], 42)
    assert.equal(String(long!['log']).length, name.length + 1 + LONG)
    assert.match(String(failure!['full_message']), /ZeroDivisionError/)
    for (const line of own) {
      assert.equal(line['parse_failed'] ?? line['timestamp'], undefined)
      assert.ok(Math.abs(Date.parse(line.time) - Date.now()) < 120_000)
    }
  }
  const { received, delivered } = await collector.stop()
  assert.deepEqual([received, delivered], [NAMES.length * 3, NAMES.length * 3])
})

function config(places: Places, http: number): string {
  const address = `127.0.0.1:${places.forward}`
  return `
data_dir: ./data
http: { listen: tcp://127.0.0.1:${places.http} }
inputs:
  gelf:
    type: gelf
    listen: ["udp://${address}", "tcp://${address}"]
    http_listen: tcp://127.0.0.1:${http}
outputs:
  files: { type: file, path: "./logs/\${tag}.log" }
pipeline:
  - match: "**"
    to: files
`
}
