/** A disk that fills up and a path in the way: the sources wait, and nothing is lost or doubled. */
import assert from 'node:assert/strict'
import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { CollectorProcess, simpleConfig } from '../support/collector-process.ts'
import { ForwardClient, message } from '../support/forward-client.ts'
import { mountTmpfs } from '../support/tmpfs.ts'
import { until } from '../support/wait.ts'

const LINES = 60
const PADDING = 'x'.repeat(10_000)

/** Sends `LINES` requests at once; settles when the last one is acknowledged. */
async function sendAll(client: ForwardClient, tag: string): Promise<void> {
  const request = (number: number) => {
    const record = { number, padding: PADDING }
    const chunk = String(number)
    return client.request(message(tag, 1_795_251_000, record, { chunk }), chunk)
  }
  await Promise.all(Array.from({ length: LINES }, (_, number) => request(number)))
}

async function assertEachLineOnce(collector: CollectorProcess): Promise<void> {
  const lines = await collector.lines()
  const numbers = lines.map((line) => line['number'])
  assert.deepEqual(numbers, [...Array(LINES).keys()])
  assert.ok(lines.every((line) => line['padding'] === PADDING))
}

async function untilUnready(collector: CollectorProcess): Promise<string> {
  const unready = async () => {
    const response = await collector.get('/readyz')
    return response.status === 503 && response.text()
  }
  return until('the collector says that it is not ready', unready)
}

test('a full disk holds the senders back until there is room again', async (t) => {
  const config = (places: Parameters<typeof simpleConfig>[0]) =>
    simpleConfig(places).replace('type: file,', 'type: file, min_free: 0B,')
  await using collector = await CollectorProcess.prepare({ config })
  await using disk = await mountTmpfs(t, collector.logs, '1m')
  if (!disk) return
  const filler = join(collector.logs, 'filler.torn')
  await writeFile(filler, Buffer.alloc(800_000))
  await collector.start()

  await using client = await ForwardClient.connect({ port: collector.places.forward })
  const sent = sendAll(client, 'full')
  const reasons = await untilUnready(collector)
  assert.match(reasons, /no space left|disk/i)
  await rm(filler)
  await sent
  assert.equal((await collector.get('/readyz')).status, 200)
  await collector.stop()
  await assertEachLineOnce(collector)
})

test('a file that cannot be opened is tried again, and said once', async () => {
  await using collector = await CollectorProcess.start()
  const inTheWay = join(collector.logs, 'blocked.log')
  await mkdir(inTheWay, { recursive: true })
  await using client = await ForwardClient.connect({ port: collector.places.forward })
  const sent = sendAll(client, 'blocked')
  assert.match(await untilUnready(collector), /blocked\.log|EISDIR|directory/)
  await rmdir(inTheWay)
  await sent
  await collector.stop()
  await assertEachLineOnce(collector)
})
