import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import type { Batch, Outcome } from '../../../src/pipeline/batch.ts'
import { DeadLetters } from '../../../src/pipeline/dead-letters/dead-letters.ts'
import type { Selection } from '../../../src/pipeline/dead-letters/selection.ts'
import { compileTagPattern } from '../../../src/pipeline/tag-pattern.ts'
import { decodeEntries, entriesOf } from '../../support/entries.ts'
import { FakeOutput, match, pipelineOf } from '../../support/pipeline-parts.ts'
import { until } from '../../support/wait.ts'
import {
  letterOf,
  linesIn,
  logs,
  logsIn,
  numbered,
  open,
  type Opened,
  temporaryFolder,
} from './store-fixture.ts'

type Deliver = (batch: Batch, to: string | undefined) => Promise<Outcome>

const delivered = () => Promise.resolve('delivered' as const)

async function opened(t: TestContext, deliver: Deliver = delivered) {
  const folder = await temporaryFolder(t)
  const parts = await open(folder)
  return { ...parts, folder, letters: lettersOf(parts, deliver) }
}

function lettersOf({ store, time, log }: Opened, deliver: Deliver): DeadLetters {
  return new DeadLetters({ store, deliver, clock: time, timers: time, logger: log })
}

async function replay(letters: DeadLetters, selection: Selection = {}, to?: string) {
  assert.ok(letters.startReplay(selection, to))
  await ended(letters)
  return letters.replay!
}

const ended = (letters: DeadLetters) =>
  until('the replay has ended', () => letters.replay?.endedAt !== null)

const close = (letters: DeadLetters) => letters.close(new AbortController().signal)

function logsOf(batches: readonly Batch[]): unknown[] {
  return batches.flatMap(({ entries }) => decodeEntries(entries).map(({ record }) => record['log']))
}

test('replays all by tag, in order and with the same bytes, and then keeps nothing', async (t) => {
  const taken: Batch[] = []
  const { store, letters, folder, metric } = await opened(
    t,
    (batch) => (taken.push(batch), delivered()),
  )
  const records = [{ log: 'x', big: 9_007_199_254_740_993n, bin: Buffer.from([0, 255]) }]
  await store.sinkFor('search').add([letterOf(records, { tag: 'odd' })])
  await store.sinkFor('search').add(numbered(0, 3))
  await store.sinkFor('search').add(numbered(3, 5))
  const { state, found, examined, delivered: count, rejected } = await replay(letters)
  assert.deepEqual([state, found, examined, count, rejected], ['done', 6, 6, 6, 0])
  assert.deepEqual(
    taken.map(({ tag, count: events }) => [tag, events]),
    [
      ['odd', 1],
      ['docker.web', 5],
    ],
  )
  assert.deepEqual(taken[0]?.entries, entriesOf(records))
  assert.deepEqual(logsOf(taken.slice(1)), logs(0, 5))
  assert.deepEqual(await readdir(folder), [])
  assert.deepEqual([metric('events'), metric('replayed_total')], [0, 6])
  await close(letters)
})

test('bounds throw nothing away that is to be replayed', async (t) => {
  const taken: Batch[] = []
  const { store, letters, folder, time } = await opened(
    t,
    (batch) => (taken.push(batch), delivered()),
  )
  await store.sinkFor('search').add(numbered(0, 2))
  await store.holdFiles().then((files) => store.releaseFiles(files))
  await store.sinkFor('search').add(numbered(2, 4))
  time.advance(10_000)
  store.setBounds({ maxBytes: 1, maxAgeMs: 1 })
  const { found, delivered: count } = await replay(letters)
  assert.deepEqual([found, count, logsOf(taken)], [4, 4, logs(0, 4)])
  assert.deepEqual(await readdir(folder), [])
  await close(letters)
})

