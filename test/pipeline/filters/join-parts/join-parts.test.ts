import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import type { Batch } from '../../../../src/pipeline/batch.ts'
import { joinParts } from '../../../../src/pipeline/filters/join-parts/index.ts'
import { type FilterRun, runFilter } from '../../../drivers/run-filter.ts'
import {
  dockerLine,
  dockerPart,
  dockerRecord,
  oldDockerLine,
} from '../../../support/docker-parts.ts'
import { batchOf, TEST_SECONDS } from '../../../support/entries.ts'
import { until } from '../../../support/wait.ts'

const TAG = 'docker.web'

function first(log: string, container = 'c1') {
  return dockerPart(log, { id: 'p', ordinal: 1, isLast: false }, { container })
}

function second(log: string, container = 'c1') {
  return dockerPart(log, { id: 'p', ordinal: 2, isLast: false }, { container })
}

function third(log: string, container = 'c1') {
  return dockerPart(log, { id: 'p', ordinal: 3, isLast: true }, { container })
}

function logs(run: FilterRun): unknown[] {
  return run.records.map((record) => record['log'])
}

function deliver(run: FilterRun, ...records: object[]) {
  return run.input.deliver(batchOf(TAG, ...records))
}

/** Delivers the groups of records one after the other; `expected` are the texts that come out. */
async function check(groups: readonly (readonly object[])[], expected: readonly string[]) {
  const run = await runFilter(joinParts)
  for (const group of groups) await deliver(run, ...group)
  assert.deepEqual(logs(run), expected)
  await run.stop()
}

suite('joins', () => {
  test('parts of one batch, in their place among other records', async () => {
    const [a, b] = [dockerRecord('a'), dockerRecord('b')]
    await check([[a, first('x'), second('y'), third('z'), b]], ['a', 'xyz', 'b'])
  })

  test('parts of several batches', async () => {
    await check([[first('x')], [second('y')], [third('z')]], ['xyz'])
    await check([[first('x'), second('y')], [dockerRecord('a')], [third('z')]], ['a', 'xyz'])
  })

  test('parts in the wrong order and parts that come twice', async () => {
    await check([[third('z'), first('x')], [second('y')]], ['xyz'])
    await check([[first('x')], [first('x')], [second('y'), first('x')], [third('z')]], ['xyz'])
  })

  test('only when all parts up to the last are there, whatever is beyond it', async () => {
    const beyond = dockerPart('w', { id: 'p', ordinal: 5, isLast: false })
    await check([[first('x'), beyond, third('z')], [second('y')]], ['xyzw'])
    await check([[third('z'), beyond, first('x')], [second('y')]], ['xyzw'])
    const alsoLast = dockerPart('w', { id: 'p', ordinal: 5, isLast: true })
    await check([[first('x'), third('z'), alsoLast], [second('y')]], ['xyzw'])
  })

  test('parts of other containers, streams and lines in between', async () => {
    const err = { source: 'stderr' }
    await check(
      [
        [first('x'), first('X', 'c2')],
        [dockerPart('e', { id: 'p', ordinal: 1, isLast: false }, err), second('y')],
        [second('Y', 'c2'), third('z')],
        [dockerPart('f', { id: 'p', ordinal: 2, isLast: true }, err), third('Z', 'c2')],
      ],
      ['xyz', 'ef', 'XYZ'],
    )
  })

  test('bytes before they are decoded', async () => {
    const run = await runFilter(joinParts)
    const text = Buffer.from('ä€😀'.repeat(9))
    for (const record of dockerLine(text, { id: 'p', size: 5 })) await deliver(run, record)
    assert.deepEqual(run.records[0]?.['log'], text.toString())
    await run.stop()
  })

  test('into a record with the first part’s time and fields', async () => {
    const run = await runFilter(joinParts)
    const batch = batchOf(TAG, first('x'), second('y'), { ...third('z'), container_name: '/new' })
    await run.input.deliver(batch)
    assert.deepEqual(run.entries, [
      {
        seconds: TEST_SECONDS,
        nanoseconds: 0,
        record: { container_id: 'c1', container_name: '/c1', source: 'stdout', log: 'xyz' },
      },
    ])
    await run.stop()
  })

  test('what old Dockers send, which is without ids', async () => {
    const err = { source: 'stderr' }
    const [x, y, z] = oldDockerLine(Buffer.from('xyz'), { size: 1 })
    const [e, f] = oldDockerLine(Buffer.from('ef'), { size: 1, ...err })
    await check([[x!, y!, z!]], ['xyz'])
    await check([[x!], [e!, y!], [f!, z!, dockerRecord('a')]], ['ef', 'xyz', 'a'])
  })

  test('a part that is the only one', async () => {
    await check([[dockerPart('x', { id: 'p', ordinal: 1, isLast: true })]], ['x'])
  })
})

