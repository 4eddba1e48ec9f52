import assert from 'node:assert/strict'
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { placeOfLetter } from '../../../src/pipeline/dead-letters/names.ts'
import { compileTagPattern } from '../../../src/pipeline/tag-pattern.ts'
import { ManualTime } from '../../drivers/context.ts'
import {
  BOUNDS,
  letterOf,
  linesIn,
  logs,
  logsIn,
  numbered,
  open,
  temporaryFolder,
} from './store-fixture.ts'

test('a letter is a line of JSON with all that is known, and the bytes as they came', async (t) => {
  const folder = await temporaryFolder(t)
  const { store, metric } = await open(folder)
  const records = [{ log: 'hello', big: 9_007_199_254_740_993n }, { bin: Buffer.from([0, 255]) }]
  const letter = letterOf(records, { firstEvent: 2 })
  await store.sinkFor('search').add([letter])
  await store.stop()
  const [first, second] = await linesIn(folder)
  const { crc32, entry, ...rest } = first!
  assert.deepEqual(rest, {
    version: 1,
    id: '20261121T085000000Z-1',
    at: '2026-11-21T08:50:00.000Z',
    output: 'search',
    tag: 'docker.web',
    cause: 'rejected',
    reason: 'cannot parse it',
    first_reason: 'timeout',
    attempts: 3,
    first_tried_at: '2026-11-21T08:00:00.000Z',
    last_tried_at: '2026-11-21T08:30:00.000Z',
    replays: 0,
    buffer: 'b1',
    sequence: 7,
    event: 2,
    time: '2026-11-21T08:50:00.000000000Z',
    record: { log: 'hello', big: Number('9007199254740993') },
  })
  assert.match(String(crc32), /^[0-9a-f]{8}$/)
  assert.deepEqual([second?.['event'], second?.['id']], [3, '20261121T085000000Z-2'])
  const bytes = Buffer.concat([entry, second!.entry].map((text) => Buffer.from(text, 'base64')))
  assert.deepEqual(new Uint8Array(bytes), letter.entries)
  const [name = ''] = await readdir(folder)
  assert.match(await readFile(join(folder, name), 'utf8'), /"big":9007199254740993\}/)
  assert.deepEqual([metric('events'), metric('added_total', { cause: 'rejected' })], [2, 2])
})

test('add is fulfilled after a sync, and outputs that add at once do not mix', async (t) => {
  const folder = await temporaryFolder(t)
  const { store, access } = await open(folder)
  const adds = ['one', 'two'].map(async (output) => {
    await store.sinkFor(output).add(numbered(0, 2))
    access.done.push('remove')
  })
  await Promise.all(adds)
  assert.deepEqual(access.done.slice(0, 4), ['create', 'write', 'datasync', 'remove'])
  const outputs = (await linesIn(folder)).map(({ output }) => output)
  assert.deepEqual(outputs, ['one', 'one', 'two', 'two'])
  await store.stop()
})

test('the names of the folder and of what is in it are safe over a power cut', async (t) => {
  const above = await temporaryFolder(t)
  const folder = join(above, 'data', 'dead-letters')
  const { store, access } = await open(folder)
  await store.sinkFor('search').add(numbered(0, 2))
  const names = [join(above, 'data'), above, folder].map((path) => `sync ${path}`)
  assert.deepEqual(access.steps.splice(0), names)
  await store.drop({ ids: new Set(['20261121T085000000Z-1']) })
  const noted = ['rename 20261121T085000000Z.done', `sync ${folder}`]
  assert.deepEqual(access.steps.splice(0), noted)
  // With the letters gone for good, their marks may go.
  await store.drop({})
  assert.deepEqual(await readdir(folder), [])
  const removed = [`remove 20261121T085000000Z.jsonl`, `sync ${folder}`]
  assert.deepEqual(access.steps, [...noted, ...removed, 'remove 20261121T085000000Z.done'])
  await store.stop()
})

