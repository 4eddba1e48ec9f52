import assert from 'node:assert/strict'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setImmediate as endOfTurn } from 'node:timers/promises'
import { describe, test } from 'node:test'
import type { Outcome } from '../../src/pipeline/batch.ts'
import { stdout, StdoutOutput, type OutputStream } from '../../src/outputs/stdout.ts'
import { ManualTime } from '../drivers/context.ts'
import { runOutput, type RunOutputOptions } from '../drivers/run-output.ts'
import { until } from '../support/wait.ts'

/** Keeps each write until it is answered. */
class HeldStream extends Writable {
  readonly writes: string[] = []
  isTTY = false
  #answers: ((error?: Error) => void)[] = []

  hasColors(): boolean {
    return true
  }

  override _write(bytes: Buffer, _encoding: string, answer: (error?: Error) => void): void {
    this.writes.push(bytes.toString())
    this.#answers.push(answer)
  }

  answer(error?: Error): void {
    const answer = this.#answers.shift()
    assert.ok(answer, 'no write is under way')
    answer(error)
  }
}

const runOn = (stream: OutputStream, yaml = '', options: RunOutputOptions = {}) =>
  runOutput(
    { ...stdout, create: (config, context) => new StdoutOutput(config, context, stream) },
    yaml,
    options,
  )

const line = (tag: string, log: string) =>
  `{"time":"2026-11-21T08:50:00.000000000Z","tag":"${tag}","log":"${log}"}\n`

const brokenPipe = () => Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })

/** What a promise has settled with so far. */
function watch(promise: Promise<Outcome>): { outcome: Outcome | undefined } {
  const watched: { outcome: Outcome | undefined } = { outcome: undefined }
  void promise.then((outcome) => (watched.outcome = outcome))
  return watched
}

