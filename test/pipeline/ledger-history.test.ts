/** Counts over several runs, ended in order or not. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileAccess as files } from '../../src/pipeline/files/file-access.ts'
import { LedgerHistory } from '../../src/pipeline/ledger-history.ts'
import { Ledger } from '../../src/pipeline/ledger.ts'
import { KeptLog, ManualTime } from '../drivers/context.ts'

function fileOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'logboom-history-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return join(folder, 'ledger.json')
}

async function run(path: string) {
  const [ledger, time, log] = [new Ledger(), new ManualTime(), new KeptLog()]
  const around = { ledger, files, clock: time, timers: time, logger: log }
  const history = new LedgerHistory({ path, bufferedOutputs: () => ['net'], ...around })
  await history.start()
  const tag = ledger.tag('x')
  const receive = (count: number) => ledger.receive(ledger.input('in'), tag, count)
  const settle = (output: string, count: number) => {
    ledger.send(ledger.output(output), count)
    ledger.settle(ledger.output(output), tag, count, 'delivered')
  }
  return { ledger, time, log, history, tag, receive, settle }
}

test('runs that end in order add up', async (t) => {
  const path = fileOf(t)
  const first = await run(path)
  first.receive(10)
  first.settle('net', 6)
  first.ledger.send(first.ledger.output('net'), 4)
  first.ledger.leaveBuffered(first.ledger.output('net'), first.tag, 4)
  await first.history.stop()
  const second = await run(path)
  second.ledger.restoreBuffered(second.ledger.output('net'), second.tag, 4)
  second.ledger.settle(second.ledger.output('net'), second.tag, 4, 'delivered')
  second.receive(1)
  second.settle('files', 1)
  const { inputs, outputs, total, balanced, since } = second.history.allRuns
  assert.deepEqual(inputs, { in: { received: 11, dropped: 0, lost: 0 } })
  const { received, delivered, buffered } = outputs['net']!
  assert.deepEqual({ received, delivered, buffered }, { received: 10, delivered: 10, buffered: 0 })
  assert.equal(outputs['files']!['delivered'], 1)
  assert.deepEqual([total['received'], total['restored'], total['delivered']], [11, 0, 11])
  assert.ok(balanced)
  assert.equal(since, first.history.allRuns.since)
})

test('what is on disk is what was left there and has not been restored yet', async (t) => {
  const path = fileOf(t)
  const first = await run(path)
  first.receive(5)
  first.ledger.send(first.ledger.output('net'), 5)
  first.ledger.leaveBuffered(first.ledger.output('net'), first.tag, 5)
  await first.history.stop()
  const second = await run(path)
  second.ledger.restoreBuffered(second.ledger.output('net'), second.tag, 2)
  const { outputs, total, balanced } = second.history.allRuns
  for (const row of [outputs['net'], total])
    assert.deepEqual([row?.['received'], row?.['buffered'], row?.['in_flight']], [5, 3, 2])
  assert.ok(balanced)
})

test('what was damaged or thrown away in earlier runs stays known, and why', async (t) => {
  const path = fileOf(t)
  for (const events of [3, 4]) {
    const { ledger, history, tag, receive } = await run(path)
    receive(events)
    ledger.shed(ledger.output('net'), tag, events, 'buffer_damaged')
    ledger.refuse(ledger.input('in'), tag, 1, 'no_json')
    ledger.damage(ledger.output('net'), 100)
    await history.stop()
  }
  const { drop_reasons, damaged_bytes, total } = (await run(path)).history.allRuns
  assert.deepEqual(drop_reasons, {
    inputs: { in: { no_json: 2 } },
    pipeline: { buffer_damaged: 7 },
  })
  assert.deepEqual(damaged_bytes, { net: 200 })
  assert.equal(total['dropped'], 9)
})

test('after a kill, what was on its way is left in a buffer or with its sender', async (t) => {
  const path = fileOf(t)
  const first = await run(path)
  first.receive(10)
  first.ledger.send(first.ledger.output('net'), 3)
  first.ledger.send(first.ledger.output('files'), 7)
  first.time.advance(5000)
  await first.history.save()
  const { allRuns } = (await run(path)).history
  assert.equal(allRuns.outputs['net']!['buffered'], 3)
  assert.equal(allRuns.outputs['files']!['retried'], 7)
  const { in_flight, buffered, retried } = allRuns.total
  assert.deepEqual({ in_flight, buffered, retried }, { in_flight: 0, buffered: 3, retried: 7 })
  assert.ok(allRuns.balanced)
})

test('a file that cannot be read is reported, and counting begins anew', async (t) => {
  const path = fileOf(t)
  const first = await run(path)
  first.receive(10)
  await first.history.stop()
  const saved = await readFile(path, 'utf8')
  const damaged = saved.replace('"received":10', '"received":16')
  assert.notEqual(damaged, saved)
  for (const text of ['{"version":4,', '{"version":3}', '', damaged]) {
    writeFileSync(path, text)
    const { history, log, receive } = await run(path)
    assert.equal(log.messages('warn').length, 1)
    receive(2)
    await history.stop()
    assert.match(await readFile(path, 'utf8'), /"total":{"received":2,/)
  }
})

test('nothing is written without a start', async (t) => {
  const path = fileOf(t)
  const around = { ledger: new Ledger(), clock: new ManualTime(), timers: new ManualTime() }
  const options = { path, bufferedOutputs: () => [], logger: new KeptLog(), files, ...around }
  await new LedgerHistory(options).stop()
  await assert.rejects(readFile(path), { code: 'ENOENT' })
})