test('a stop waits a while; what is taken after that is noted all the same', async (t) => {
  const answers: ((outcome: Outcome) => void)[] = []
  const { store, letters, time, folder } = await opened(
    t,
    () => new Promise((resolve) => answers.push(resolve)),
  )
  await store.sinkFor('search').add(numbered(0, 2))
  assert.ok(letters.startReplay({}, undefined))
  await until('it is sent', () => answers.length === 1)
  assert.equal(letters.stopReplay()?.state, 'stopping')
  time.advance(3000)
  await ended(letters)
  assert.deepEqual([letters.replay?.state, letters.replay?.delivered], ['stopped', 0])
  assert.equal((await store.kept()).events, 2)
  answers[0]!('delivered')
  await until('they are noted', async () => (await readdir(folder)).length === 0)
  assert.equal(time.pending, 1)
  await close(letters)
})

test('replays only what is selected, to the output that is asked for', async (t) => {
  const asked: unknown[] = []
  const { store, letters, folder } = await opened(t, (_batch, to) => (asked.push(to), delivered()))
  await store.sinkFor('search').add([...numbered(0, 2), ...numbered(2, 4, { tag: 'app' })])
  const state = await replay(letters, { matches: compileTagPattern('app') }, 'archive')
  assert.deepEqual([state.delivered, state.to, asked], [2, 'archive', ['archive']])
  assert.equal((await store.kept()).events, 2)
  assert.deepEqual(
    (await store.kept()).groups.filter(({ events }) => events > 0).map(({ tag }) => tag),
    ['docker.web'],
  )
  assert.equal((await linesIn(folder)).length, 4)
  await close(letters)
})

test('what is rejected stays; what is given back is tried again after pauses', async (t) => {
  const answers: Outcome[] = ['retry', 'retry', 'delivered']
  const deliver = ({ tag }: Batch) =>
    Promise.resolve(tag === 'bad' ? ('rejected' as const) : answers.shift()!)
  const { store, letters, time } = await opened(t, deliver)
  await store.sinkFor('search').add([...numbered(0, 2), ...numbered(2, 5, { tag: 'bad' })])
  letters.startReplay({}, undefined)
  for (const pause of [100, 200]) {
    await until('it waits', () => time.pending === 2)
    time.advance(pause - 1)
    assert.equal(time.pending, 2)
    time.advance(1)
  }
  await ended(letters)
  const { state, delivered: count, rejected, retried } = letters.replay!
  assert.deepEqual([state, count, rejected, retried], ['done', 2, 3, 4])
  assert.equal((await store.kept()).events, 3)
  await close(letters)
})

test('a replay is stopped between two tries, keeps the rest, and one goes on later', async (t) => {
  let answer: Outcome = 'retry'
  const { store, letters, time } = await opened(t, () => Promise.resolve(answer))
  await store.sinkFor('search').add(numbered(0, 2))
  letters.startReplay({}, undefined)
  assert.equal(letters.startReplay({}, undefined), undefined)
  assert.equal(await letters.drop({}), undefined)
  await until('it waits', () => time.pending === 2)
  assert.ok(letters.stopReplay())
  await ended(letters)
  assert.equal(letters.replay?.state, 'stopped')
  assert.equal(letters.stopReplay(), undefined)
  assert.equal((await store.kept()).events, 2)
  answer = 'delivered'
  assert.equal((await replay(letters)).delivered, 2)
  await letters.stop(new AbortController().signal)
  assert.equal(letters.startReplay({}, undefined), undefined)
  await close(letters)
  assert.equal(time.pending, 0)
})

test('what fails again is a new letter with a count, and is left to the next replay', async (t) => {
  const failing: Deliver = async ({ tag, entries, count }) => {
    const again = { tag, entries, count, sequence: 100 + calls++ }
    await store.sinkFor('search').add([letterOf([], again)])
    return 'delivered'
  }
  let calls = 0
  const { store, letters, folder } = await opened(t, failing)
  await store.sinkFor('search').add(numbered(0, 3))
  for (const round of [1, 2]) {
    const { state, delivered: count } = await replay(letters)
    assert.deepEqual([state, count, calls], ['done', 3, round])
    assert.deepEqual(await logsIn(folder), logs(0, 3))
    const counts = (await linesIn(folder)).map(({ replays }) => replays)
    assert.deepEqual(counts, [round, round, round])
  }
  await close(letters)
})

