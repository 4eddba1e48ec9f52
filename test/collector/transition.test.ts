/** From one configuration to the next, when components do not do what they should. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Collector } from '../../src/collector/collector.ts'
import { type BufferedConfig, outputCommonSchema } from '../../src/config/buffer-schema.ts'
import { withDefaults } from '../../src/config/defaults.ts'
import type { Config } from '../../src/config/model.ts'
import { Type } from '../../src/config/type.ts'
import { createLog } from '../../src/log.ts'
import type { Outcome } from '../../src/pipeline/batch.ts'
import { defineOutput, type InputContext } from '../../src/pipeline/component.ts'
import { Gate } from '../../src/pipeline/gate.ts'
import { batchOf } from '../support/entries.ts'
import { until } from '../support/wait.ts'
import { fakeInput } from './fake-input.ts'

/** What components of the test do, and what was done with them. */
class Stage {
  readonly steps: string[] = []
  /** Names of components that cannot be started. */
  readonly broken = new Set<string>()
  /** While it is not null, outputs hold what they get. */
  held: ((outcome: Outcome) => void)[] | null = null
  readonly inputs = new Map<string, InputContext>()
  /** By name, the deadlines of stops that last until then. */
  readonly #slow = new Map<string, AbortSignal[]>()

  readonly input = fakeInput((context) => {
    this.inputs.set(context.name, context)
    return this.#lifecycle(context.name)
  })

  readonly output = defineOutput({
    type: 'fake',
    summary: 'Is for the test.',
    configSchema: Type.Object({}),
    create: (_options, { name }) => ({
      problem: null,
      ...this.#lifecycle(name),
      deliver: ({ tag }) => {
        this.steps.push(`${name} takes ${tag}`)
        const { held } = this
        if (held === null) return Promise.resolve<Outcome>('delivered')
        return new Promise((resolve) => held.push(resolve))
      },
    }),
  })

  #lifecycle(name: string) {
    let isOver = false
    return {
      start: async () => {
        assert.ok(!isOver, 'started after its stop')
        if (this.broken.has(name)) throw new Error(`cannot open ${name}`)
        this.steps.push(`${name} starts`)
      },
      stop: async (deadline: AbortSignal) => {
        isOver = true
        this.steps.push(`${name} stops`)
        this.#slow.get(name)?.push(deadline)
        if (this.#slow.has(name) && !deadline.aborted) await once(deadline, 'abort')
      },
    }
  }

  /** Stops of that component take as long as they may; returns their deadlines. */
  slow(name: string): AbortSignal[] {
    const deadlines: AbortSignal[] = []
    this.#slow.set(name, deadlines)
    return deadlines
  }

  /** The steps since the last call. */
  taken(): string[] {
    return this.steps.splice(0)
  }

  deliver(tag: string): Promise<Outcome> {
    return this.inputs.get('in')!.deliver(batchOf(tag, {}))
  }
}

interface ConfigOptions {
  readonly buffered?: BufferedConfig
}

function configOf(
  dataDir: string,
  outputs: Readonly<Record<string, number>>,
  { buffered }: ConfigOptions = {},
): Config {
  return {
    data_dir: dataDir,
    http: { enabled: false, listen: 'tcp://127.0.0.1:0' },
    log: { level: 'error', format: 'json' },
    stop_timeout: '100ms',
    dead_letters: { max_bytes: '256MiB', max_age: '30d' },
    memory_max: '256MiB',
    inputs: { in: { type: 'fake', options: {} } },
    outputs: Object.fromEntries(
      Object.entries(outputs).map(([name, version]) => [
        name,
        { type: 'fake', options: { version }, ...(buffered && { buffered }) },
      ]),
    ),
    pipeline: [{ match: '**', to: Object.keys(outputs) }],
    labels: {},
  }
}