describe('format', () => {
  async function written(isTTY: boolean, yaml: string): Promise<string> {
    const stream = new HeldStream()
    stream.isTTY = isTTY
    const run = await runOn(stream, yaml)
    const delivered = run.deliver('app', { log: 'a' })
    await endOfTurn()
    stream.answer()
    assert.equal(await delivered, 'delivered')
    await run.stopAndCheckCompliance()
    return stream.writes.join('')
  }

  const pretty =
    /^\u001b\[2m2026-11-21T08:50:00.000Z\u001b\[0m \u001b\[\d+mapp\u001b\[0m \{"log":"a"\}\n$/

  test('auto is json in a pipe', async () => {
    assert.equal(await written(false, ''), line('app', 'a'))
  })
  test('auto is pretty on a terminal', async () => {
    assert.match(await written(true, 'format: auto'), pretty)
  })
  test('json on a terminal', async () => {
    assert.equal(await written(true, 'format: json'), line('app', 'a'))
  })
  test('pretty in a pipe', async () => {
    assert.match(await written(false, 'format: pretty'), pretty)
  })
  test('another one is refused', async () => {
    await assert.rejects(runOn(new HeldStream(), 'format: xml'))
  })
})

describe('writing', () => {
  test('batches of one turn share a write, those of a write under way share the next', async () => {
    const stream = new HeldStream()
    const run = await runOn(stream)
    const first = watch(run.deliver('a', { log: '1' }))
    const second = watch(run.deliver('b', { log: '2' }))
    assert.deepEqual(stream.writes, [])
    await endOfTurn()
    assert.deepEqual(stream.writes, [line('a', '1') + line('b', '2')])
    const third = watch(run.deliver('a', { log: '3' }))
    await endOfTurn()
    const fourth = watch(run.deliver('a', { log: '4' }))
    await endOfTurn()
    assert.equal(stream.writes.length, 1)
    assert.equal(first.outcome, undefined)
    stream.answer()
    await endOfTurn()
    assert.deepEqual(
      [first.outcome, second.outcome, third.outcome],
      ['delivered', 'delivered', undefined],
    )
    assert.deepEqual(stream.writes.slice(1), [line('a', '3') + line('a', '4')])
    stream.answer()
    await endOfTurn()
    assert.deepEqual([third.outcome, fourth.outcome], ['delivered', 'delivered'])
    await run.stopAndCheckCompliance()
  })

  test('a large write between small ones comes out whole', async () => {
    const stream = new HeldStream()
    const run = await runOn(stream)
    for (const log of ['small', 'x'.repeat(3_000_000), 'small', 'small']) {
      const delivered = run.deliver('a', { log })
      await endOfTurn()
      stream.answer()
      assert.equal(await delivered, 'delivered')
      assert.equal(stream.writes.at(-1), line('a', log))
    }
    await run.stopAndCheckCompliance()
  })
})

describe('stopping', () => {
  test('waits for what is in hand', async () => {
    const stream = new HeldStream()
    const run = await runOn(stream)
    const first = watch(run.deliver('a', { log: '1' }))
    await endOfTurn()
    const second = watch(run.deliver('a', { log: '2' }))
    const stopped = run.stop()
    stream.answer()
    await endOfTurn()
    stream.answer()
    await stopped
    assert.deepEqual([first.outcome, second.outcome], ['delivered', 'delivered'])
    assert.equal(await run.deliver('a', { log: '3' }), 'retry')
    await run.stopAndCheckCompliance()
  })

  test('gives up at the deadline', async () => {
    const stream = new HeldStream()
    const run = await runOn(stream)
    const first = watch(run.deliver('a', { log: '1' }))
    await endOfTurn()
    const second = watch(run.deliver('a', { log: '2' }))
    await run.output.stop(AbortSignal.abort())
    await endOfTurn()
    assert.deepEqual([first.outcome, second.outcome], ['retry', 'retry'])
    stream.answer()
    await endOfTurn()
    assert.equal(stream.writes.length, 1)
    assert.equal(stream.listenerCount('error'), 0)
    await run.stopAndCheckCompliance()
  })
})

test('a failed write is said once, and batches are held until the stop', async () => {
  const stream = new HeldStream()
  const run = await runOn(stream)
  const first = watch(run.deliver('a', { log: '1' }))
  await endOfTurn()
  const second = watch(run.deliver('a', { log: '2' }))
  stream.answer(brokenPipe())
  await endOfTurn()
  const third = watch(run.deliver('a', { log: '3' }))
  await endOfTurn()
  assert.deepEqual(
    [first.outcome, second.outcome, third.outcome],
    [undefined, undefined, undefined],
  )
  assert.equal(stream.writes.length, 1)
  assert.match(run.output.problem ?? '', /cannot write to standard output: write EPIPE/)
  assert.equal(run.log.messages('error').length, 1)
  await run.stop()
  assert.deepEqual([first.outcome, second.outcome, third.outcome], ['retry', 'retry', 'retry'])
  await run.stopAndCheckCompliance()
})

test('lack of memory holds batches, and no line is lost or doubled', async (t) => {
  const stream = new HeldStream()
  const time = new ManualTime()
  const run = await runOn(stream, '', { time })
  const memory = t.mock.method(Buffer, 'allocUnsafeSlow', () => {
    throw new RangeError('Array buffer allocation failed')
  }).mock
  const first = watch(run.deliver('a', { log: '1' }))
  await until('it is a problem', () => run.output.problem)
  time.advance(1000)
  await endOfTurn()
  assert.equal(first.outcome, undefined)
  assert.deepEqual(run.log.messages('error').length, 1)
  memory.restore()
  time.advance(1000)
  await until('it is written', () => stream.writes.length)
  assert.equal(run.output.problem, null)
  stream.answer()
  await endOfTurn()
  assert.equal(first.outcome, 'delivered')
  assert.deepEqual(stream.writes, [line('a', '1')])
  await run.stopAndCheckCompliance()
})

test('a long batch is written in slices', async () => {
  const stream = new HeldStream()
  const run = await runOn(stream)
  const logs = Array.from({ length: 4000 }, (_, index) => `${index}${'x'.repeat(2000)}`)
  const whole = watch(run.deliver('a', ...logs.map((log) => ({ log }))))
  for (let answered = 0; whole.outcome === undefined; answered++) {
    await until('it is written', () => stream.writes.length > answered)
    stream.answer()
    await endOfTurn()
  }
  assert.ok(stream.writes.length >= 4)
  const lines = stream.writes.join('').trimEnd().split('\n')
  assert.deepEqual(
    lines.map((read) => (JSON.parse(read) as { log: string }).log),
    logs,
  )
  await run.stopAndCheckCompliance()
})

describe('the real standard output', () => {
  interface Answer {
    readonly outcome?: Outcome
    readonly problem?: string | null
    readonly errors?: string[]
  }

  async function start(): Promise<{ child: ChildProcess; answers: Answer[] }> {
    const path = join(import.meta.dirname, 'stdout-writer.ts')
    const child = fork(path, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
    await once(child, 'message')
    const answers: Answer[] = []
    child.on('message', (answer) => void answers.push(answer as Answer))
    return { child, answers }
  }

  test('a slow reader holds deliveries back and gets every line', async () => {
    const { child, answers } = await start()
    const count = 50_000
    child.send({ log: 'hello', count })
    // The pipe is full by now, but only a reader can empty it.
    await new Promise((resolve) => child.stdout?.once('readable', resolve))
    assert.equal(answers.length, 0)
    let text = ''
    child.stdout?.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')))
    await until('the batch is delivered', () => answers.length === 1)
    assert.equal(answers[0]?.outcome, 'delivered')
    child.send({ stop: true })
    await once(child, 'exit')
    const lines = text.trimEnd().split('\n')
    assert.deepEqual(
      lines.map((read) => (JSON.parse(read) as { index: number }).index),
      [...Array(count).keys()],
    )
  })

  test('a reader that leaves', async () => {
    const { child, answers } = await start()
    child.stdout?.destroy()
    await once(child.stdout!, 'close')
    child.send({ log: 'into the void' })
    child.send({ log: 'and more' })
    child.send({ stop: true })
    await once(child, 'exit')
    const outcomes = answers.flatMap(({ outcome }) => outcome ?? [])
    assert.deepEqual(outcomes, ['retry', 'retry'])
    assert.match(answers[0]?.problem ?? '', /EPIPE/)
    assert.deepEqual(answers.at(-1)?.errors?.length, 1)
  })
})
