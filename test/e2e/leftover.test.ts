/** What a buffer on disk has left is delivered by its output, whatever buffer that has now. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { CollectorProcess, type Places } from '../support/collector-process.ts'
import { readLines } from '../support/output-files.ts'
import { ReliableSender } from '../support/reliable-sender.ts'
import { until } from '../support/wait.ts'

const DISK = ', buffer: { type: disk, fsync: never }'

function configWith(places: Places, buffer = DISK): string {
  return `
data_dir: ./data
http: { listen: "tcp://127.0.0.1:${places.http}" }
inputs:
  docker: { type: forward, listen: "tcp://127.0.0.1:${places.forward}" }
outputs:
  slow: { type: file, path: "./slow/\${tag}.log"${buffer} }
pipeline:
  - match: "**"
    to: slow
`
}

/** The output cannot write while there is a folder where its file should be. */
async function startWithBacklog(count: number) {
  const collector = await CollectorProcess.prepare({ config: configWith })
  const obstacle = join(collector.folder, 'slow/app.log')
  await mkdir(obstacle, { recursive: true })
  await collector.start()
  const address = { port: collector.places.forward }
  const sender = new ReliableSender({ address, tag: 'app', window: 10 })
  await sender.run(count)
  const configure = (buffer: string) =>
    writeFile(join(collector.folder, 'config.yaml'), configWith(collector.places, buffer))
  return { collector, sender, configure, unblock: () => rmdir(obstacle) }
}

/** It is alive, but not ready. */
async function startBlocked(collector: CollectorProcess): Promise<void> {
  collector.spawn()
  const isUp = () =>
    collector.get('/healthz').then(
      ({ ok }) => ok,
      () => false,
    )
  await until('it answers', isUp)
}

async function reload(collector: CollectorProcess): Promise<void> {
  const url = `http://127.0.0.1:${collector.places.http}/api/reload`
  assert.equal((await fetch(url, { method: 'POST' })).status, 200)
}

async function waiting(collector: CollectorProcess) {
  const answer = await collector.getJson('/api/buffers')
  const [buffer] = (answer as { buffers: Record<'events' | 'leftover_events', number>[] }).buffers
  return { events: buffer?.events, leftover: buffer?.leftover_events }
}

const CHANGES: readonly [string, (collector: CollectorProcess) => Promise<unknown>][] = [
  ['a reload', reload],
  ['a stop', (collector) => collector.stop().then(() => startBlocked(collector))],
  [
    'a reload and a kill',
    async (collector) => {
      await reload(collector)
      await collector.kill()
      await startBlocked(collector)
    },
  ],
]

const BUFFERS: readonly [string, string][] = [
  ['none', ''],
  ['one in memory', ', buffer: { type: memory }'],
  // Smaller than what is left.
  ['one that drops', ', buffer: { type: memory, max_bytes: 1KiB, when_full: drop_oldest }'],
]

for (const [change, make] of CHANGES)
  for (const [name, buffer] of BUFFERS)
    test(`with ${name} after ${change}, in order, before what came later`, async () => {
      const { sender, configure, unblock, ...started } = await startWithBacklog(100)
      await using collector = started.collector
      await configure(buffer)
      await make(collector)
      const running = sender.run(103)
      const later = async () => (await waiting(collector)).events === 103
      await until('what comes later waits', later)
      assert.equal((await waiting(collector)).leftover, 100)
      const metrics = await (await collector.get('/metrics')).text()
      assert.match(metrics, /^logboom_output_buffer_leftover_bytes\{output="slow"\} [1-9]/m)
      await unblock()
      await running
      const isGone = () => !existsSync(join(collector.folder, 'data/buffers/slow'))
      await until('its files are removed', isGone)
      assert.deepEqual(await waiting(collector), { events: 0, leftover: 0 })
      const { restored, delivered, dropped } = await collector.stop()
      const expected = { restored: 100, delivered: 103, dropped: 0 }
      assert.deepEqual({ restored, delivered, dropped }, expected)
      const lines = await readLines(join(collector.folder, 'slow/app.log'), false)
      const numbers = Array.from({ length: 103 }, (_, number) => `${number}`)
      assert.deepEqual(
        lines.map((line) => line['log']),
        numbers,
      )
    })

test('what is not delivered yet waits on, over stops, and for a buffer on disk', async () => {
  const { configure, unblock, ...started } = await startWithBacklog(50)
  await using collector = started.collector
  await configure('')
  await reload(collector)
  assert.equal((await collector.stop()).buffered, 100, 'left by the reload, and by the stop')
  await startBlocked(collector)
  assert.equal((await waiting(collector)).leftover, 50)
  await configure(DISK)
  await reload(collector)
  assert.deepEqual(await waiting(collector), { events: 50, leftover: 0 })
  await unblock()
  await until('all is delivered', async () => (await collector.ledger()).in_flight === 0)
  await collector.stop()
  assert.equal((await readLines(join(collector.folder, 'slow/app.log'), false)).length, 50)
})