async function start(
  t: TestContext,
  outputs: Readonly<Record<string, number>>,
  options: ConfigOptions = {},
) {
  const dataDir = mkdtempSync(join(tmpdir(), 'logboom-transition-'))
  const stage = new Stage()
  const logger = await createLog({ level: 'error', format: 'json', destination: { write: noop } })
  const registry = { inputs: [stage.input], filters: [], outputs: [stage.output] }
  const config = configOf(dataDir, outputs, options)
  const collector = new Collector(config, { logger, configPath: null, registry })
  t.after(async () => {
    await collector.stop(AbortSignal.timeout(100))
    logger.flush()
    rmSync(dataDir, { recursive: true })
  })
  await collector.start()
  stage.taken()
  const reload = (next: Readonly<Record<string, number>>) =>
    collector.reload(configOf(dataDir, next, options))
  return { stage, config, collector, reload }
}

/** What comes from now on waits, once the call returned has resolved. */
function closingOfGate(t: TestContext): () => Promise<unknown> {
  const close = t.mock.method(Gate.prototype, 'close')
  return () => until('the gate is closed', () => close.mock.callCount() > 0)
}

function noop(): void {
  // What is logged is not looked at.
}

test('what stays is not touched, what goes is stopped before what comes starts', async (t) => {
  const { stage, reload } = await start(t, { a: 1, b: 1 })
  const changes = await reload({ a: 1, b: 2, c: 1 })
  assert.deepEqual(stage.taken(), ['b stops', 'b starts', 'c starts'])
  assert.deepEqual(changes, {
    started: ['output b', 'output c'],
    stopped: ['output b'],
    kept: ['input in', 'output a'],
    settings: [],
  })
  assert.equal(await stage.deliver('x'), 'delivered')
  assert.deepEqual(stage.taken(), ['a takes x', 'b takes x', 'c takes x'])
})

test('memory_max is another at once, for what stays as well', async (t) => {
  const { stage, config, collector } = await start(t, { a: 1 })
  const { memory } = stage.inputs.get('in')!
  memory.add(1000)
  assert.equal(memory.isFull, false)
  const { kept, settings } = await collector.reload({ ...config, memory_max: '1000B' })
  assert.deepEqual([kept, settings], [['input in', 'output a'], ['memory_max']])
  assert.equal(memory.isFull, true)
})

test('settings that are no component are taken over and named', async (t) => {
  const { config, collector } = await start(t, { a: 1 })
  const dead_letters = { ...config.dead_letters, max_age: '1d' }
  const next = { ...config, dead_letters, stop_timeout: '200ms' }
  const { started, stopped, settings } = await collector.reload(next)
  assert.deepEqual([started, stopped, settings], [[], [], ['dead_letters', 'stop_timeout']])
})

test('an output goes when it has answered for all it was given; what comes waits', async (t) => {
  const { stage, reload } = await start(t, { a: 1 })
  const gateClosed = closingOfGate(t)
  stage.held = []
  const first = stage.deliver('first')
  const changed = reload({ a: 2 })
  await gateClosed()
  const second = stage.deliver('second')
  assert.deepEqual(stage.taken(), ['a takes first'])
  stage.held.shift()!('delivered')
  stage.held = null
  await changed
  assert.deepEqual(await Promise.all([first, second]), ['delivered', 'delivered'])
  assert.deepEqual(stage.taken(), ['a stops', 'a starts', 'a takes second'])
})

const inMemory = withDefaults(outputCommonSchema, { buffer: { type: 'memory' } }) as BufferedConfig

test('what a buffer has in memory is delivered before its output goes', async (t) => {
  const { stage, reload } = await start(t, { a: 1 }, { buffered: inMemory })
  const held: ((outcome: Outcome) => void)[] = (stage.held = [])
  const answers = [stage.deliver('x'), stage.deliver('x')]
  await until('the output has one of them', () => held.length === 1)
  const isClosed = closingOfGate(t)
  const reloaded = reload({ a: 2 })
  await isClosed()
  const later = stage.deliver('later')
  held[0]!('delivered')
  await until('the output has the other', () => held.length === 2)
  stage.held = null
  held[1]!('delivered')
  assert.deepEqual(await Promise.all(answers), ['delivered', 'delivered'])
  await reloaded
  assert.equal(await later, 'delivered')
  const steps = ['a takes x', 'a takes x', 'a stops', 'a starts', 'a takes later']
  assert.deepEqual(stage.taken(), steps)
})