describe('what cannot be written is not kept, and comes again without being there twice', () => {
  for (const faults of [
    ['write'],
    ['datasync'],
    ['create'],
    ['write', 'truncate'],
    ['datasync', 'truncate', 'truncate', 'truncate'],
  ] as const)
    test(faults.join(', '), async (t) => {
      const folder = await temporaryFolder(t)
      const { store, access, metric } = await open(folder)
      const sink = store.sinkFor('search')
      await sink.add(numbered(0, 2))
      await store.holdFiles()
      access.fail(...faults)
      let failures = 0
      for (let kept = false; !kept;) {
        kept = await sink.add(numbered(2, 5)).then(
          () => true,
          () => (failures++, false),
        )
      }
      assert.equal(failures, faults.length)
      await sink.add(numbered(5, 6))
      assert.deepEqual(await logsIn(folder), logs(0, 6))
      assert.equal(metric('events'), 6)
      await store.stop()
      const again = await open(folder)
      assert.equal((await again.store.kept()).events, 6)
      await again.store.stop()
    })

  test('however many those are', async (t) => {
    const folder = await temporaryFolder(t)
    const { store, access } = await open(folder)
    access.fail('datasync')
    const add = () => store.sinkFor('search').add(numbered(0, 1200))
    await assert.rejects(add())
    assert.deepEqual(access.done, ['create', 'write', 'write', 'write', 'datasync'])
    await add()
    assert.deepEqual(await logsIn(folder), logs(0, 1200))
    const ids = (await linesIn(folder)).map(({ id }) => placeOfLetter(String(id))?.line)
    assert.deepEqual(ids.at(-1), 1199)
    assert.equal(new Set(ids).size, 1200)
    await store.stop()
  })

  test('if it is stopped before, they are recognised after the start', async (t) => {
    const folder = await temporaryFolder(t)
    const { store, access, log } = await open(folder)
    access.fail('datasync', 'truncate')
    await assert.rejects(store.sinkFor('search').add(numbered(0, 3)))
    await store.stop()
    assert.ok(log.messages('warn').includes('cannot cut off a failed write'))
    const again = await open(folder)
    await again.store.sinkFor('search').add(numbered(0, 3))
    assert.deepEqual(await logsIn(folder), logs(0, 3))
    await again.store.stop()
  })
})

test('a file that was torn at any byte keeps its whole lines, and goes on', async (t) => {
  const folder = await temporaryFolder(t)
  const first = await open(folder)
  await first.store.sinkFor('search').add(numbered(0, 2))
  await first.store.stop()
  const [name = ''] = await readdir(folder)
  const path = join(folder, name)
  const whole = await readFile(path)
  const firstEnd = whole.indexOf('\n') + 1
  for (let length = 0; length < whole.length; length += length % 40 === 0 ? 1 : 13) {
    await writeFile(path, whole)
    await truncate(path, length)
    const { store, log } = await open(folder)
    const isTorn = length !== 0 && length !== firstEnd
    const left = length >= firstEnd ? 1 : 0
    assert.equal((await store.kept()).events, left, `${length}`)
    assert.equal(log.messages('warn').length, isTorn ? 1 : 0, `${length}`)
    assert.deepEqual(log.messages('error'), [])
    await store.sinkFor('search').add(numbered(5, 6))
    const expected = [...logs(0, left), 'line 5']
    assert.deepEqual(await logsIn(folder), expected, `${length}`)
    await store.drop({})
    await store.stop()
    assert.deepEqual(await readdir(folder), [])
  }
})

describe('damage', () => {
  async function damaged(t: TestContext, change: (text: string) => string) {
    const folder = await temporaryFolder(t)
    const first = await open(folder)
    await first.store.sinkFor('search').add(numbered(0, 3))
    await first.store.stop()
    const [name = ''] = await readdir(folder)
    await writeFile(join(folder, name), change(await readFile(join(folder, name), 'utf8')))
    return { ...(await open(folder)), folder, path: join(folder, name) }
  }

  const lineOf = (text: string, number: number) => text.split('\n')[number]!

  test('a line that is none is passed over, reported and left there', async (t) => {
    const spoil = (text: string) => text.replace(lineOf(text, 1), '\0'.repeat(100))
    const { store, log, path, folder } = await damaged(t, spoil)
    const { events, damaged: lines } = await store.kept()
    assert.deepEqual([events, lines], [2, 1])
    const { fields } = log.lines.find(({ level }) => level === 'error')!
    assert.deepEqual(fields, { path, events: 1, lines: [2] })
    assert.equal(await store.drop({}), 2)
    assert.ok((await readFile(path, 'utf8')).includes('\0'))
    await store.stop()
    const { store: again, metric } = await open(folder)
    assert.equal((await again.kept()).damaged, 1)
    assert.equal(await again.dropDamaged(), 1)
    assert.equal(metric('dropped_total', { reason: 'operator' }), 1)
    assert.deepEqual(await readdir(folder), [])
    await again.stop()
  })

  for (const [from, to] of [
    ['"entry":"k', '"entry":"l'],
    ['docker.web', 'docker.wec'],
    ['"time":"2026', '"time":"2027'],
  ] as const)
    test(`what has changed is not replayed: ${from}`, async (t) => {
      const spoil = (text: string) => {
        const line = lineOf(text, 1)
        return text.replace(line, line.replace(from, to))
      }
      const { store, log, folder } = await damaged(t, spoil)
      const { events, damaged: lines } = await store.kept()
      assert.deepEqual([events, lines], [2, 1])
      const [file] = await store.holdFiles()
      const found = []
      for await (const letters of file!.select({})) found.push(...letters.map(({ line }) => line))
      assert.deepEqual(found, [0, 2])
      const message = 'dead letters are damaged; they are left where they are'
      assert.deepEqual(log.messages('error'), [message])
      assert.equal(await store.dropDamaged(), 1)
      await store.stop()
      const again = await open(folder)
      const left = await again.store.kept()
      assert.deepEqual([left.events, left.damaged], [2, 0])
      await again.store.stop()
    })
})

