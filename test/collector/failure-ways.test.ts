/** Where what an output does not get goes on, over a reload too. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Type } from '../../src/config/type.ts'
import type { Outcome } from '../../src/pipeline/batch.ts'
import { defineChunkedOutput, type InputContext } from '../../src/pipeline/component.ts'
import type { ChunkAnswer } from '../../src/pipeline/delivery/chunk.ts'
import { multiline } from '../../src/pipeline/filters/multiline/index.ts'
import { throttle } from '../../src/pipeline/filters/throttle/index.ts'
import { batchOf } from '../support/entries.ts'
import { until } from '../support/wait.ts'
import { fakeInput, idle } from './fake-input.ts'
import { startCollector } from './start-collector.ts'

class Stage {
  /** `output tag`, for each batch. */
  readonly sent: string[] = []
  readonly inputs = new Map<string, InputContext>()
  readonly answers = new Map<string, ChunkAnswer>()
  /** Outputs that start only when this has settled. */
  readonly slow = new Map<string, Promise<void>>()

  readonly registry = {
    inputs: [
      fakeInput((context) => {
        this.inputs.set(context.name, context)
        return idle
      }),
    ],
    filters: [multiline, throttle],
    outputs: [
      defineChunkedOutput({
        type: 'fake',
        summary: 'Is for the test.',
        configSchema: Type.Object({ version: Type.Integer({ default: 1 }) }),
        create: (_options, { name }) => ({
          problem: null,
          ...idle,
          start: () => this.slow.get(name) ?? idle.start(),
          deliverChunk: ({ batches }) => {
            this.sent.push(...batches.map(({ tag }) => `${name} ${tag}`))
            return Promise.resolve(this.answers.get(name) ?? { kind: 'delivered' })
          },
        }),
      }),
    ],
  }
}

async function start(t: TestContext, yaml: string) {
  const dataDir = mkdtempSync(join(tmpdir(), 'logboom-failures-'))
  const started = await startIn(t, dataDir, yaml)
  // After the collector has stopped: hooks run in the order they were set.
  t.after(() => rmSync(dataDir, { recursive: true }))
  return started
}

async function startIn(t: TestContext, dataDir: string, yaml: string, stage = new Stage()) {
  const head = 'http: { enabled: false }\ninputs: { in: { type: fake } }'
  const options = { registry: stage.registry, dataDir, head }
  const { log, stop, reload } = await startCollector(t, yaml, options)
  const send = (tag: string) => stage.inputs.get('in')!.deliver(batchOf(tag, {}))
  return { stage, send, log, stop, reload }
}

const AWAY: ChunkAnswer = { kind: 'hold', reason: 'away' }

const SECONDARY = `
outputs:
  first: { type: fake, buffer: { type: memory }, retry: { give_up_after: 1 }, secondary: second }
  second: { type: fake, version: 1, buffer: { type: memory } }
pipeline:
  - { match: '**', to: first }
`

function dataFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'logboom-failures-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

test('an output for the network has a buffer on disk without being told to', async (t) => {
  const { stage, send } = await start(
    t,
    "outputs: { out: { type: fake } }\npipeline: [{ match: '**', to: out }]",
  )
  stage.answers.set('out', { kind: 'retry', reason: 'away' })
  assert.equal(await send('x'), 'delivered')
  await until('it was tried', () => stage.sent.length > 0)
  stage.answers.clear()
  await until('it is tried again', () => stage.sent.length > 1)
})

for (const answer of [
  { kind: 'rejected', reason: 'bad' },
  { kind: 'retry', reason: 'away' },
] as const)
  test(`the secondary output gets what was answered ${answer.kind}`, async (t) => {
    const { stage, send, reload } = await start(t, SECONDARY)
    stage.answers.set('first', answer)
    assert.equal(await send('x'), 'rejected')
    assert.deepEqual(stage.sent.splice(0), ['first x', 'second x'])
    await reload(SECONDARY.replace('version: 1', 'version: 2'))
    assert.equal(await send('y'), 'rejected')
    assert.deepEqual(stage.sent, ['first y', 'second y'])
  })

function savedLedger(dataDir: string) {
  return JSON.parse(readFileSync(join(dataDir, 'ledger.json'), 'utf8')) as {
    outputs: Record<string, Record<string, number>>
    total: Record<string, number>
  }
}

