/** A disk too full for a note of what is delivered, and a kill then. */
import assert from 'node:assert/strict'
import { cp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Damage } from '../../../../src/pipeline/buffers/batch-store.ts'
import { fileAccess } from '../../../../src/pipeline/files/file-access.ts'
import { Progress } from '../../../../src/pipeline/buffers/disk/progress.ts'
import { SpareFile } from '../../../../src/pipeline/buffers/disk/spare-file.ts'
import { until } from '../../../support/wait.ts'
import {
  appendAll,
  create,
  eventsIn,
  numbered,
  open,
  segmentsIn,
  takeAll,
  temporaryFolder,
} from './disk-fixture.ts'

const NEVER = new AbortController().signal
const SPARE = 'progress.spare'

/** What a kill leaves after all was delivered and deleted on a full disk. */
async function killedWhenFull(t: TestContext, options: { readonly hasSpare: boolean }) {
  const [folder, copy] = [await temporaryFolder(t), await temporaryFolder(t)]
  const { store, access } = await open(folder)
  await appendAll(store, numbered(4))
  await until('there is a spare file', async () => (await readdir(folder)).includes(SPARE))
  if (!options.hasSpare) await rm(join(folder, SPARE))
  const [first, ...others] = await takeAll(store)
  store.finish(first!)
  await until('it is noted', () => access.done.includes('rename progress.recent'))
  for (let count = 0; count < 1000; count++) access.fail('rename', 'ENOSPC')
  for (const batch of others) store.finish(batch)
  await until('it is deleted', async () => (await segmentsIn(folder)).length === 0)
  await cp(folder, copy, { recursive: true })
  await store.stop(AbortSignal.abort())
  return copy
}

async function damageIn(folder: string): Promise<Damage[]> {
  const damages: Damage[] = []
  const { store } = create(folder)
  store.onDamaged = (damage) => damages.push(damage)
  await store.start()
  await appendAll(store, numbered(2))
  assert.equal(store.events, eventsIn(numbered(2)))
  await store.stop(NEVER)
  return damages
}

test('what was delivered on a full disk is known after a kill', async (t) => {
  assert.deepEqual(await damageIn(await killedWhenFull(t, { hasSpare: true })), [])
})

test('without a spare file it seems lost', async (t) => {
  const [damage] = await damageIn(await killedWhenFull(t, { hasSpare: false }))
  assert.equal(damage?.events, eventsIn(numbered(4).slice(1)))
})

test('a note that a power cut tears leaves the one before', async (t) => {
  const path = join(await temporaryFolder(t), SPARE)
  const noted = async () => (await new SpareFile(path, fileAccess).load()).map(({ note }) => note)
  const first = new SpareFile(path, fileAccess)
  await first.make()
  assert.deepEqual(await noted(), [])
  const progress = new Progress({ sequence: 0, events: 0 })
  for (progress.note = 1; progress.note <= 2; progress.note++)
    assert.ok(await first.write(progress.encode()))
  assert.deepEqual(await noted(), [1, 2])
  const second = new SpareFile(path, fileAccess)
  await second.load()
  assert.ok(await second.write(progress.encode().subarray(0, 40)))
  assert.deepEqual(await noted(), [2])
})

test('a note that is too long for it is refused', async (t) => {
  const spare = new SpareFile(join(await temporaryFolder(t), SPARE), fileAccess)
  assert.equal(await spare.write(new Uint8Array(1)), false)
  await spare.make()
  assert.equal(await spare.write(new Uint8Array(4097)), false)
  assert.equal(await spare.write(new Uint8Array(4096)), true)
})
