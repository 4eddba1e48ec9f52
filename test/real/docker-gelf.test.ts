/** Docker's gelf log driver, over each transport and with each compression it has. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { CollectorProcess, type Places } from '../support/collector-process.ts'
import { DockerDaemon, requireDocker, type DockerTools } from '../support/docker-daemon.ts'
import type { Line } from '../support/output-files.ts'

function config(places: Places): string {
  const address = `127.0.0.1:${places.forward}`
  return `
data_dir: ./data
http: { listen: tcp://127.0.0.1:${places.http} }
inputs:
  gelf: { type: gelf, listen: ["udp://${address}", "tcp://${address}"] }
outputs:
  files: { type: file, path: "./logs/\${tag}.log" }
pipeline:
  - match: "**"
    to: files
`
}

class Docker implements AsyncDisposable {
  readonly collector: CollectorProcess
  readonly #daemon: DockerDaemon
  readonly #running: AsyncDisposableStack

  static async start(tools: DockerTools): Promise<Docker> {
    await using started = new AsyncDisposableStack()
    const daemon = started.use(await DockerDaemon.start(tools))
    const collector = started.use(await CollectorProcess.start({ config }))
    return new Docker(daemon, collector, started.move())
  }

  private constructor(
    daemon: DockerDaemon,
    collector: CollectorProcess,
    running: AsyncDisposableStack,
  ) {
    this.#daemon = daemon
    this.collector = collector
    this.#running = running
  }

  /** Runs a container and returns its lines once there are `count` of them. */
  async collect(scheme: string, tag: string, count: number, script: string, options = {}) {
    const address = `${scheme}://127.0.0.1:${this.collector.places.forward}`
    const log = { 'gelf-address': address, tag, ...options }
    await this.#daemon.run({ driver: 'gelf', name: tag, script, log })
    return this.collector.linesOf(tag, count)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#running.disposeAsync()
  }
}

let started: Promise<Docker> | undefined

after(async () => {
  if (!started) return
  await using docker = await started
  const { received, delivered } = await docker.collector.stop()
  assert.equal(delivered, received)
})

const WAYS = [
  ['udp', { 'gelf-compression-type': 'gzip' }],
  ['udp', { 'gelf-compression-type': 'zlib' }],
  ['udp', { 'gelf-compression-type': 'none' }],
  ['tcp', {}],
] as const

for (const [index, [scheme, options]] of WAYS.entries()) {
  test(`lines of both streams by ${scheme}, ${JSON.stringify(options)}`, async (t) => {
    const tools = requireDocker(t)
    if (!tools) return
    started ??= Docker.start(tools)
    const docker = await started
    const tag = `way-${index}`
    // Of each length around the ends of chunks of 1408 bytes, and one that Docker cuts in two.
    const script =
      'echo "<one> & \\"two\\""; sleep 0.1; echo three >&2; echo; sleep 0.1; ' +
      'for n in $(seq 700 900); do head -c $n /dev/zero | tr "\\0" x; echo; done; ' +
      'head -c 20000 /dev/zero | tr "\\0" y; echo; sleep 0.3'
    const lines = await docker.collect(scheme, tag, 205, script, options)
    const texts = lines.map((line) => String(line['log']))
    assert.deepEqual(texts.slice(0, 2), ['<one> & "two"', 'three'])
    const lengths = texts.slice(2, 203).map((text) => text.length)
    assert.deepEqual(
      lengths,
      Array.from({ length: 201 }, (_none, at) => 700 + at),
    )
    assert.equal(texts.slice(203).join(''), 'y'.repeat(20_000))
    checkFields(lines, tag)
  })
}

function checkFields(lines: readonly Line[], tag: string): void {
  assert.deepEqual(
    lines.slice(0, 3).map((line) => [line['stream'], line['level']]),
    [
      ['stdout', 6],
      ['stderr', 3],
      ['stdout', 6],
    ],
  )
  for (const line of lines) {
    assert.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/)
    assert.ok(Math.abs(Date.parse(line.time) - Date.now()) < 120_000)
    assert.equal(line['container_name'], tag)
    assert.match(String(line['container_id']), /^[0-9a-f]{64}$/)
    assert.equal(line['_tag'] ?? line['timestamp'] ?? line['_container_name'], undefined)
  }
}