/** The outputs that are named in dead letters. */
function outputsInLetters(dataDir: string): unknown[] {
  const folder = join(dataDir, 'dead-letters')
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
  const lines = texts.join('').trimEnd().split('\n')
  return lines.map((line) => (JSON.parse(line) as { output: unknown }).output)
}

for (const [way, first, more] of [
  ['as a secondary', 'secondary: second', ''],
  ['behind a label', "on_error: '@errors'", "labels: { errors: [{ match: '**', to: second }] }"],
] as const)
  test(`what both outputs reject is one dead letter, with the second ${way}`, async (t) => {
    const yaml = `
outputs:
  first: { type: fake, buffer: { type: memory }, ${first} }
  second: { type: fake, buffer: { type: memory } }
pipeline: [{ match: '**', to: first }]
${more}
`
    const dataDir = dataFolder(t)
    const { stage, send } = await startIn(t, dataDir, yaml)
    for (const name of ['first', 'second'])
      stage.answers.set(name, { kind: 'rejected', reason: 'bad' })
    assert.equal(await send('x'), 'rejected')
    assert.deepEqual(outputsInLetters(dataDir), ['second'])
  })

test('what no match takes behind on_error is a dead letter of the first output', async (t) => {
  const yaml = `
outputs:
  first: { type: fake, buffer: { type: memory }, on_error: '@errors' }
  second: { type: fake, buffer: { type: memory } }
pipeline: [{ match: '**', to: first }]
labels: { errors: [{ match: other, to: second }] }
`
  const dataDir = dataFolder(t)
  const { stage, send, stop } = await startIn(t, dataDir, yaml)
  stage.answers.set('first', { kind: 'rejected', reason: 'bad' })
  assert.equal(await send('x'), 'rejected')
  assert.deepEqual(outputsInLetters(dataDir), ['first'])
  await stop()
  const { outputs, total } = savedLedger(dataDir)
  assert.deepEqual([outputs['first']?.['rejected'], total['dropped']], [1, 0])
})

const behindFilter = (step: string) => `
outputs:
  first: { type: fake, buffer: { type: memory }, on_error: '@errors' }
  second: { type: fake, buffer: { type: memory } }
pipeline: [{ match: '**', to: first }]
labels: { errors: [{ filter: '**', ${step} }, { match: other, to: second }] }
`

/** Sends a, b and a again, which the first output rejects; how many letters and what is counted. */
async function afterFilter(t: TestContext, step: string) {
  const dataDir = dataFolder(t)
  const { stage, stop } = await startIn(t, dataDir, behindFilter(step))
  stage.answers.set('first', { kind: 'rejected', reason: 'bad' })
  const records = ['a', 'b', 'a'].map((log) => ({ log }))
  assert.equal(await stage.inputs.get('in')!.deliver(batchOf('x', ...records)), 'rejected')
  await stop()
  const letters = existsSync(join(dataDir, 'dead-letters')) ? outputsInLetters(dataDir).length : 0
  const { total } = savedLedger(dataDir)
  const { copied, filtered, dropped, rejected } = total
  return { letters, counts: { copied, filtered, dropped, rejected } }
}

test('what a filter behind on_error throws away is a dead letter, and not dropped', async (t) => {
  const { letters, counts } = await afterFilter(t, 'type: throttle, events_per_second: 0.01')
  assert.equal(letters, 3)
  assert.deepEqual(counts, { copied: 3, filtered: 0, dropped: 0, rejected: 6 })
})

test('what a filter behind on_error has held is no dead letter, and dropped', async (t) => {
  const { letters, counts } = await afterFilter(t, 'type: multiline, start: a')
  assert.equal(letters, 0)
  assert.deepEqual(counts, { copied: 3, filtered: 1, dropped: 2, rejected: 3 })
})

test('on_error leads to a label, with the steps it has after a reload', async (t) => {
  const yaml = (target: string) => `
outputs:
  out: { type: fake, buffer: { type: memory }, on_error: '@errors' }
  some: { type: fake }
  others: { type: fake }
pipeline:
  - { match: good, to: [some, others] }
  - { match: '**', to: out }
labels:
  errors: [{ match: '**', to: ${target} }]
`
  const { stage, send, reload } = await start(t, yaml('some'))
  stage.answers.set('out', { kind: 'rejected', reason: 'bad' })
  await send('x')
  await until('the label has it', () => stage.sent.includes('some x'))
  await reload(yaml('others'))
  await send('y')
  await until('the other has it', () => stage.sent.includes('others y'))
  assert.deepEqual(stage.sent, ['out x', 'some x', 'out y', 'others y'])
})