suite('leaves alone', () => {
  test('batches without parts: the very same batch goes on', async () => {
    const run = await runFilter(joinParts)
    const batches = [
      batchOf(TAG, dockerRecord('a'), dockerRecord('b')),
      batchOf(TAG, dockerRecord('about partial_message')),
      batchOf(TAG, { ...dockerRecord('c'), partial_message: 'false' }),
      batchOf(TAG, { ...dockerRecord('d'), partial_message: 'true', log: 7 }),
      batchOf(TAG, { ...first('e'), partial_ordinal: 'one' }),
      batchOf(TAG, { ...first('f'), partial_ordinal: '4294967296' }),
    ]
    for (const batch of batches) await run.input.deliver(batch)
    assert.deepEqual(
      run.batches.map((batch) => batch.entries),
      batches.map((batch) => batch.entries),
    )
    await run.stop()
  })

  test('memory of its callers: entries in a Buffer that is used again', async () => {
    const run = await runFilter(joinParts)
    for (const record of [first('x'), second('y'), third('z')]) {
      const { entries, ...batch } = batchOf(TAG, record)
      const reused = Buffer.from(entries)
      await run.input.deliver({ ...batch, entries: reused })
      reused.fill(0)
    }
    assert.deepEqual(logs(run), ['xyz'])
    await run.stop()
  })
})

suite('passes on what does not become complete', () => {
  async function open(yaml = '') {
    const run = await runFilter(joinParts, yaml)
    const origin = {}
    const send = (batch: Batch) => run.input.deliver({ ...batch, origin })
    return { run, origin, send }
  }

  test('after the timeout, counted from its latest part', async () => {
    const { run, send } = await open('timeout: 2s')
    await send(batchOf(TAG, first('x')))
    await run.advance(1500)
    await send(batchOf(TAG, second('y')))
    await run.advance(1999)
    assert.deepEqual(run.records, [])
    await run.advance(1)
    assert.deepEqual(logs(run), ['xy'])
    assert.equal(run.records[0]?.['partial_missing'], undefined)
    assert.equal(run.metric('incomplete_lines_total', { cause: 'timeout' }), 1)
    await run.stop()
  })

  test('with the number of missing parts', async () => {
    const { run, send } = await open()
    await send(batchOf(TAG, third('z'), first('x')))
    await run.advance(5000)
    assert.deepEqual(logs(run), ['xz'])
    assert.equal(run.records[0]?.['partial_missing'], 1)
    await run.stop()
  })

  test('each in its own time', async () => {
    const { run, send } = await open('timeout: 2s')
    await send(batchOf(TAG, first('x')))
    await run.advance(1000)
    await send(batchOf(TAG, first('X', 'c2')))
    await run.advance(1000)
    assert.deepEqual(logs(run), ['x'])
    await run.advance(1000)
    assert.deepEqual(logs(run), ['x', 'X'])
    await run.stop()
  })

  test('when the connection closes at the end of a stream', async () => {
    const { run, origin, send } = await open()
    await send(batchOf(TAG, first('hello')))
    run.input.closed({})
    assert.deepEqual(logs(run), [])
    run.input.closed(origin)
    assert.deepEqual(logs(run), ['hello'])
    await run.stop()
  })

  test('when the connection closes before the part is on disk', async () => {
    const { run, origin, send } = await open()
    const sent = send(batchOf(TAG, first('hello')))
    run.input.closed(origin)
    await sent
    await until('the line has left', () => run.batches.length === 1)
    assert.deepEqual(logs(run), ['hello'])
    await run.stop()
  })

  test('but not when a connection breaks within a line: the rest comes over the next', async () => {
    const { run, origin, send } = await open()
    const long = 'x'.repeat(16 * 1024)
    await send(batchOf(TAG, first(long), second(long)))
    run.input.closed(origin)
    await deliver(run, third('z'))
    assert.deepEqual(logs(run), [`${long}${long}z`])
    await run.stop()
  })

  test('when it stops at the end of a stream', async () => {
    const { run, send } = await open()
    await send(batchOf(TAG, first('hello')))
    await run.stop()
    assert.deepEqual(logs(run), ['hello'])
  })

  test('when the connection closes and only parts are missing that went before', async () => {
    const { run, origin, send } = await open()
    await send(batchOf(TAG, first('x')))
    await run.advance(5000)
    const last = 'z'.repeat(16 * 1024)
    await send(batchOf(TAG, third(last)))
    run.input.closed(origin)
    assert.deepEqual(logs(run), ['x', last])
    assert.equal(run.records[1]?.['partial_missing'], 2)
    assert.equal(run.metric('incomplete_lines_total', { cause: 'closed' }), 1)
    await run.stop()
  })

  test('when it stops and only parts are missing that went before', async () => {
    const { run, send } = await open()
    await send(batchOf(TAG, third('z')))
    await run.stop()
    assert.deepEqual(logs(run), ['z'])
    assert.equal(run.records[0]?.['partial_missing'], 2)
  })

  test('what an old Docker leaves without newline', async () => {
    const { run, origin, send } = await open()
    await send(batchOf(TAG, { ...dockerRecord('hello'), partial_message: 'true' }))
    run.input.closed(origin)
    assert.deepEqual(logs(run), ['hello'])
    await run.stop()
  })
})