describe('a file that cannot be read', () => {
  /** Two files of an earlier run, in a folder of their own. */
  async function twoFiles(t: TestContext) {
    const folder = await temporaryFolder(t)
    const first = await open(folder)
    await first.store.sinkFor('search').add(numbered(0, 2))
    await first.store.holdFiles()
    await first.store.sinkFor('search').add(numbered(2, 3))
    await first.store.stop()
    return folder
  }

  test('at the start is there later, and the letters in it are known', async (t) => {
    const folder = await twoFiles(t)
    const { store, log } = await open(folder, { faults: ['read'] })
    assert.equal((await store.kept()).events, 2)
    assert.deepEqual(log.messages('error'), [
      'cannot read dead letters; they are left where they are',
    ])
    await store.holdFiles()
    assert.equal((await store.kept()).events, 3)
    await store.sinkFor('search').add(numbered(0, 3))
    assert.deepEqual(await logsIn(folder), logs(0, 3))
    await store.stop()
  })

  test('half of it is not counted twice', async (t) => {
    const folder = await twoFiles(t)
    const { store } = await open(folder, { faults: ['close'] })
    assert.equal((await store.kept()).events, 2)
    await store.holdFiles()
    const { events, bytes, groups } = await store.kept()
    const sizes = await Promise.all((await readdir(folder)).map((name) => stat(join(folder, name))))
    assert.deepEqual(
      [events, bytes, groups.map((group) => group.events)],
      [3, sizes.reduce((sum, { size }) => sum + size, 0), [3]],
    )
    await store.stop()
  })

  test('is left out by a drop, which goes on with the others', async (t) => {
    const folder = await twoFiles(t)
    const { store, access } = await open(folder)
    await store.kept()
    access.fail('read')
    assert.equal(await store.drop({}), 1)
    assert.deepEqual(await logsIn(folder), logs(0, 2))
    assert.equal(await store.drop({}), 2)
    await store.stop()
  })

  test('is bounded again by the next look', async (t) => {
    const folder = await twoFiles(t)
    const { store, time, metric } = await open(folder, { faults: ['read', 'read'] })
    assert.equal((await store.kept()).events, 0)
    time.advance(31 * 86_400_000)
    await store.sinkFor('search').add(numbered(3, 4))
    assert.equal(metric('dropped_total', { reason: 'max_age' }), 3)
    assert.deepEqual(await logsIn(folder), ['line 3'])
    await store.stop()
  })
})

describe('the same events again', () => {
  test('are kept once after a kill', async (t) => {
    const folder = await temporaryFolder(t)
    const killed = await open(folder)
    await killed.store.sinkFor('search').add(numbered(0, 3))
    const { store, metric } = await open(folder)
    await store.sinkFor('search').add(numbered(1, 5))
    assert.deepEqual(await logsIn(folder), logs(0, 5))
    assert.deepEqual([metric('repeated_total'), metric('events')], [2, 5])
    await store.stop()
    await killed.store.stop()
  })

  test('are others if the output, the buffer or a byte is another', async (t) => {
    const folder = await temporaryFolder(t)
    const first = await open(folder)
    await first.store.sinkFor('search').add(numbered(0, 1))
    await first.store.stop()
    const { store } = await open(folder)
    await store.sinkFor('archive').add(numbered(0, 1))
    // Of a buffer in memory, whose sequences begin anew with each run.
    await store.sinkFor('search').add(numbered(0, 1, { buffer: 'b2' }))
    await store.sinkFor('search').add([letterOf([{ log: 'line X' }], { sequence: 0 })])
    assert.deepEqual(await logsIn(folder), ['line 0', 'line 0', 'line 0', 'line X'])
    await store.stop()
  })

  test('are still known when some were replayed, which are others', async (t) => {
    const folder = await temporaryFolder(t)
    const first = await open(folder)
    await first.store.sinkFor('search').add(numbered(0, 1))
    await first.store.stop()
    const { store } = await open(folder)
    const [file] = await store.holdFiles()
    for await (const letters of file!.select({})) store.expectAgain(letters)
    await store.sinkFor('search').add(numbered(0, 1, { sequence: 5 }))
    await store.sinkFor('search').add(numbered(0, 1))
    const replays = (await linesIn(folder)).map((line) => line['replays'])
    assert.deepEqual(replays, [0, 1])
    await store.stop()
  })
})

