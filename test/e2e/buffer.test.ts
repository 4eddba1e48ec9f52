/** An output with a buffer on disk: events are safe before the output has them. */
import assert from 'node:assert/strict'
import { mkdir, readdir, rename, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { CollectorProcess, type Places } from '../support/collector-process.ts'
import { readAllLines } from '../support/output-files.ts'
import { ReliableSender } from '../support/reliable-sender.ts'
import { until } from '../support/wait.ts'

/** `slow` cannot be written while there is a folder where its file should be. */
function buffered(places: Places, options = ''): string {
  return `
data_dir: ./data
http: { listen: "tcp://127.0.0.1:${places.http}" }
inputs:
  docker: { type: forward, listen: "tcp://127.0.0.1:${places.forward}" }
outputs:
  files: { type: file, path: "./logs/\${tag}.log" }
  slow: { type: file, path: "./slow/\${tag}.log", buffer: { type: disk${options} } }
pipeline:
  - match: "**"
    to: [files, slow]
`
}

const numbers = (count: number) => Array.from({ length: count }, (_, number) => `${number}`)

function senderTo(collector: CollectorProcess, window: number): ReliableSender {
  return new ReliableSender({ address: { port: collector.places.forward }, tag: 'app', window })
}

async function slowLines(collector: CollectorProcess): Promise<string[]> {
  const lines = await readAllLines(join(collector.folder, 'slow'), collector.process.alive)
  return lines.map((line) => String(line['log']))
}

async function metric(collector: CollectorProcess, name: string): Promise<number> {
  const text = await (await collector.get('/metrics')).text()
  return Number(new RegExp(`^logboom_output_${name}\\{[^}]*\\} (.*)$`, 'm').exec(text)?.[1])
}

test('what comes is written, once and in order, and the buffer is empty at the end', async () => {
  await using collector = await CollectorProcess.start({ config: buffered })
  await senderTo(collector, 50).run(3000)
  await until('all is delivered', async () => (await collector.ledger()).in_flight === 0)
  const { received, delivered, copied } = await collector.stop()
  assert.deepEqual(
    { received, delivered, copied },
    { received: 3000, delivered: 6000, copied: 3000 },
  )
  const found = await slowLines(collector)
  assert.deepEqual(
    found.toSorted((one, other) => +one - +other),
    numbers(3000),
  )
  const left = await readdir(join(collector.folder, 'data/buffers/slow'))
  assert.deepEqual(
    left.filter((name) => !name.startsWith('progress')),
    [],
  )
})

describe('an output that cannot write', () => {
  const obstacle = (collector: CollectorProcess) => join(collector.folder, 'slow', 'app.log')
  const block = (collector: CollectorProcess) => mkdir(obstacle(collector), { recursive: true })
  const unblock = (collector: CollectorProcess) => rmdir(obstacle(collector))

  /** It is alive, but not ready. */
  const startBlocked = async (collector: CollectorProcess) => {
    collector.spawn()
    const answers = () =>
      collector.get('/healthz').then(
        ({ ok }) => ok,
        () => false,
      )
    await until('it answers', answers)
  }

  test('holds nobody back, and has all of it when it can', async () => {
    await using collector = await CollectorProcess.prepare({ config: buffered })
    await block(collector)
    await collector.start()
    await senderTo(collector, 20).run(500)
    assert.equal(await metric(collector, 'buffer_events'), 500)
    const { in_flight } = await collector.ledger()
    assert.equal(in_flight, 500)
    assert.equal((await collector.linesOf('app', 500)).length, 500)
    assert.equal((await collector.get('/readyz')).status, 503)
    await unblock(collector)
    await until('it is delivered', async () => (await metric(collector, 'buffer_events')) === 0)
    assert.equal((await collector.stop()).buffered, 0)
    assert.equal((await slowLines(collector)).length, 500)
  })

  const keeps = async (options: string) => {
    const config = (places: Places) => buffered(places, options)
    await using collector = await CollectorProcess.prepare({ config })
    await block(collector)
    await collector.start()
    const sender = senderTo(collector, 20)
    await sender.run(100)
    assert.equal((await collector.stop()).buffered, 100)
    await startBlocked(collector)
    await sender.run(200)
    const changed = buffered(collector.places, `, max_bytes: 1MiB${options}`)
    await writeFile(join(collector.folder, 'config.yaml'), changed)
    const url = `http://127.0.0.1:${collector.places.http}/api/reload`
    assert.equal((await fetch(url, { method: 'POST' })).status, 200)
    assert.equal(await metric(collector, 'buffer_events'), 200)
    await sender.run(300)
    await collector.kill()
    await unblock(collector)
    await collector.start()
    await until('it is delivered', async () => (await metric(collector, 'buffer_events')) === 0)
    const { restored, buffered: left } = await collector.stop()
    assert.deepEqual({ restored, left }, { restored: 300, left: 0 })
    assert.deepEqual(await slowLines(collector), numbers(300))
  }
  test('keeps what it has over a stop, a reload and a kill', () => keeps(''))
  test('the same with compressed files', () => keeps(', compress: zstd'))

  test('holds its sources back when the buffer is full', async () => {
    const config = (places: Places) => buffered(places, ', max_bytes: 4KiB')
    await using collector = await CollectorProcess.prepare({ config })
    await block(collector)
    await collector.start()
    const sender = senderTo(collector, 1)
    const running = sender.run(1000)
    let before = -1
    await until('it gets no further', async () => {
      const stands = sender.acknowledged === before && before > 0
      before = sender.acknowledged
      await new Promise((resolve) => setTimeout(resolve, 200))
      return stands
    })
    assert.ok(sender.acknowledged < 1000)
    await unblock(collector)
    await running
    await until('it is delivered', async () => (await metric(collector, 'buffer_events')) === 0)
    await collector.stop()
    assert.deepEqual(await slowLines(collector), numbers(1000))
  })
})

test('killed again and again under load, every acknowledged line is there', async () => {
  const config = (places: Places) => buffered(places, ', fsync: never')
  await using collector = await CollectorProcess.start({ config })
  const sender = senderTo(collector, 100)
  const count = 6000
  const running = sender.run(count)
  for (let round = 1; round <= 4; round++) {
    await until('the sender gets on', () => sender.acknowledged >= (count / 5) * round)
    await collector.kill()
    await collector.start()
  }
  await running
  await until('it is delivered', async () => (await metric(collector, 'buffer_events')) === 0)
  await collector.stop()
  const found = new Set(await slowLines(collector))
  assert.deepEqual(
    [...found].toSorted((one, other) => +one - +other),
    numbers(count),
  )
})

test('an output that a reload removes leaves what waits, and has it when it is back', async () => {
  const obstacle = (collector: CollectorProcess) => join(collector.folder, 'slow', 'app.log')
  await using collector = await CollectorProcess.start({ config: buffered })
  await mkdir(obstacle(collector), { recursive: true })
  await senderTo(collector, 50).run(100)
  const whole = buffered(collector.places)
  const without = whole.replace(/^ {2}slow:.*\n/m, '').replace(', slow]', ']')
  const reloadWith = async (config: string) => {
    await writeFile(join(collector.folder, 'config.yaml'), config)
    const url = `http://127.0.0.1:${collector.places.http}/api/reload`
    assert.equal((await fetch(url, { method: 'POST' })).status, 200)
  }
  const orphans = async () => {
    const answer = await (await collector.get('/api/buffers')).json()
    return (answer as { orphans: { output: string; bytes: number }[] }).orphans
  }
  await reloadWith(without)
  const [left, ...others] = await orphans()
  assert.deepEqual([left?.output, others], ['slow', []])
  assert.ok(left!.bytes > 0)
  await rmdir(obstacle(collector))
  await reloadWith(whole)
  assert.deepEqual(await orphans(), [])
  await until('it has all', async () => (await slowLines(collector)).length === 100)
  await collector.stop()
})

test('a data_dir that cannot be put back is said by /readyz, until it can', async () => {
  await using collector = await CollectorProcess.start({ config: buffered })
  const data = join(collector.folder, 'data')
  const aside = join(collector.folder, 'aside')
  const reasons = async () => {
    const answer = await (await collector.get('/readyz')).json()
    return (answer as { reasons: string[] }).reasons.join()
  }
  await rename(data, aside)
  await until('it is said', async () => /data_dir .*was moved away/.test(await reasons()))
  await rename(aside, data)
  await until('it is well', async () => (await reasons()) === '')
  await collector.stop()
})
