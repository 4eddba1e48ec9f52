/** Buffer files that were cut, changed, or written by another version. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { crc32 } from 'node:zlib'
import type { Batch } from '../../../../src/pipeline/batch.ts'
import type { DiskStoreOptions } from '../../../../src/pipeline/buffers/disk/disk-store.ts'
import type { Damage, StoredBatch } from '../../../../src/pipeline/buffers/batch-store.ts'
import { batchOf, decodeRecords } from '../../../support/entries.ts'
import {
  appendAll,
  create,
  eventsIn,
  numbered,
  open,
  type Opened,
  plain,
  same,
  takeAll,
  temporaryFolder,
} from './disk-fixture.ts'

const NEVER = new AbortController().signal
const FLIPS = Number(process.env['LOGBOOM_FLIPS'] ?? 400)
const SEED = Number(process.env['LOGBOOM_SEED'] ?? Date.now() % 1_000_000)

/** A folder with batches in segments that no store has open. */
async function filled(
  t: TestContext,
  batches: readonly Batch[],
  options: Partial<DiskStoreOptions> = {},
) {
  const folder = await temporaryFolder(t)
  const { store } = await open(join(folder, 'origin'), options)
  await appendAll(store, batches)
  await store.stop(NEVER)
  const names = await readdir(join(folder, 'origin'))
  const segments = names.filter((name) => name.endsWith('.segment')).toSorted()
  let copies = 0
  const copy = async () => {
    const place = join(folder, `copy${copies++}`)
    await mkdir(place)
    await cp(join(folder, 'origin'), place, { recursive: true })
    return place
  }
  return { origin: join(folder, 'origin'), segments, copy }
}

/** The same with so much in each event that it is worth while to compress it. */
function longer({ tag, entries }: Batch): Batch {
  const records = decodeRecords(entries).map(({ log }) => ({
    log,
    more: `${String(log)} `.repeat(200),
  }))
  return batchOf(tag, ...records)
}

/** Each is one of those that were appended, in their order. */
function isSubset(taken: readonly StoredBatch[], batches: readonly Batch[], what: string): void {
  const expected = batches.map((batch) => JSON.stringify(plain(batch)))
  let from = 0
  for (const batch of taken) {
    const at = expected.indexOf(JSON.stringify(plain(batch)), from)
    assert.ok(at >= 0, `${what}: handed out what was never appended, or out of order`)
    from = at + 1
  }
}

/** Events that the log says are lost; NaN if it does not know. */
function lostIn({ log }: Opened): number {
  const events = log.lines
    .filter(({ level, fields }) => level === 'error' && fields['events'] !== undefined)
    .map(({ fields }) => Number(fields['events']))
  return events.reduce((sum, count) => sum + count, 0)
}

