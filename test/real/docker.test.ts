/** What one container after another sends through a real Docker daemon, and how it is written. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { CollectorProcess, simpleConfig, type Places } from '../support/collector-process.ts'
import { DockerDaemon, requireDocker, type ContainerOptions } from '../support/docker-daemon.ts'
import type { Line } from '../support/output-files.ts'

const SOCKET = 'forward.sock'

function config(places: Places): string {
  const tcp = `listen: tcp://127.0.0.1:${places.forward}`
  const both = `listen: ["tcp://127.0.0.1:${places.forward}", "unix://${places.folder}/${SOCKET}"]`
  const route = '  - match:'
  const joined = `  - filter: "**"\n    type: join_parts\n${route}`
  return simpleConfig(places).replace(tcp, both).replace(route, joined)
}

test('containers with the fluentd log driver', async (t) => {
  const tools = requireDocker(t)
  if (!tools) return
  await using daemon = await DockerDaemon.start(tools)
  await using collector = await CollectorProcess.start({ config })
  let expected = 0

  /** Runs a container tagged `tag` and returns its `count` lines. */
  async function collect(
    tag: string,
    count: number,
    options: Pick<ContainerOptions, 'script'> & Partial<ContainerOptions>,
  ): Promise<Line[]> {
    const address = `127.0.0.1:${collector.places.forward}`
    await daemon.run({ ...options, log: { 'fluentd-address': address, tag, ...options.log } })
    expected += count
    const lines = await collector.linesOnce(expected)
    return lines.filter((line) => line.tag === tag)
  }

  const texts = (lines: readonly Line[]) => lines.map((line) => line['log'])

  await t.test('plain lines of both streams, with the container they come from', async () => {
    const script = 'echo one; echo two; sleep 0.1; echo three >&2'
    const lines = await collect('plain', 3, { script, name: 'web1' })
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

  await t.test('a last line without newline', async () => {
    const lines = await collect('unfinished', 2, { script: "printf 'hello\\nworld'" })
    assert.deepEqual(texts(lines), ['hello', 'world'])
  })

  await t.test('only a line without newline', async () => {
    assert.deepEqual(texts(await collect('printf', 1, { script: 'printf hello' })), ['hello'])
  })

  await t.test('empty lines and blanks', async () => {
    const lines = await collect('empty', 4, { script: "echo; echo '  x  '; echo; echo end" })
    assert.deepEqual(texts(lines), ['', '  x  ', '', 'end'])
  })

  await t.test('a line of 1 MB, put together again', async () => {
    const script = "seq 1 150000 | tr '\\n' ' '; echo; echo after"
    const lines = await collect('megabyte', 2, { script })
    const numbers = Array.from({ length: 150_000 }, (_, index) => `${index + 1} `).join('')
    assert.equal(lines[0]?.['log'] === numbers, true, `got ${String(lines[0]?.['log']).length}`)
    assert.equal(lines[1]?.['log'], 'after')
    assert.deepEqual(
      Object.keys(lines[0] ?? {}).filter((key) => key.startsWith('partial')),
      [],
    )
  })

  await t.test('long lines of both streams at once, cut inside characters', async () => {
    const long = (text: string) => `yes ${text} | head -n 40000 | tr -d '\\n'; echo`
    const script = `(${long('aé')}) & (${long('€b')}) >&2; wait`
    const lines = await collect('interleaved', 2, { script })
    const bySource = new Map(lines.map((line) => [line['source'], line['log']]))
    assert.equal(bySource.get('stdout') === 'aé'.repeat(40_000), true)
    assert.equal(bySource.get('stderr') === '€b'.repeat(40_000), true)
  })

  await t.test('bytes that are not text', async () => {
    const script = "printf 'a\\377\\376b\\n\\000\\001\\033[31m\"\\\\\\t\\n\\303\\n'"
    const lines = await collect('binary', 3, { script })
    assert.deepEqual(texts(lines), ['a\ufffd\ufffdb', '\0\x01\x1b[31m"\\\t', '\ufffd'])
  })

  await t.test('labels and environment in the record', async () => {
    const lines = await collect('labels', 1, {
      script: 'echo hello',
      args: ['--label=com.example.team=core', '--label=time=noon', '--env=STAGE=test'],
      log: { labels: 'com.example.team,time', env: 'STAGE' },
    })
    assert.equal(lines[0]?.['com.example.team'], 'core')
    assert.equal(lines[0]?.['STAGE'], 'test')
    assert.equal(lines[0]?.['_time'], 'noon')
    assert.match(String(lines[0]?.time), /^\d{4}-/)
  })

  await t.test('a tag made by a template', async () => {
    const log = { tag: 'docker.{{.Name}}/{{.ImageName}}' }
    await collect('unused', 1, { script: 'echo hello', name: 'shop-api', log })
    const lines = (await collector.lines()).filter((line) => line.tag.startsWith('docker.'))
    assert.deepEqual(
      lines.map((line) => line.tag),
      ['docker.shop-api/logboom-test'],
    )
  })

  await t.test('sub-second times', async () => {
    const log = { 'fluentd-sub-second-precision': 'true' }
    const lines = await collect('precise', 20, { script: 'seq 1 20', log })
    const times = lines.map((line) => line.time)
    assert.deepEqual(times, times.toSorted())
    assert.notDeepEqual(new Set(times.map((time) => time.slice(20, 29))), new Set(['000000000']))
  })

  await t.test('asynchronous sending', async () => {
    const log = { 'fluentd-async': 'true' }
    const lines = await collect('async', 500, { script: 'seq 1 500; sleep 1', log })
    assert.deepEqual(texts(lines), numbersTo(500))
  })

  await t.test('acknowledged lines', async () => {
    const log = { 'fluentd-request-ack': 'true' }
    const lines = await collect('acknowledged', 2000, { script: 'seq 1 2000', log })
    assert.deepEqual(texts(lines), numbersTo(2000))
  })

  await t.test('a unix socket', async () => {
    const log = { 'fluentd-address': `unix://${join(collector.folder, SOCKET)}` }
    const lines = await collect('unix', 100, { script: 'seq 1 100', log })
    assert.deepEqual(texts(lines), numbersTo(100))
  })

  const ledger = await collector.stop()
  assert.equal(ledger.delivered, expected)
})

function numbersTo(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index + 1))
}
