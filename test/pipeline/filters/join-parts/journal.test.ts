import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { Journal } from '../../../../src/pipeline/filters/join-parts/journal.ts'
import { frameOf } from '../../../../src/pipeline/filters/join-parts/journal-frames.ts'
import { KeptLog, ManualTime } from '../../../drivers/context.ts'
import { until } from '../../../support/wait.ts'

const MIB = 1024 * 1024
const ABORTED = AbortSignal.abort()

async function setUp(t: TestContext, options: { fsync?: boolean } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'logboom-journal-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'state', 'parts.journal')
  const held = { payloads: () => held.list, list: [] as Uint8Array[], bytes: 0, isEmpty: false }
  const [timers, logger] = [new ManualTime(), new KeptLog()]
  const open = () => new Journal({ path, fsync: options.fsync ?? false, held, timers, logger })
  return { path, folder, held, timers, logger, open, never: new AbortController().signal }
}

suite('journal', () => {
  test('gives back what was appended', async (t) => {
    const { open, never } = await setUp(t, { fsync: true })
    const journal = open()
    assert.deepEqual(await journal.open(), [])
    await Promise.all(['a', 'b', 'c'].map((text) => journal.append([Buffer.from(text)])))
    await journal.drain(never)
    await journal.close()
    const again = open()
    assert.deepEqual((await again.open()).map(String), ['a', 'b', 'c'])
    await again.append([Buffer.from('d')])
    await again.close()
    const last = open()
    assert.deepEqual((await last.open()).map(String), ['a', 'b', 'c', 'd'])
    await last.close()
  })

  test('is empty when nothing is held', async (t) => {
    const { path, held, open, never } = await setUp(t)
    const journal = open()
    await journal.append([Buffer.from('a')])
    held.isEmpty = true
    journal.note(Buffer.from('release'))
    await journal.drain(never)
    assert.equal((await stat(path)).size, 0)
    await journal.close()
  })

  test('is rewritten when most of it is released', async (t) => {
    const { path, held, open, never } = await setUp(t)
    const journal = open()
    held.list = [Buffer.from('still held')]
    held.bytes = 10
    for (let index = 0; index < 20; index++) await journal.append([Buffer.alloc(MIB, 1)])
    await journal.drain(never)
    assert.ok((await stat(path)).size < 8 * MIB)
    await journal.append([Buffer.from('later')])
    await journal.close()
    const again = open()
    const payloads = (await again.open()).map(String)
    assert.deepEqual([payloads[0], payloads.at(-1)], ['still held', 'later'])
    await again.close()
  })

  test('is left as it is while most of it is held', async (t) => {
    const { path, held, open, never } = await setUp(t)
    const journal = open()
    held.bytes = 20 * MIB
    for (let index = 0; index < 20; index++) await journal.append([Buffer.alloc(MIB, 1)])
    await journal.drain(never)
    assert.ok((await stat(path)).size > 20 * MIB)
    await journal.close()
  })

  test('gives up at the deadline of a stop, not before', async (t) => {
    const { path, folder, timers, logger, open } = await setUp(t)
    await writeFile(join(folder, 'state'), 'in the way')
    const journal = open()
    const appended = assert.rejects(journal.append([Buffer.from('a')]), {
      message: new RegExp(`^cannot write held parts to ${path}: `),
    })
    await until('a retry is due', () => timers.pending > 0)
    await journal.drain(ABORTED)
    await appended
    await journal.close()
    await assert.rejects(journal.append([Buffer.from('b')]), /stopped/)
    assert.equal(timers.pending, 0)
    assert.equal(logger.messages('error').length, 1)
  })

  test('starts with any torn end', async (t) => {
    const { path, folder, open } = await setUp(t)
    await rm(folder, { recursive: true })
    const first = open()
    await first.append([Buffer.from('first')])
    await first.close()
    const whole = await readFile(path)
    const second = frameOf(Buffer.from('second'))
    for (let cut = 0; cut < second.length; cut++) {
      await writeFile(path, Buffer.concat([whole, second.subarray(0, cut)]))
      const journal = open()
      assert.deepEqual((await journal.open()).map(String), ['first'])
      await journal.close()
      assert.deepEqual(await readFile(path), whole)
    }
  })
})