for (const compression of [null, 'zstd'] as const) {
  // Too little is not compressed.
  const some = (count: number, from = 0) =>
    compression === null ? numbered(count, from) : numbered(count, from).map(longer)
  const named = compression ?? 'no compression'

  test(`cut at any byte, all that is whole is handed out (${named})`, async (t) => {
    const batches = some(4)
    const { segments, copy } = await filled(t, batches, { compression })
    const size = readFileSync(join(await copy(), segments[0]!)).length
    for (let length = 0; length <= size; length++) {
      const folder = await copy()
      await truncate(join(folder, segments[0]!), length)
      const opened = await open(folder, { compression })
      const taken = await takeAll(opened.store)
      same(taken, batches.slice(0, taken.length))
      if (length === size) assert.equal(taken.length, batches.length)
      assert.equal(opened.store.events, eventsIn(taken))
      await appendAll(opened.store, some(1, 9))
      same(await takeAll(opened.store), some(1, 9))
      await opened.store.stop(NEVER)
    }
  })

  test(`a bit changed: only what it hits is missing (${named}, seed ${SEED})`, async (t) => {
    const batches = some(12)
    const { segments, copy } = await filled(t, batches, { compression, segmentBytes: 350 })
    assert.ok(segments.length >= 3)
    let state = SEED
    const random = (below: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    for (let round = 0; round < FLIPS; round++) {
      const folder = await copy()
      const path = join(folder, segments[random(segments.length)]!)
      const bytes = await readFile(path)
      const bit = random(bytes.length * 8)
      bytes[bit >> 3]! ^= 1 << (bit & 7)
      await writeFile(path, bytes)
      const what = `seed ${SEED}, round ${round}, bit ${bit} of ${path}`
      const opened = await open(folder, { compression })
      const taken = await takeAll(opened.store)
      isSubset(taken, batches, what)
      assert.ok(taken.length >= batches.length - 1, `${what}: ${taken.length} batches are left`)
      assert.equal(opened.store.events, eventsIn(taken), what)
      const lost = lostIn(opened)
      const missing = eventsIn(batches) - eventsIn(taken)
      if (missing > 0) assert.ok(opened.log.messages('error').length > 0, what)
      assert.ok(Number.isNaN(lost) || lost === missing, `${what}: ${lost} said, ${missing} missing`)
      await opened.store.stop(NEVER)
    }
  })
}

describe('a damaged range', () => {
  test('is kept in quarantine, byte for byte, and does not come again', async (t) => {
    const batches = numbered(6)
    const { origin, segments } = await filled(t, batches)
    const path = join(origin, segments[0]!)
    const bytes = await readFile(path)
    const at = bytes.indexOf('line 2') + 2
    bytes[at] = 0x58
    await writeFile(path, bytes)
    const opened = await open(origin)
    const taken = await takeAll(opened.store)
    same(taken, [...batches.slice(0, 2), ...batches.slice(3)])
    assert.equal(lostIn(opened), batches[2]!.count)
    const [name] = await readdir(join(origin, 'quarantine'))
    const [, start, end] = /\.(\d+)-(\d+)$/.exec(name!)!
    const kept = await readFile(join(origin, 'quarantine', name!))
    assert.deepEqual(kept, bytes.subarray(Number(start), Number(end)))
    for (const batch of taken) opened.store.finish(batch)
    await opened.store.stop(NEVER)
    const left = (await readdir(origin)).filter((name) => !name.startsWith('progress'))
    assert.deepEqual(left, ['quarantine'])
  })

  test('that appears while the store runs does not hold up what is behind it', async (t) => {
    const batches = numbered(6)
    const folder = await temporaryFolder(t)
    const { store, log } = await open(folder, { recentBytes: 0 })
    await appendAll(store, batches)
    const [name] = await readdir(folder)
    const path = join(folder, name!)
    const bytes = await readFile(path)
    bytes[bytes.indexOf('line 2') + 2] = 0x58
    await writeFile(path, bytes)
    const taken = await takeAll(store)
    same(taken, [...batches.slice(0, 2), ...batches.slice(3)])
    assert.ok(log.messages('error').length > 0)
    for (const batch of taken) store.finish(batch)
    assert.deepEqual([store.events, store.bytes], [0, 0])
    await store.stop(NEVER)
  })
})

test('a file that is gone is missed, and its events are counted', async (t) => {
  const batches = numbered(12)
  const { origin, segments } = await filled(t, batches, { segmentBytes: 350 })
  await rm(join(origin, segments[1]!))
  const opened = await open(origin)
  const taken = await takeAll(opened.store)
  isSubset(taken, batches, 'without the second file')
  assert.ok(taken.length < batches.length)
  assert.equal(lostIn(opened), eventsIn(batches) - eventsIn(taken))
  await opened.store.stop(NEVER)
})

test('damaged progress makes what was delivered come again, and loses nothing', async (t) => {
  const batches = numbered(5)
  const folder = await temporaryFolder(t)
  const first = await open(folder)
  await appendAll(first.store, batches)
  const taken = await takeAll(first.store)
  for (const batch of taken.slice(0, 2)) first.store.finish(batch)
  await first.store.stop(NEVER)
  const path = join(folder, 'progress')
  const whole = await readFile(path)
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const bytes = Buffer.from(whole)
    bytes[bit >> 3]! ^= 1 << (bit & 7)
    await writeFile(path, bytes)
    const { store, log } = await open(folder)
    same(await takeAll(store), batches)
    assert.equal(log.messages('warn').length, 1)
    await store.stop(AbortSignal.abort())
    await writeFile(path, whole)
  }
})

describe('another version', () => {
  test('of a segment is refused by name, and left as it is', async (t) => {
    const { origin, segments } = await filled(t, numbered(3))
    const path = join(origin, segments[0]!)
    const bytes = await readFile(path)
    bytes.writeUInt32LE(3, 8)
    bytes.writeUInt32LE(crc32(bytes.subarray(8, 32)), 4)
    await writeFile(path, bytes)
    await assert.rejects(
      create(origin).store.start(),
      /segment: version 3; expected version 1 or 2,/,
    )
    assert.deepEqual(await readFile(path), bytes)
  })

  test('of the progress too', async (t) => {
    const { origin } = await filled(t, numbered(3))
    const json = '{"version":2,"from":0,"finished":[]}'
    const text = `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`
    await writeFile(join(origin, 'progress'), text)
    await assert.rejects(create(origin).store.start(), /progress: version 2; expected version 1/)
    assert.equal(await readFile(join(origin, 'progress'), 'utf8'), text)
  })
})

test('damage of which the events are not known is told in bytes', async (t) => {
  const { origin, segments } = await filled(t, numbered(3))
  for (const name of await readdir(origin))
    if (name.startsWith('progress')) await rm(join(origin, name))
  const path = join(origin, segments[0]!)
  const bytes = await readFile(path)
  bytes[bytes.length - 1]! ^= 1
  await writeFile(path, bytes)
  const { store } = create(origin)
  const told: Damage[] = []
  store.onDamaged = (damage) => void told.push(damage)
  await store.start()
  const [copy] = await readdir(join(origin, 'quarantine'))
  const kept = await readFile(join(origin, 'quarantine', copy!))
  assert.deepEqual(told, [{ events: NaN, bytes: kept.length }])
  await store.stop(NEVER)
})