describe('when the process is killed', () => {
  /** Killed while the portion with that number is on its way. */
  for (const portion of [0, 1, 3])
    test(`in portion ${portion}, all come, and only those on their way twice`, async (t) => {
      const taken: Batch[] = []
      const { promise: never, resolve } = Promise.withResolvers<Outcome>()
      const killed = await opened(t, (batch) => (taken.push(batch) > portion ? never : delivered()))
      await killed.store.sinkFor('search').add(numbered(0, 3500))
      killed.letters.startReplay({}, undefined)
      await until('it is on its way', () => taken.length === portion + 1)
      const next = await open(killed.folder)
      const letters = lettersOf(next, (batch) => (taken.push(batch), delivered()))
      const { delivered: count } = await replay(letters)
      const seen = logsOf(taken)
      assert.deepEqual([...new Set(seen)], logs(0, 3500))
      assert.equal(seen.length, 3500 + (taken[portion]?.count ?? 0))
      assert.ok((taken[portion]?.count ?? 0) <= 1000)
      assert.equal(count, seen.length - logsOf(taken.slice(0, portion + 1)).length)
      await close(letters)
      killed.letters.stopReplay()
      resolve('retry')
      await close(killed.letters)
    })
})

test('what is damaged is not sent, and counted', async (t) => {
  const { store, folder } = await opened(t)
  await store.sinkFor('search').add(numbered(0, 3))
  await store.stop()
  const [name = ''] = await readdir(folder)
  const text = await readFile(join(folder, name), 'utf8')
  await writeFile(join(folder, name), text.replace('"time":"2026', '"time":"2027'))
  const letters = lettersOf(await open(folder), delivered)
  const { state, found, examined, delivered: count, damaged } = await replay(letters)
  assert.deepEqual([state, found, examined, count, damaged], ['done', 2, 2, 2, 1])
  await close(letters)
})

test('a file that cannot be read is left out, and said to be; the others are sent', async (t) => {
  const taken: Batch[] = []
  const { store, letters, access } = await opened(t, (batch) => (taken.push(batch), delivered()))
  await store.sinkFor('search').add(numbered(0, 2))
  await store.holdFiles()
  await store.sinkFor('search').add(numbered(2, 3))
  access.fail('read')
  const { state, problem, found, examined } = await replay(letters)
  assert.deepEqual([state, found, examined], ['done', 3, 1])
  assert.match(problem ?? '', /^cannot read .*\.jsonl: read is said to fail$/)
  assert.deepEqual(logsOf(taken), ['line 2'])
  const next = await replay(letters)
  assert.deepEqual([next.problem, next.delivered], [null, 2])
  assert.deepEqual(logsOf(taken), ['line 2', 'line 0', 'line 1'])
  await close(letters)
})

test('a note that cannot be written ends it; what was taken is not sent again', async (t) => {
  const taken: Batch[] = []
  const { store, letters, access } = await opened(t, (batch) => (taken.push(batch), delivered()))
  await store.sinkFor('search').add(numbered(0, 1500))
  access.fail('rename')
  const { state, problem } = await replay(letters)
  assert.deepEqual([state, problem], ['failed', 'rename is said to fail'])
  assert.equal((await replay(letters)).state, 'done')
  assert.deepEqual(logsOf(taken), logs(0, 1500))
  await close(letters)
})

test('through a pipeline, it is counted as an input, and the ledger balances', async (t) => {
  const output = new FakeOutput('files')
  const { pipeline, ledger } = pipelineOf({ steps: [match('docker.**', output)] })
  const port = pipeline.forInput('dead_letters')
  const { store, letters } = await opened(t, (batch) => port.deliver(batch))
  await store.sinkFor('search').add([...numbered(0, 4), ...numbered(4, 6, { tag: 'nowhere' })])
  const { delivered: count, rejected } = await replay(letters)
  assert.deepEqual([count, rejected], [4, 2])
  const { inputs, total, balanced } = ledger.snapshot()
  assert.equal(inputs['dead_letters']?.['received'], 6)
  const { delivered: sent, rejected: refused, dropped } = total
  assert.deepEqual(
    [sent, refused, dropped, balanced],
    [4, 2, 0, true],
    'what is kept is not dropped',
  )
  assert.deepEqual(output.tags, ['docker.web'])
  assert.equal((await store.kept()).events, 2)
  await close(letters)
})
