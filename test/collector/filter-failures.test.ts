/** Where the `on_error` of a filter leads, over a reload, a full disk and a replay too. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Type } from '../../src/config/type.ts'
import type { LedgerSnapshot } from '../../src/pipeline/ledger-counts.ts'
import { defineOutput, type InputContext } from '../../src/pipeline/component.ts'
import type { Outcome } from '../../src/pipeline/batch.ts'
import { parse } from '../../src/pipeline/filters/parse/index.ts'
import { batchOf, decodeEntries } from '../support/entries.ts'
import { until } from '../support/wait.ts'
import { fakeInput, idle } from './fake-input.ts'
import { startCollector } from './start-collector.ts'

class Stage {
  readonly records: unknown[] = []
  readonly answers = new Map<string, Outcome>()
  input: InputContext | null = null

  readonly registry = {
    inputs: [
      fakeInput((context) => {
        this.input = context
        return idle
      }),
    ],
    filters: [parse],
    outputs: [
      defineOutput({
        type: 'fake',
        summary: 'Is for the test.',
        configSchema: Type.Object({}),
        create: (_options, { name }) => ({
          problem: null,
          ...idle,
          deliver: ({ entries, tag }) => {
            const outcome = this.answers.get(name) ?? 'delivered'
            if (outcome === 'delivered')
              for (const { record } of decodeEntries(entries))
                this.records.push([name, tag, record])
            return Promise.resolve(outcome)
          },
        }),
      }),
    ],
  }
}

async function start(t: TestContext, yaml: string) {
  const dataDir = mkdtempSync(join(tmpdir(), 'logboom-filter-failures-'))
  const stage = new Stage()
  const head = `http: { listen: 'tcp://127.0.0.1:0' }\ninputs: { in: { type: fake } }`
  const options = { registry: stage.registry, dataDir, head }
  const { collector, log, stop, reload } = await startCollector(t, yaml, options)
  // After the collector has stopped: hooks run in the order they were set.
  t.after(() => rmSync(dataDir, { recursive: true }))
  const url = collector.addresses.http!.replace('tcp:', 'http:')
  const get = async (path: string): Promise<unknown> => (await fetch(url + path)).json()
  const post = async (path: string) => (await fetch(url + path, { method: 'POST' })).status
  return {
    ...stage,
    stage,
    dataDir,
    log,
    stop,
    get,
    post,
    send: (...records: object[]) => stage.input!.deliver(batchOf('app', ...records)),
    reload,
    ledger: async () => {
      const snapshot = (await get('/api/ledger')) as LedgerSnapshot
      assert.ok(snapshot.balanced, JSON.stringify(snapshot.total))
      return snapshot
    },
  }
}

interface State {
  readonly events: number
  readonly replay: { readonly state: string }
}

const config = (onError: string, more = '') => `
outputs: { out: { type: fake }, odd: { type: fake } }
pipeline:
  - { filter: '**', type: parse, on_error: ${onError} }
  - { match: app, to: out }
labels:
  errors: [{ match: '**', to: odd }]
${more}
`

const GOOD = { log: '{"a":1}' }
const BAD = { log: 'plain', x: 1 }
const WORSE = { log: '{"b":', x: 2 }

function letters(dataDir: string): { output: string; reason: string; record: unknown }[] {
  const folder = join(dataDir, 'dead-letters')
  const names = readdirSync(folder).filter((name) => name.endsWith('.jsonl'))
  const text = names.map((name) => readFileSync(join(folder, name), 'utf8')).join('')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ReturnType<typeof letters>[number])
}

test('a label gets what cannot be parsed, marked, after a reload too', async (t) => {
  const { send, records, ledger, reload } = await start(t, config('"@errors"'))
  assert.equal(await send(GOOD, BAD, GOOD, WORSE), 'delivered')
  assert.deepEqual(records.splice(0), [
    ['out', 'app', { a: 1 }],
    ['out', 'app', { a: 1 }],
    ['odd', 'app', { ...BAD, parse_failed: 'not_an_object' }],
    ['odd', 'app', { ...WORSE, parse_failed: 'invalid_json' }],
  ])
  const { total, filters } = await ledger()
  assert.deepEqual([total['received'], total['delivered'], total['copied']], [4, 4, 0])
  assert.equal(filters['parse']?.['filtered'], 0)
  await reload(config('"@errors"').replace("match: '**', to: odd", "match: '**', to: out"))
  assert.equal(await send(BAD), 'delivered')
  assert.deepEqual(records, [['out', 'app', { ...BAD, parse_failed: 'not_an_object' }]])
})

test('a label that has to wait holds back the whole batch', async (t) => {
  const { send, answers, ledger } = await start(t, config('"@errors"'))
  answers.set('odd', 'retry')
  assert.equal(await send(GOOD, BAD), 'retry')
  answers.set('odd', 'rejected')
  assert.equal(await send(BAD), 'rejected')
  assert.equal((await ledger()).total['in_flight'], 0)
})

test('dead letters have the reason and the event as it came', async (t) => {
  const { send, records, dataDir, ledger } = await start(t, config('dead_letter'))
  assert.equal(await send(BAD, GOOD, WORSE, WORSE), 'delivered')
  assert.equal(await send(BAD), 'rejected')
  assert.deepEqual(records, [['out', 'app', { a: 1 }]])
  assert.deepEqual(
    letters(dataDir).map(({ output, reason, record }) => [output, reason, record]),
    [
      ['filter:parse', 'not_an_object', BAD],
      ['filter:parse', 'invalid_json', WORSE],
      ['filter:parse', 'invalid_json', WORSE],
      ['filter:parse', 'not_an_object', BAD],
    ],
  )
  const { total, filters } = await ledger()
  assert.deepEqual([total['received'], total['delivered'], total['rejected']], [5, 1, 4])
  assert.equal(filters['parse']?.['rejected'], 4)
})

test('dead letters are replayed through the pipeline, and none becomes two', async (t) => {
  const run = await start(t, config('dead_letter'))
  const { send, records, dataDir, reload } = run
  await send(BAD, WORSE)
  const state = async () => (await run.get('/api/dead-letters')) as State
  const replay = async () => {
    assert.equal(await run.post('/api/dead-letters/replay'), 202)
    await until('it is replayed', async () => (await state()).replay.state === 'done')
    return state()
  }
  assert.equal((await replay()).events, 2)
  assert.equal((await replay()).events, 2)
  assert.equal(letters(dataDir).length, 2)
  await reload(config('dead_letter, format: [json, none]'))
  assert.equal((await replay()).events, 0)
  assert.deepEqual(
    records.map((each) => (each as unknown[])[2]),
    [BAD, WORSE],
  )
  assert.ok((await run.ledger()).balanced)
})

/** A file where their folder should be. */
const noFolder = (dataDir: string) => writeFileSync(join(dataDir, 'dead-letters'), '')
const isSaid = (log: readonly string[]) =>
  until('it is said', () => log.some((line) => line.includes('cannot keep dead letters')))

