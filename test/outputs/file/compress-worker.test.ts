/** The worker itself: what it leaves behind; what it writes is in keep.test.ts. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Worker } from 'node:worker_threads'
import { gunzipSync } from 'node:zlib'
import type {
  CompressJob,
  CompressResult,
} from '../../../src/outputs/file/rotated/compress-worker.ts'

const SCRIPT = new URL('../../../src/outputs/file/rotated/compress-worker.ts', import.meta.url)
const WARM_UP = 5
const FILES = 60
/** When nothing was given back it were 31 and more. */
const GROWTH_MAX_MIB = 15

const rssMiB = () => process.memoryUsage.rss() / 1024 / 1024

async function start(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'logboom-compress-'))
  const worker = new Worker(SCRIPT)
  t.after(async () => {
    await worker.terminate()
    await rm(folder, { recursive: true })
  })
  const path = join(folder, 'app.log')
  const compress = async (bytes: Uint8Array) => {
    await writeFile(path, bytes)
    const job: CompressJob = { path, compression: 'gzip', level: undefined }
    worker.postMessage(job)
    const [{ outcome }] = (await once(worker, 'message')) as [CompressResult]
    assert.equal(outcome, 'compressed')
  }
  return { compress, compressed: async () => gunzipSync(await readFile(`${path}.gz`)) }
}

test('what was compressed leaves no memory behind', async (t) => {
  const { compress, compressed } = await start(t)
  const line = (number: number) => `{"n":${number},"log":"${'x'.repeat(number % 90)}"}\n`
  const bytes = Buffer.from(Array.from({ length: 8000 }, (_, number) => line(number)).join(''))
  for (let count = 0; count < WARM_UP; count++) await compress(bytes)
  const before = rssMiB()
  for (let count = 0; count < FILES; count++) await compress(bytes)
  const growth = rssMiB() - before
  assert.ok(growth < GROWTH_MAX_MIB, `grew by ${growth.toFixed(1)} MiB`)
  assert.ok((await compressed()).equals(bytes))
})

test('what does not get smaller is whole all the same', async (t) => {
  const { compress, compressed } = await start(t)
  const bytes = randomBytes(2_500_000)
  await compress(bytes)
  assert.ok((await compressed()).equals(bytes))
})
