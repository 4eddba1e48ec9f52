/** Docker's syslog log driver, over each transport and in each format it has. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { writeCertificates } from '../support/certificates.ts'
import { CollectorProcess, type Places } from '../support/collector-process.ts'
import { DockerDaemon, requireDocker, type DockerTools } from '../support/docker-daemon.ts'
import { freePort } from '../support/free-port.ts'
import type { Line } from '../support/output-files.ts'

const SCHEMES = ['udp', 'tcp', 'tcp+tls', 'unix'] as const
const FORMATS = ['', 'rfc3164', 'rfc5424', 'rfc5424micro'] as const
const NUMBERED_LINES = 500

type Scheme = (typeof SCHEMES)[number]
type Format = (typeof FORMATS)[number]

function config({ forward, http, folder }: Places, tlsPort: number): string {
  const address = `127.0.0.1:${forward}`
  const plain = [`udp://${address}`, `tcp://${address}`, `unix://${folder}/s.sock`]
  return `
data_dir: ./data
http: { listen: tcp://127.0.0.1:${http} }
inputs:
  plain: { type: syslog, listen: ${JSON.stringify(plain)}, tag: "\${ident}" }
  secured:
    type: syslog
    listen: tls://127.0.0.1:${tlsPort}
    tls: { certificate: ${folder}/cert.pem, key: ${folder}/key.pem }
    tag: "\${ident}"
outputs:
  files: { type: file, path: "./logs/\${tag}.log" }
pipeline:
  - match: "**"
    to: files
`
}

class Docker implements AsyncDisposable {
  readonly collector: CollectorProcess
  readonly #tlsPort: number
  readonly #daemon: DockerDaemon
  readonly #running: AsyncDisposableStack

  static async start(tools: DockerTools): Promise<Docker> {
    await using started = new AsyncDisposableStack()
    const tlsPort = await freePort()
    const collector = started.use(
      await CollectorProcess.prepare({ config: (places) => config(places, tlsPort) }),
    )
    writeCertificates(collector.folder)
    await collector.start()
    const daemon = started.use(await DockerDaemon.start(tools))
    return new Docker(collector, tlsPort, daemon, started.move())
  }

  private constructor(
    collector: CollectorProcess,
    tlsPort: number,
    daemon: DockerDaemon,
    running: AsyncDisposableStack,
  ) {
    this.collector = collector
    this.#tlsPort = tlsPort
    this.#daemon = daemon
    this.#running = running
  }

  /** Runs a container and returns its lines once there are `count` of them. */
  async collect(scheme: Scheme, format: Format, { tag, count, script }: Expected): Promise<Line[]> {
    const log = {
      'syslog-address': this.#address(scheme),
      'syslog-facility': 'local5',
      'syslog-format': format,
      ...(scheme === 'tcp+tls'
        ? { 'syslog-tls-ca-cert': join(this.collector.folder, 'ca.pem') }
        : {}),
      tag,
    }
    await this.#daemon.run({ driver: 'syslog', script, log })
    return this.collector.linesOf(tag, count)
  }

  #address(scheme: Scheme): string {
    if (scheme === 'unix') return `unix://${this.collector.folder}/s.sock`
    const port = scheme === 'tcp+tls' ? this.#tlsPort : this.collector.places.forward
    return `${scheme}://127.0.0.1:${port}`
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#running.disposeAsync()
  }
}

interface Expected {
  readonly tag: string
  readonly count: number
  readonly script: string
}

let started: Promise<Docker> | undefined
let expected = 0

after(async () => {
  if (!started) return
  await using docker = await started
  const { received, delivered } = await docker.collector.stop()
  assert.deepEqual([received, delivered], [expected, expected])
})

// Long lines are cut by Docker at 16 KiB; its driver throws empty ones away.
const SCRIPT =
  'echo "  <13>one: [x] \\"two\\""; sleep 0.1; echo three >&2; echo; sleep 0.1; ' +
  'i=0; while [ $i -lt 10 ]; do seq $((i * 50 + 1)) $((i * 50 + 50)); ' +
  'sleep 0.02; i=$((i + 1)); done; ' +
  'head -c 20000 /dev/zero | tr "\\0" y; echo; printf last; sleep 0.3'
const LINES = 2 + NUMBERED_LINES + 3

for (const [at, scheme] of SCHEMES.entries()) {
  for (const [index, format] of FORMATS.entries()) {
    test(`every line, once, by ${scheme} as ${format || 'by default'}`, async (t) => {
      const tools = requireDocker(t)
      if (!tools) return
      started ??= Docker.start(tools)
      const docker = await started
      const tag = `way-${at}-${index}`
      expected += LINES
      const wanted = { tag, count: LINES, script: SCRIPT }
      const lines = await docker.collect(scheme, format, wanted)
      checkTexts(lines.map((line) => String(line['message'])))
      for (const [number, line] of lines.entries()) checkFields(line, number, { tag, format })
    })
  }
}

function checkTexts(texts: readonly string[]): void {
  const numbers = Array.from({ length: NUMBERED_LINES }, (_none, at) => String(at + 1))
  assert.deepEqual(texts.slice(0, -3), ['  <13>one: [x] "two"', 'three', ...numbers])
  const [first = '', second = '', last] = texts.slice(-3)
  assert.equal(first + second === 'y'.repeat(20_000), true, `${first.length}, ${second.length}`)
  assert.equal(last, 'last')
}

function checkFields(line: Line, number: number, { tag, format }: { tag: string; format: Format }) {
  assert.deepEqual([line['ident'], line['parse_failed']], [tag, undefined])
  assert.equal(line['severity'], number === 1 ? 'err' : 'info')
  assert.equal(line['facility'], 'local5')
  assert.match(String(line['pid']), /^\d+$/)
  assert.ok(Math.abs(Date.parse(line.time) - Date.now()) < 120_000, line.time)
  assert.equal(line['msgid'], format.startsWith('rfc5424') ? tag : undefined)
}