test('while dead letters cannot be kept their senders wait', async (t) => {
  const { send, dataDir, log, ledger } = await start(t, config('dead_letter'))
  noFolder(dataDir)
  const sent = [send(BAD), send(WORSE)]
  await isSaid(log)
  assert.equal((await ledger()).total['in_flight'], 2)
  rmSync(join(dataDir, 'dead-letters'))
  assert.deepEqual(await Promise.all(sent), ['rejected', 'rejected'])
  assert.equal(letters(dataDir).length, 2)
})

test('a stop gives back what cannot be kept', async (t) => {
  const { send, dataDir, log, stop } = await start(t, config('dead_letter'))
  noFolder(dataDir)
  const sent = send(BAD)
  await isSaid(log)
  await stop()
  assert.equal(await sent, 'retry')
})

test('under an if, what does not fit it goes on', async (t) => {
  const yaml = config('dead_letter').replace('type: parse', "type: parse, if: 'x > 1'")
  const { send, records, dataDir, ledger } = await start(t, yaml)
  assert.equal(await send(BAD, WORSE, BAD, WORSE), 'delivered')
  assert.deepEqual(records, [
    ['out', 'app', BAD],
    ['out', 'app', BAD],
  ])
  assert.equal(letters(dataDir).length, 2)
  assert.equal((await ledger()).total['rejected'], 2)
})
