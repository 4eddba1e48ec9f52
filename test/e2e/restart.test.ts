/** What survives when the collector is stopped or killed while events pour in. */
import assert from 'node:assert/strict'
import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { CollectorProcess } from '../support/collector-process.ts'
import { listFiles } from '../support/output-files.ts'
import { ReliableSender } from '../support/reliable-sender.ts'
import { until } from '../support/wait.ts'

const ROUNDS = 4
const LINES = 12_000

/**
 * Sends numbered lines, one in flight and many in flight, and interrupts the collector a few
 * times; returns the numbers found in the files, in their order.
 */
async function linesAcross(
  collector: CollectorProcess,
  interrupt: () => Promise<void>,
): Promise<{ single: number[]; pipelined: number[] }> {
  const address = { port: collector.places.forward }
  const single = new ReliableSender({ address, tag: 'single', window: 1 })
  const pipelined = new ReliableSender({ address, tag: 'pipelined', window: 100 })
  const running = Promise.all([single.run(LINES / 10), pipelined.run(LINES)])
  for (let round = 1; round <= ROUNDS; round += 1) {
    const enough = Math.floor((LINES / 10 / (ROUNDS + 1)) * round)
    await until('the senders get on', () => single.acknowledged >= enough)
    await interrupt()
    await collector.start()
  }
  await running
  await collector.stop()
  const lines = await collector.lines()
  const numbers = (tag: string) =>
    lines.filter((line) => line.tag === tag).map((line) => Number(line['log']))
  return { single: numbers('single'), pipelined: numbers('pipelined') }
}

function below(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number)
}

test('stopped in order: every line once where one is in flight, none lost elsewhere', async () => {
  await using collector = await CollectorProcess.start()
  const found = await linesAcross(collector, async () => {
    await collector.stop()
  })
  assert.deepEqual(found.single, below(LINES / 10))
  assert.deepEqual([...new Set(found.pipelined)].toSorted(byNumber), below(LINES))
})

test('killed: every acknowledged line is in the files at least once', async () => {
  await using collector = await CollectorProcess.start()
  const found = await linesAcross(collector, async () => {
    await collector.kill()
  })
  assert.deepEqual([...new Set(found.single)], below(LINES / 10))
  assert.deepEqual([...new Set(found.pipelined)].toSorted(byNumber), below(LINES))
})

test('a torn last line is set aside, not glued to the next one', async () => {
  await using collector = await CollectorProcess.start()
  const sender = new ReliableSender({
    address: { port: collector.places.forward },
    tag: 'torn',
    window: 1,
  })
  await sender.run(10)
  await collector.kill()
  const torn = '{"time":"2026-11-21T08:50:00.000000000Z","tag":"torn","log":"cut in the mi'
  await appendFile(join(collector.logs, 'torn.log'), torn)
  await collector.start()
  await sender.run(20)
  await collector.stop()

  const lines = await collector.lines()
  assert.deepEqual(
    lines.map((line) => Number(line['log'])),
    below(20),
  )
  const aside = (await listFiles(collector.folder)).filter((path) => path.endsWith('.torn'))
  assert.equal(aside.length, 1)
  assert.match(await readFile(aside[0]!, 'utf8'), /cut in the mi$/m)
  assert.match(collector.process.output, /torn/)
})

function byNumber(a: number, b: number): number {
  return a - b
}
