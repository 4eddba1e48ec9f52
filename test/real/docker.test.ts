/** What one container after another sends through a real Docker daemon, and how it is written. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { CollectorProcess, simpleConfig, type Places } from '../support/collector-process.ts'
import {
  DockerDaemon,
  requireDocker,
  type ContainerOptions,
  type DockerTools,
} from '../support/docker-daemon.ts'
import type { Line } from '../support/output-files.ts'

const SOCKET = 'forward.sock'

function config(places: Places): string {
  const tcp = `listen: tcp://127.0.0.1:${places.forward}`
  const both = `listen: ["tcp://127.0.0.1:${places.forward}", "unix://${places.folder}/${SOCKET}"]`
  const route = '  - match:'
  const joined = `  - filter: "**"\n    type: join_parts\n${route}`
  return simpleConfig(places).replace(tcp, both).replace(route, joined)
}

/** One daemon and one collector for all tests of this file. */
class Docker implements AsyncDisposable {
  readonly collector: CollectorProcess
  readonly #daemon: DockerDaemon
  readonly #running: AsyncDisposableStack
  #expected = 0

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

  /** Runs a container tagged `tag` and returns its lines once there are `count` of them. */
  async collect(
    tag: string,
    count: number,
    options: Pick<ContainerOptions, 'script'> & Partial<ContainerOptions>,
  ): Promise<Line[]> {
    const address = `127.0.0.1:${this.collector.places.forward}`
    const log = { 'fluentd-address': address, tag, ...options.log }
    await this.#daemon.run({ ...options, log })
    this.#expected += count
    const lines = await this.collector.linesOnce(this.#expected)
    return lines.filter((line) => line.tag === tag)
  }

  /** Nothing more came than what the tests asked for. */
  async finish(): Promise<void> {
    const ledger = await this.collector.stop()
    assert.equal(ledger.delivered, this.#expected)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#running.disposeAsync()
  }
}

let started: Promise<Docker> | undefined

/** A test with the daemon that all share; without Docker it is skipped, in CI it fails. */
function dockerTest(name: string, check: (docker: Docker) => Promise<void>): void {
  test(name, async (t) => {
    const tools = requireDocker(t)
    if (!tools) return
    started ??= Docker.start(tools)
    await check(await started)
  })
}

after(async () => {
  if (!started) return
  await using docker = await started
  await docker.finish()
})

dockerTest('plain lines of both streams, with the container they come from', async (docker) => {
  const script = 'echo one; echo two; sleep 0.1; echo three >&2'
  const lines = await docker.collect('plain', 3, { script, name: 'web1' })
  assert.deepEqual(texts(lines), ['one', 'two', 'three'])
  assert.deepEqual(
    lines.map((line) => line['source']),
    ['stdout', 'stdout', 'stderr'],
  )
  for (const line of lines) {
    assert.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000000Z$/)
    assert.equal(line['container_name'], '/web1')
    assert.match(String(line['container_id']), /^[0-9a-f]{64}$/)
    assert.deepEqual(Object.keys(line).slice(0, 2), ['time', 'tag'])
  }
})

dockerTest('a last line without newline', async (docker) => {
  const lines = await docker.collect('unfinished', 2, { script: "printf 'hello\\nworld'" })
  assert.deepEqual(texts(lines), ['hello', 'world'])
})

dockerTest('only a line without newline', async (docker) => {
  assert.deepEqual(texts(await docker.collect('printf', 1, { script: 'printf hello' })), ['hello'])
})

dockerTest('empty lines and blanks', async (docker) => {
  const lines = await docker.collect('empty', 4, { script: "echo; echo '  x  '; echo; echo end" })
  assert.deepEqual(texts(lines), ['', '  x  ', '', 'end'])
})

dockerTest('a line of 1 MB, put together again', async (docker) => {
  const script = "seq 1 150000 | tr '\\n' ' '; echo; echo after"
  const lines = await docker.collect('megabyte', 2, { script })
  const numbers = Array.from({ length: 150_000 }, (_, index) => `${index + 1} `).join('')
  assert.equal(lines[0]?.['log'] === numbers, true, `got ${String(lines[0]?.['log']).length}`)
  assert.equal(lines[1]?.['log'], 'after')
  assert.deepEqual(
    Object.keys(lines[0] ?? {}).filter((key) => key.startsWith('partial')),
    [],
  )
})

dockerTest('long lines of both streams at once, cut inside characters', async (docker) => {
  const long = (text: string) => `yes ${text} | head -n 40000 | tr -d '\\n'; echo`
  const script = `(${long('aé')}) & (${long('€b')}) >&2; wait`
  const lines = await docker.collect('interleaved', 2, { script })
  const bySource = new Map(lines.map((line) => [line['source'], line['log']]))
  assert.equal(bySource.get('stdout') === 'aé'.repeat(40_000), true)
  assert.equal(bySource.get('stderr') === '€b'.repeat(40_000), true)
})

dockerTest('bytes that are not text', async (docker) => {
  const script = "printf 'a\\377\\376b\\n\\000\\001\\033[31m\"\\\\\\t\\n\\303\\n'"
  const lines = await docker.collect('binary', 3, { script })
  assert.deepEqual(texts(lines), ['a\ufffd\ufffdb', '\0\x01\x1b[31m"\\\t', '\ufffd'])
})

dockerTest('labels and environment in the record', async (docker) => {
  const lines = await docker.collect('labels', 1, {
    script: 'echo hello',
    args: ['--label=com.example.team=core', '--label=time=noon', '--env=STAGE=test'],
    log: { labels: 'com.example.team,time', env: 'STAGE' },
  })
  assert.equal(lines[0]?.['com.example.team'], 'core')
  assert.equal(lines[0]?.['STAGE'], 'test')
  assert.equal(lines[0]?.['_time'], 'noon')
  assert.match(String(lines[0]?.time), /^\d{4}-/)
})

dockerTest('a tag made by a template', async (docker) => {
  const log = { tag: 'docker.{{.Name}}/{{.ImageName}}' }
  await docker.collect('unused', 1, { script: 'echo hello', name: 'shop-api', log })
  const lines = (await docker.collector.lines()).filter((line) => line.tag.startsWith('docker.'))
  assert.deepEqual(
    lines.map((line) => line.tag),
    ['docker.shop-api/logboom-test'],
  )
})

dockerTest('sub-second times', async (docker) => {
  const log = { 'fluentd-sub-second-precision': 'true' }
  const lines = await docker.collect('precise', 20, { script: 'seq 1 20', log })
  const times = lines.map((line) => line.time)
  assert.deepEqual(times, times.toSorted())
  assert.notDeepEqual(new Set(times.map((time) => time.slice(20, 29))), new Set(['000000000']))
})

dockerTest('asynchronous sending', async (docker) => {
  const log = { 'fluentd-async': 'true' }
  const lines = await docker.collect('async', 500, { script: 'seq 1 500; sleep 1', log })
  assert.deepEqual(texts(lines), numbersTo(500))
})

dockerTest('acknowledged lines', async (docker) => {
  const log = { 'fluentd-request-ack': 'true' }
  const lines = await docker.collect('acknowledged', 2000, { script: 'seq 1 2000', log })
  assert.deepEqual(texts(lines), numbersTo(2000))
})

dockerTest('a unix socket', async (docker) => {
  const log = { 'fluentd-address': `unix://${join(docker.collector.folder, SOCKET)}` }
  const lines = await docker.collect('unix', 100, { script: 'seq 1 100', log })
  assert.deepEqual(texts(lines), numbersTo(100))
})

function texts(lines: readonly Line[]): unknown[] {
  return lines.map((line) => line['log'])
}

function numbersTo(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index + 1))
}