suite('keeps its bounds', () => {
  test('joined_max: cut between characters and marked', async () => {
    const run = await runFilter(joinParts, 'joined_max: 10B')
    await deliver(run, first('12345'), second('678ää'), third('never'))
    assert.deepEqual(run.records[0], {
      container_id: 'c1',
      container_name: '/c1',
      source: 'stdout',
      log: '12345678ä',
      truncated: true,
      original_size: 17,
    })
    assert.equal(run.metric('truncated_lines_total'), 1)
    await run.stop()
  })

  test('memory_max: those that wait longest go first', async () => {
    const run = await runFilter(joinParts, 'memory_max: 64KiB')
    const text = 'x'.repeat(16 * 1024)
    for (const container of ['c1', 'c2', 'c3', 'c4']) await deliver(run, first(text, container))
    const containers = run.records.map((record) => record['container_id'])
    assert.deepEqual(containers, ['c1'])
    assert.equal(run.metric('incomplete_lines_total', { cause: 'memory' }), 1)
    assert.ok((run.metric('held_bytes') ?? 0) <= 64 * 1024)
    assert.equal(run.metric('memory_held_bytes'), run.metric('held_bytes'))
    await run.stop()
  })
})

suite('loses nothing', () => {
  test('when the output does not take a joined line', async () => {
    const run = await runFilter(joinParts, '', { outcomes: ['retry'] })
    assert.equal(await deliver(run, first('x'), second('y')), 'delivered')
    assert.equal(await deliver(run, third('z')), 'retry')
    assert.equal(await deliver(run, third('z')), 'delivered')
    assert.deepEqual(logs(run), ['xyz'])
    await run.stop()
  })

  test('when the output does not take an incomplete line', async () => {
    const run = await runFilter(joinParts, '', { outcomes: ['retry'] })
    await deliver(run, first('x'))
    await run.advance(5000)
    assert.deepEqual(logs(run), [])
    await run.advance(5000)
    assert.deepEqual(logs(run), ['x'])
    await run.stop()
  })

  test('when the batch of a held part is sent again', async () => {
    const run = await runFilter(joinParts, '', { outcomes: ['retry'] })
    assert.equal(await deliver(run, first('x'), dockerRecord('a')), 'retry')
    assert.equal(await deliver(run, first('x'), dockerRecord('a')), 'delivered')
    await deliver(run, second('y'), third('z'))
    assert.deepEqual(logs(run), ['a', 'xyz'])
    await run.stop()
  })

  test('while the journal cannot be written: its senders wait, and it says so', async (t) => {
    const { run, sent, mend } = await unwritable(t)
    assert.match(run.filter.problem ?? '', /^cannot write held parts: .*EEXIST/)
    await mend()
    await run.advance(1000)
    assert.equal(await sent, 'delivered')
    assert.equal(run.filter.problem, null)
    assert.deepEqual(run.log.messages('error'), [
      'cannot write held parts; their senders wait until it works',
    ])
    await run.stop()
    assert.deepEqual(logs(run), ['x'])
  })

  test('when it stops while the journal cannot be written: senders keep what is not', async (t) => {
    const { run, sent } = await unwritable(t)
    await run.stop(AbortSignal.abort())
    assert.equal(await sent, 'retry')
    const { total, filters } = run.ledger.snapshot()
    assert.deepEqual([total['retried'], total['in_flight']], [1, 0])
    assert.equal(filters['join_parts']?.['held'], 0)
    assert.deepEqual([run.metric('held_bytes'), run.metric('open_lines')], [0, 0])
    assert.deepEqual(run.log.messages('info'), [])
  })

  /** A run whose folder is gone, with a part on its way that it cannot write. */
  async function unwritable(t: TestContext) {
    const dataDir = join(await temporaryFolder(t), 'in-the-way')
    const run = await runFilter(joinParts, '', { dataDir })
    await rm(dataDir, { recursive: true })
    await writeFile(dataDir, '')
    let outcome = 'none yet'
    const sent = deliver(run, first('x')).then((settled) => (outcome = settled))
    await until('a retry is due', () => run.time.pending === 2)
    assert.equal(outcome, 'none yet')
    return { run, sent, mend: () => rm(dataDir) }
  }
})