describe('drop', () => {
  test('drops what is selected, for good, and files in which nothing is left', async (t) => {
    const folder = await temporaryFolder(t)
    const { store, metric } = await open(folder)
    await store.sinkFor('search').add(numbered(0, 2))
    await store.sinkFor('search').add(numbered(2, 4, { tag: 'app' }))
    await store.sinkFor('archive').add(numbered(4, 5))
    assert.equal(await store.drop({ matches: compileTagPattern('docker.*'), output: 'search' }), 2)
    assert.equal(metric('dropped_total', { reason: 'operator' }), 2)
    await store.stop()
    const { store: again } = await open(folder)
    const { events, groups } = await again.kept()
    assert.equal(events, 3)
    const byTag = groups.map(({ output, tag, events: count }) => `${output} ${tag} ${count}`)
    assert.deepEqual(byTag, ['search app 2', 'archive docker.web 1'])
    const id = '20261121T085000000Z-3'
    assert.equal(await again.drop({ ids: new Set([id, 'no such']) }), 1)
    assert.equal(await again.drop({}), 2)
    assert.deepEqual(await readdir(folder), [])
    await again.stop()
  })

  test('by the time at which they became dead letters', async (t) => {
    const folder = await temporaryFolder(t)
    const { store, time } = await open(folder)
    for (let number = 0; number < 5; number++) {
      await store.sinkFor('search').add(numbered(number, number + 1))
      time.advance(1000)
    }
    const start = time.now() - 5000
    assert.equal(await store.drop({ since: start + 1000, until: start + 3000 }), 3)
    await store.stop()
  })

  test('a note of what is done that is damaged costs nothing but the note', async (t) => {
    const folder = await temporaryFolder(t)
    const { store } = await open(folder)
    await store.sinkFor('search').add(numbered(0, 2))
    await store.drop({ ids: new Set(['20261121T085000000Z-1']) })
    await store.stop()
    const note = (await readdir(folder)).find((name) => name.endsWith('.done'))
    await writeFile(join(folder, note!), '00000000 {"version":1,"done":[[0,1]]}\n')
    const again = await open(folder)
    assert.equal((await again.store.kept()).events, 2)
    assert.deepEqual(again.log.messages('warn'), ['cannot tell which dead letters are done with'])
    await again.store.stop()
  })

  test('what it cannot write down it does not claim', async (t) => {
    const folder = await temporaryFolder(t)
    const { store, access } = await open(folder)
    await store.sinkFor('search').add(numbered(0, 2))
    access.fail('rename')
    await assert.rejects(store.drop({}), /rename is said to fail/)
    await store.stop()
    const again = await open(folder)
    assert.equal((await again.store.kept()).events, 2)
    await again.store.stop()
  })
})

test('a clock that is put back does not mix up the order of the files', async (t) => {
  const folder = await temporaryFolder(t)
  const { store } = await open(folder)
  await store.sinkFor('search').add(numbered(0, 1))
  await store.stop()
  const time = new ManualTime(Date.parse('2020-01-01T00:00:00Z'))
  const again = await open(folder, { time, bounds: { ...BOUNDS, maxAgeMs: 1e13 } })
  await again.store.sinkFor('search').add(numbered(1, 2))
  const [first, second] = (await linesIn(folder)).map(({ id }) => placeOfLetter(String(id)))
  assert.deepEqual([first?.stem, second?.stem], ['20261121T085000000Z', '20261121T085000001Z'])
  await again.store.stop()
})

test('reasons and tags make only so many groups, and every letter is counted', async (t) => {
  const folder = await temporaryFolder(t)
  const { store } = await open(folder)
  const letters = numbered(0, 500).map((letter, number) => ({ ...letter, reason: `no ${number}` }))
  await store.sinkFor('search').add(letters)
  const { groups } = await store.kept()
  assert.ok(groups.length <= 202, `${groups.length}`)
  assert.equal(groups[0]?.reason, '(other)')
  assert.equal(
    groups.reduce((sum, { events }) => sum + events, 0),
    500,
  )
  await store.stop()
})