test('one that fails is not waited for: what it has in memory is given back', async (t) => {
  const { stage, reload } = await start(t, { a: 1 }, { buffered: inMemory })
  const held: ((outcome: Outcome) => void)[] = (stage.held = [])
  const answers = [stage.deliver('x'), stage.deliver('x')]
  await until('the output has one of them', () => held.length === 1)
  held[0]!('retry')
  await reload({ a: 2 })
  assert.deepEqual(await Promise.all(answers), ['retry', 'retry'])
})

test('one that does not answer stays, and so does all else', async (t) => {
  const { stage, reload } = await start(t, { a: 1, b: 1 })
  stage.held = []
  const first = stage.deliver('first')
  await assert.rejects(reload({ a: 2, b: 1 }), /2 events are still on their way after 0\.1 s/)
  assert.deepEqual(stage.taken(), ['a takes first', 'b takes first'])
  const second = stage.deliver('second')
  assert.deepEqual(stage.taken(), ['a takes second', 'b takes second'])
  for (const settle of stage.held) settle('delivered')
  stage.held = null
  assert.deepEqual(await Promise.all([first, second]), ['delivered', 'delivered'])
  await reload({ a: 2, b: 1 })
  assert.deepEqual(stage.taken(), ['a stops', 'a starts'])
})

test('a stop does not wait for a reload that waits: what was to go stays to the end', async (t) => {
  const { stage, collector, reload } = await start(t, { a: 1 })
  const gateClosed = closingOfGate(t)
  stage.held = []
  const first = stage.deliver('first')
  const reloaded = assert.rejects(reload({ a: 2 }), /the collector is stopping/)
  await gateClosed()
  const second = stage.deliver('second')
  assert.deepEqual(stage.taken(), ['a takes first'])
  const stopped = collector.stop(new AbortController().signal)
  await reloaded
  await until('what waited has gone on', () => stage.held?.length === 2)
  for (const settle of stage.held) settle('delivered')
  assert.deepEqual(await Promise.all([first, second]), ['delivered', 'delivered'])
  await stopped
  assert.deepEqual(stage.taken(), ['a takes second', 'in stops', 'a stops'])
})

test('a reload that is under way takes no longer than the stop may', async (t) => {
  const { stage, collector, reload } = await start(t, { a: 1 })
  const [limits, deadline] = [stage.slow('a'), new AbortController()]
  const reloaded = reload({ a: 2 })
  await until('its stop has begun', () => limits.length === 1)
  const stopped = collector.stop(deadline.signal)
  assert.equal(limits[0]!.aborted, false)
  deadline.abort()
  assert.equal(limits[0]!.aborted, true)
  await Promise.all([reloaded, stopped])
})

test('when what comes cannot start, what went is started again', async (t) => {
  const { stage, reload } = await start(t, { a: 1, b: 1 })
  stage.broken.add('c')
  await assert.rejects(reload({ a: 2, c: 1 }), /cannot open c/)
  assert.deepEqual(stage.taken().toSorted(), [
    'a starts',
    'a starts',
    'a stops',
    'a stops',
    'b starts',
    'b stops',
    'c stops',
  ])
  assert.equal(await stage.deliver('x'), 'delivered')
  assert.deepEqual(stage.taken(), ['a takes x', 'b takes x'])
})

test('when even that cannot be done, events are held until another reload helps', async (t) => {
  const { stage, reload } = await start(t, { a: 1, b: 1 })
  stage.broken.add('a').add('c')
  await assert.rejects(reload({ a: 2, b: 1, c: 1 }), /cannot open a/)
  stage.taken()
  const outcome = stage.deliver('x')
  // What is let in is taken at once: an output would have it by now.
  assert.deepEqual(stage.taken(), [])
  await reload({ b: 1 })
  assert.deepEqual(stage.taken(), ['b takes x'])
  assert.equal(await outcome, 'delivered')
})