test('a secondary output that starts slowly keeps what it has on disk', async (t) => {
  const yaml = `
outputs:
  first: { type: fake, secondary: second }
  second: { type: fake }
pipeline:
  - { match: direct, to: second }
  - { match: '**', to: first }
`
  const dataDir = mkdtempSync(join(tmpdir(), 'logboom-failures-'))
  const before = await startIn(t, dataDir, yaml)
  for (const name of ['first', 'second']) before.stage.answers.set(name, AWAY)
  assert.deepEqual(
    [await before.send('direct'), await before.send('x')],
    ['delivered', 'delivered'],
  )
  await until('both were tried', () => before.stage.sent.length >= 2)
  await before.stop()
  const stage = new Stage()
  stage.answers.set('first', { kind: 'rejected', reason: 'bad' })
  const slow = Promise.withResolvers<void>()
  stage.slow.set('second', slow.promise)
  const starting = startIn(t, dataDir, yaml, stage)
  await until('the first has rejected it', () => stage.sent.includes('first x'))
  slow.resolve()
  await starting
  t.after(() => rmSync(dataDir, { recursive: true }))
  await until('the second has both', () => stage.sent.includes('second x'))
  assert.deepEqual(stage.sent.filter((line) => line.startsWith('second')).toSorted(), [
    'second direct',
    'second x',
  ])
})

test('what a buffer left on disk is delivered when it becomes one in memory', async (t) => {
  const yaml = (type: string) => `
outputs: { out: { type: fake, buffer: { type: ${type} } } }
pipeline: [{ match: '**', to: out }]
`
  const { stage, send, reload } = await start(t, yaml('disk'))
  stage.answers.set('out', AWAY)
  await send('x')
  await until('it was tried', () => stage.sent.length > 0)
  await reload(yaml('memory'))
  stage.sent.splice(0)
  stage.answers.clear()
  await until('it is tried again', () => stage.sent.includes('out x'))
})

test('what a full secondary does not take is a dead letter, and not dropped', async (t) => {
  const yaml = `
outputs:
  first: { type: fake, buffer: { type: memory }, secondary: second }
  second: { type: fake, buffer: { type: memory, max_bytes: 1B, when_full: drop_newest } }
pipeline:
  - { match: full, to: second }
  - { match: '**', to: first }
`
  const dataDir = dataFolder(t)
  const { stage, send, stop } = await startIn(t, dataDir, yaml)
  stage.answers.set('first', { kind: 'rejected', reason: 'bad' })
  stage.answers.set('second', AWAY)
  void send('full')
  await until('the second is at work', () => stage.sent.includes('second full'))
  assert.equal(await send('x'), 'rejected')
  assert.deepEqual(outputsInLetters(dataDir), ['first'])
  await stop()
  const { outputs, total } = savedLedger(dataDir)
  assert.deepEqual([outputs['second']?.['rejected'], total['dropped']], [1, 0])
})

test('what a secondary in memory throws away for later ones is a dead letter too', async (t) => {
  // Room for three: two that are on their way, and one that waits.
  const maxBytes = 3 * batchOf('direct', {}).entries.length
  const yaml = `
outputs:
  first: { type: fake, buffer: { type: memory }, secondary: second }
  second: { type: fake, buffer: { type: memory, max_bytes: ${maxBytes}B, when_full: drop_oldest } }
pipeline:
  - { match: direct, to: second }
  - { match: '**', to: first }
`
  const dataDir = dataFolder(t)
  const { stage, send, stop } = await startIn(t, dataDir, yaml)
  stage.answers.set('first', { kind: 'rejected', reason: 'bad' })
  stage.answers.set('second', AWAY)
  void send('direct')
  await until('the second is at work', () => stage.sent.includes('second direct'))
  void send('direct')
  let outcome: Outcome | undefined
  void send('x').then((answer) => (outcome = answer))
  await until('later ones have taken its place', () => {
    void send('direct')
    return outcome === 'rejected'
  })
  assert.deepEqual(outputsInLetters(dataDir), ['first'])
  await stop()
  assert.equal(savedLedger(dataDir).outputs['second']?.['rejected'], 1)
})
