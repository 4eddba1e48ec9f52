/** The collector as a process: signals, a port that is taken, and what it shows over HTTP. */
import assert from 'node:assert/strict'
import { mkdir, readFile, rename } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { CollectorProcess, simpleConfig } from '../support/collector-process.ts'
import { ForwardClient, message } from '../support/forward-client.ts'
import { until } from '../support/wait.ts'

async function sendLine(collector: CollectorProcess, tag: string, log: string): Promise<void> {
  await using client = await ForwardClient.connect({ port: collector.places.forward })
  await client.request(message(tag, 1_795_251_000, { log }, { chunk: log }), log)
}

test('SIGUSR1 opens the files again after logrotate moved them', async () => {
  await using collector = await CollectorProcess.start()
  const path = join(collector.logs, 'app.log')
  await sendLine(collector, 'app', 'before')
  await rename(path, `${path}.1`)
  collector.process.signal('SIGUSR1')
  await until('the signal is logged', () => /reopen/i.test(collector.process.output))
  await sendLine(collector, 'app', 'after')
  await collector.stop()
  assert.match(await readFile(`${path}.1`, 'utf8'), /before"}\n$/)
  assert.match(await readFile(path, 'utf8'), /^.*after"}\n$/)
})

test('SIGINT stops in order too', async () => {
  await using collector = await CollectorProcess.start()
  await sendLine(collector, 'app', 'one')
  collector.process.signal('SIGINT')
  assert.deepEqual(await collector.process.exit, { code: 0, signal: null })
})

test('a second signal ends a stop that waits', async () => {
  await using collector = await CollectorProcess.start()
  await mkdir(join(collector.logs, 'blocked.log'), { recursive: true })
  await using client = await ForwardClient.connect({ port: collector.places.forward })
  await client.send(message('blocked', 1_795_251_000, { log: 'never written' }))
  await until('the output has a problem', async () => !(await collector.get('/readyz')).ok)
  collector.process.signal('SIGTERM')
  await until('the stop has begun', () => /stopping/i.test(collector.process.output))
  collector.process.signal('SIGTERM')
  const exit = await collector.process.exit
  assert.notEqual(exit.code, 0)
})

test('a port that is taken is said, and the process ends', async () => {
  await using collector = await CollectorProcess.prepare({ config: simpleConfig })
  const other = createServer()
  await new Promise<void>((resolve) =>
    other.listen(collector.places.forward, '127.0.0.1', () => resolve()),
  )
  try {
    const process = collector.spawn()
    assert.notEqual((await process.exit).code, 0)
    assert.ok(process.output.includes(`127.0.0.1:${collector.places.forward}`), process.output)
    assert.match(process.output, /in use/)
    assert.doesNotMatch(process.output, /^\s+at /m)
  } finally {
    other.close()
  }
})

test('what it shows over HTTP', async () => {
  await using collector = await CollectorProcess.start()
  await sendLine(collector, 'app', 'one')
  const text = async (path: string) => {
    const response = await collector.get(path)
    assert.equal(response.status, 200, path)
    return response.text()
  }
  assert.match(await text('/healthz'), /ok/)
  assert.match(await text('/readyz'), /true/)
  const received = 'logboom_input_events_received_total{input="docker"} 1\n'
  assert.ok((await text('/metrics')).includes(received))
  assert.match(await text('/api/plugins.json'), /"docker"/)
  assert.match(await text('/api/config.json'), /"version"/)
  assert.match(await text('/api/ledger'), /"received":1/)
  await collector.stop()
})