suite('a restart', () => {
  /** A run that ends as by kill -9: nothing is stopped, the folder is copied as it is. */
  async function kill(t: TestContext, run: FilterRun, cut = 0): Promise<string> {
    const bytes = await readFile(join(run.dataDir, 'parts.journal'))
    const dataDir = await temporaryFolder(t)
    await writeFile(join(dataDir, 'parts.journal'), bytes.subarray(0, bytes.length - cut))
    await run.stop()
    return dataDir
  }

  test('after kill -9 goes on with the parts that were acknowledged', async (t) => {
    const before = await runFilter(joinParts)
    await deliver(before, first('x', 'ü'), dockerRecord('a'))
    await deliver(before, second('y', 'ü'))
    const run = await runFilter(joinParts, '', { dataDir: await kill(t, before) })
    assert.equal(run.ledger.snapshot().total['restored'], 2)
    await deliver(run, third('z', 'ü'))
    assert.deepEqual(logs(run), ['xyz'])
    await run.stop()
    assert.equal((await stat(join(run.dataDir, 'parts.journal'))).size, 0)
  })

  test('passes on what nobody continues', async (t) => {
    const before = await runFilter(joinParts)
    await deliver(before, first('x'))
    const run = await runFilter(joinParts, '', { dataDir: await kill(t, before) })
    await run.advance(5000)
    assert.deepEqual(logs(run), [])
    await run.advance(25_000)
    assert.deepEqual(logs(run), ['x'])
    await run.stop()
  })

  test('cuts a torn part off: it was not acknowledged', async (t) => {
    const before = await runFilter(joinParts)
    await deliver(before, first('x'))
    await deliver(before, second('y'))
    const run = await runFilter(joinParts, '', { dataDir: await kill(t, before, 1) })
    await deliver(run, second('y'), third('z'))
    assert.deepEqual(logs(run), ['xyz'])
    assert.deepEqual(run.log.messages('error'), [])
    await run.stop()
  })

  test('sets damaged bytes aside and goes on with what is before them', async (t) => {
    const before = await runFilter(joinParts)
    await deliver(before, first('x'))
    await deliver(before, second('y'))
    const dataDir = await kill(t, before)
    const journal = await readFile(join(dataDir, 'parts.journal'))
    journal[journal.length - 1]! ^= 1
    await writeFile(join(dataDir, 'parts.journal'), journal)
    const run = await runFilter(joinParts, '', { dataDir })
    await deliver(run, third('z'))
    await run.advance(5000)
    assert.deepEqual(logs(run), ['xz'])
    assert.equal(run.log.messages('error').length, 1)
    assert.ok((await stat(join(dataDir, 'parts.journal.damaged'))).size > 0)
    await run.stop()
  })

  test('in order keeps the lines whose rest is still to come', async (t) => {
    const dataDir = await temporaryFolder(t)
    const long = 'x'.repeat(16 * 1024)
    const before = await runFilter(joinParts, '', { dataDir })
    await deliver(before, first(long))
    await before.stop()
    assert.deepEqual(logs(before), [])
    const run = await runFilter(joinParts, '', { dataDir })
    await deliver(run, second('y'), third('z'))
    assert.deepEqual(logs(run), [`${long}yz`])
    await run.stop()
  })

  test('is of no matter when nothing is held: no file is made', async (t) => {
    const dataDir = await temporaryFolder(t)
    const run = await runFilter(joinParts, '', { dataDir })
    await deliver(run, first('x'), second('y'), third('z'))
    await run.stop()
    await assert.rejects(stat(join(dataDir, 'parts.journal')), { code: 'ENOENT' })
  })
})

test('the ledger tells joined from held', async () => {
  const run = await runFilter(joinParts)
  await deliver(run, dockerRecord('a'), first('x'), second('y'))
  assert.deepEqual(run.ledger.snapshot().filters['join_parts'], {
    received: 3,
    restored: 0,
    filtered: 0,
    dropped: 0,
    rejected: 0,
    held: 2,
  })
  await deliver(run, second('y'))
  const held = run.ledger.snapshot().filters['join_parts']
  assert.deepEqual(held, {
    received: 4,
    restored: 0,
    filtered: 1,
    dropped: 0,
    rejected: 0,
    held: 2,
  })
  await deliver(run, third('z'))
  const { filters, total } = run.ledger.snapshot()
  const left = { received: 5, restored: 0, filtered: 3, dropped: 0, rejected: 0, held: 0 }
  assert.deepEqual(filters['join_parts'], left)
  assert.equal(total['delivered'], 2)
  assert.equal(total['in_flight'], 0)
  await run.stop()
})

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'logboom-join-parts-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}
