/** Buffer files with blocks of compressed frames. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import type { Batch } from '../../../../src/pipeline/batch.ts'
import { encodeBlockHead } from '../../../../src/pipeline/buffers/disk/block.ts'
import type { DiskStore } from '../../../../src/pipeline/buffers/disk/disk-store.ts'
import { encodeFrames } from '../../../../src/pipeline/buffers/disk/frame.ts'
import { batchOf } from '../../../support/entries.ts'
import {
  appendAll,
  eventsIn,
  numbered,
  open,
  same,
  segmentsIn,
  takeAll,
  temporaryFolder,
} from './disk-fixture.ts'

const NEVER = new AbortController().signal

/** Batches of so many bytes that repeat, and so can be made much smaller. */
function repeating(count: number, from = 0): Batch[] {
  return numbered(count, from).map(({ tag }, index) =>
    batchOf(tag, { log: `line ${from + index} `.repeat(300) }),
  )
}

/** What comes at the same time is written together. */
async function appendTogether(store: DiskStore, batches: readonly Batch[]): Promise<void> {
  const answers = await Promise.all(batches.map((batch) => store.append(batch)))
  assert.ok(answers.every((answer) => answer === 'delivered'))
}

const plainBytes = (batches: readonly Batch[]) =>
  batches.reduce((sum, { entries }) => sum + entries.length, 0)

for (const compression of ['zstd', 'gzip'] as const)
  describe(compression, () => {
    test('makes files smaller, and hands out what came, at once and after a start', async (t) => {
      const folder = await temporaryFolder(t)
      // The last one is written alone, and by a thread.
      const batches = [...repeating(20), batchOf('big', { log: 'abc'.repeat(100_000) })]
      const first = await open(folder, { compression })
      await appendTogether(first.store, batches.slice(0, 20))
      await appendAll(first.store, batches.slice(20))
      const { size } = await stat(join(folder, (await segmentsIn(folder))[0]!))
      assert.ok(size < plainBytes(batches) / 10, `${size} bytes`)
      assert.ok(first.store.bytes < size, `${first.store.bytes} of ${size} bytes`)
      same(await takeAll(first.store), batches)
      assert.equal(first.access.bytesRead, 0, 'read back what was in memory')
      await first.store.stop(NEVER)

      const second = await open(folder, { compression })
      assert.equal(second.store.events, eventsIn(batches))
      const taken = await takeAll(second.store)
      same(taken, batches)
      assert.ok(second.store.bytes < size, `${second.store.bytes} of ${size} bytes`)
      for (const batch of taken) second.store.finish(batch)
      assert.deepEqual([second.store.bytes, second.store.events], [0, 0])
      await second.store.stop(NEVER)
      assert.deepEqual(await segmentsIn(folder), [])
    })

    test('leaves little as it is', async (t) => {
      const folder = await temporaryFolder(t)
      const { store } = await open(folder, { compression })
      await appendAll(store, numbered(3))
      const [segment] = await segmentsIn(folder)
      assert.ok((await readFile(join(folder, segment!))).includes('line 2'))
      await store.stop(NEVER)
      const again = await open(folder, { compression })
      same(await takeAll(again.store), numbered(3))
      await again.store.stop(NEVER)
    })
  })

test('what was written another way before is read all the same', async (t) => {
  const folder = await temporaryFolder(t)
  const ways = ['zstd', null, 'gzip'] as const
  for (const [index, compression] of ways.entries()) {
    const { store } = await open(folder, { compression })
    await appendTogether(store, repeating(3, index * 3))
    await store.stop(NEVER)
  }
  const { store } = await open(folder)
  same(await takeAll(store), [...repeating(3), ...repeating(3, 3), ...repeating(3, 6)])
  await store.stop(NEVER)
})

test('max_bytes is what lies on disk', async (t) => {
  const folder = await temporaryFolder(t)
  const batches = repeating(30)
  const maxBytes = plainBytes(batches) / 10
  const { store } = await open(folder, { compression: 'zstd', maxBytes })
  await appendAll(store, batches)
  assert.ok(store.bytes < maxBytes)
  await store.stop(NEVER)
})

test('what takes long to read leaves no bytes counted', async (t) => {
  const folder = await temporaryFolder(t)
  const { store } = await open(folder, { compression: 'zstd', recentBytes: 0 })
  for (let round = 0; round < 5; round++) {
    await appendTogether(store, repeating(7, round * 7))
    const [batch] = await store.take({ bytes: 1, events: 1 })
    store.finish(batch!)
  }
  for (const batch of await takeAll(store)) store.finish(batch)
  assert.deepEqual([store.bytes, store.events], [0, 0])
  await store.stop(NEVER)
})

describe('a block', () => {
  const batches = repeating(2)
  const arrived = batches.map((batch) => ({ ...batch, arrivedAt: 0 }))
  const { frames } = encodeFrames(arrived, { sequence: 0, events: 0 })

  const secondAt = frames.length / 2

  /** What is handed out of a segment with nothing but a block, whose checksums are right. */
  async function taken(t: TestContext, { body, plainLength = frames.length, place = 32 }: Made) {
    const folder = await temporaryFolder(t)
    const { store: first } = await open(folder, { compression: 'zstd' })
    await appendTogether(first, batches)
    await first.stop(NEVER)
    const path = join(folder, (await segmentsIn(folder))[0]!)
    const fields = { plainLength, place, firstSequence: 0, eventsBefore: 0 }
    const head = encodeBlockHead({ method: 'zstd', ...fields }, body)
    await writeFile(path, Buffer.concat([(await readFile(path)).subarray(0, 32), head, body]))
    const { store, log } = await open(folder)
    const found = await takeAll(store)
    await store.stop(NEVER)
    const said = [...log.messages('error'), ...log.messages('warn')].length
    return { found, said }
  }

  test('that is whole is handed out', async (t) => {
    const { found, said } = await taken(t, { body: zstdCompressSync(frames) })
    same(found, batches)
    assert.equal(said, 0)
  })

  const cases: Record<string, Made> = {
    'holds more than it says': { body: zstdCompressSync(Buffer.alloc(50_000_000)) },
    'holds less than it says': { body: zstdCompressSync(frames), plainLength: frames.length + 1 },
    'holds no frames': { body: zstdCompressSync(Buffer.alloc(frames.length)) },
    'holds frames from somewhere else': {
      body: zstdCompressSync(frames.subarray(secondAt)),
      plainLength: frames.length - secondAt,
    },
    'is not compressed': { body: randomBytes(5000) },
    'was logged by somebody': { body: zstdCompressSync(frames), place: 4711 },
  }
  for (const [what, made] of Object.entries(cases))
    test(`that ${what} is damaged, and is said to be`, async (t) => {
      const { found, said } = await taken(t, made)
      assert.deepEqual(found, [])
      assert.ok(said > 0)
    })

  test('that was not worth while gives its frames when its own head is damaged', async (t) => {
    const folder = await temporaryFolder(t)
    const few = numbered(2)
    const { store: first } = await open(folder, { compression: 'zstd' })
    await appendTogether(first, few)
    await first.stop(NEVER)
    const path = join(folder, (await segmentsIn(folder))[0]!)
    const bytes = await readFile(path)
    bytes[40]! ^= 1
    await writeFile(path, bytes)
    const { store } = await open(folder)
    same(await takeAll(store), few)
    await store.stop(NEVER)
  })
})

interface Made {
  readonly body: Buffer
  readonly plainLength?: number
  readonly place?: number
}
