/** The `stdin` input: lines of a pipe, its end, backpressure. */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { stdinFrom } from '../../../src/inputs/stdin/index.ts'
import { runInput } from '../../drivers/run-input.ts'

test('delivers lines, and finishes once all is delivered', async () => {
  const pipe = new PassThrough()
  await using run = await runInput(
    stdinFrom(() => pipe),
    'tag: app',
    { hold: true },
  )
  let isFinished = false
  const finished = run.input.finished?.then(() => (isFinished = true))
  pipe.write('one\ntw')
  pipe.end('o')
  await run.untilRecords(2)
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(isFinished, false)
  run.release()
  await finished
  assert.deepEqual(run.records, [{ log: 'one' }, { log: 'two' }])
  assert.deepEqual(new Set(run.tags), new Set(['app']))
  await run.stopAndCheckCompliance()
})

test('an empty pipe has an end, too; with stop_at_end: false nothing comes of it', async () => {
  const empty = new PassThrough()
  await using run = await runInput(
    stdinFrom(() => empty),
    '',
  )
  empty.end()
  await run.input.finished
  await run.stopAndCheckCompliance()
  const pipe = new PassThrough()
  await using other = await runInput(
    stdinFrom(() => pipe),
    'stop_at_end: false',
  )
  let isFinished = false
  void other.input.finished?.then(() => (isFinished = true))
  pipe.end('one\n')
  await other.untilRecords(1)
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(isFinished, false)
  await other.stopAndCheckCompliance()
})

test('holds the other program back while too much is on its way', async () => {
  const pipe = new PassThrough()
  const yaml = 'in_flight_max: 64KiB'
  await using run = await runInput(
    stdinFrom(() => pipe),
    yaml,
    { hold: true },
  )
  const line = `${'x'.repeat(1023)}\n`
  let written = 0
  const write = () => {
    while (written < 1000 && pipe.write(line)) written++
  }
  pipe.on('drain', write)
  write()
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.ok(written < 200, String(written))
  assert.ok(run.metric('in_flight_bytes')! < 200 * 1024)
  run.release()
  await run.until('all is written', () => written === 1000)
  pipe.end()
  await run.input.finished
  await run.stopAndCheckCompliance()
})

test('at a stop delivers what is in the pipe', async () => {
  const pipe = new PassThrough()
  await using run = await runInput(
    stdinFrom(() => pipe),
    '',
  )
  pipe.write('one\n')
  await run.untilRecords(1)
  pipe.write('two\nthr')
  await run.stop()
  assert.deepEqual(
    run.records.map(({ log }) => log),
    ['one', 'two', 'thr'],
  )
  await run.stopAndCheckCompliance()
})

test('one alone reads it', async () => {
  const pipe = new PassThrough()
  await using run = await runInput(
    stdinFrom(() => pipe),
    '',
  )
  await assert.rejects(
    runInput(
      stdinFrom(() => pipe),
      '',
    ),
    /another input does/,
  )
  await run.stopAndCheckCompliance()
})
