import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, open as openFile, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import {
  type FileAccess,
  privateFileAccess,
} from '../../../../../src/pipeline/files/file-access.ts'
import { Journal } from '../../../../../src/pipeline/filters/support/joining/journal.ts'
import { KeptLog, ManualTime } from '../../../../drivers/context.ts'
import { until } from '../../../../support/wait.ts'

const MIB = 1024 * 1024
const ABORTED = AbortSignal.abort()
const NEVER = new AbortController().signal

async function setUp(t: TestContext, options: { fsync?: boolean; files?: FileAccess } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'logboom-journal-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'state', 'parts.journal')
  const held = { payloads: () => held.list, list: [] as Uint8Array[], bytes: 0, isEmpty: false }
  const [timers, logger] = [new ManualTime(), new KeptLog()]
  const { fsync = false, files = privateFileAccess } = options
  const open = () => new Journal({ path, fsync, held, timers, logger, files })
  return { path, folder, held, timers, logger, open }
}

suite('journal', () => {
  test('gives back what was appended', async (t) => {
    const { open } = await setUp(t, { fsync: true })
    const journal = open()
    assert.deepEqual(await journal.open(), [])
    await Promise.all(['a', 'b', 'c'].map((text) => journal.append([Buffer.from(text)])))
    await journal.drain(NEVER)
    await journal.close(NEVER)
    const again = open()
    assert.deepEqual((await again.open()).map(String), ['a', 'b', 'c'])
    await again.append([Buffer.from('d')])
    await again.close(NEVER)
    const last = open()
    assert.deepEqual((await last.open()).map(String), ['a', 'b', 'c', 'd'])
    await last.close(NEVER)
  })

  test('is empty when nothing is held', async (t) => {
    const { path, held, open } = await setUp(t)
    const journal = open()
    await journal.append([Buffer.from('a')])
    held.isEmpty = true
    journal.note(Buffer.from('release'))
    await journal.drain(NEVER)
    assert.equal((await stat(path)).size, 0)
    await journal.close(NEVER)
  })

  test('is rewritten when most of it is released', async (t) => {
    const { path, held, open } = await setUp(t)
    const journal = open()
    held.list = [Buffer.from('still held')]
    held.bytes = 10
    for (let index = 0; index < 20; index++) await journal.append([Buffer.alloc(MIB, 1)])
    await journal.drain(NEVER)
    assert.ok((await stat(path)).size < 8 * MIB)
    await journal.append([Buffer.from('later')])
    await journal.close(NEVER)
    const again = open()
    const payloads = (await again.open()).map(String)
    assert.deepEqual([payloads[0], payloads.at(-1)], ['still held', 'later'])
    await again.close(NEVER)
  })

  test('survives a power cut under its name, made and rewritten', async (t) => {
    const steps: string[] = []
    const files: FileAccess = {
      ...privateFileAccess,
      rename: (from, to) => (steps.push('rename'), privateFileAccess.rename(from, to)),
      syncFolder: (name) => (steps.push(basename(name)), privateFileAccess.syncFolder(name)),
    }
    const { path, held, open } = await setUp(t, { fsync: true, files })
    const journal = open()
    await journal.append([Buffer.from('a')])
    assert.equal(steps.at(-1), 'state')
    held.bytes = 10
    for (let index = 0; index < 20; index++) await journal.append([Buffer.alloc(MIB, 1)])
    await journal.drain(NEVER)
    assert.deepEqual(steps.slice(steps.indexOf('rename'))[1], 'state')
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    await journal.close(NEVER)
  })

  test('is not written where its name cannot be made safe', async (t) => {
    let isBroken = true
    const files: FileAccess = {
      ...privateFileAccess,
      syncFolder: (name) =>
        isBroken && basename(name) === 'state'
          ? Promise.reject(new Error('EIO'))
          : privateFileAccess.syncFolder(name),
    }
    const { timers, open } = await setUp(t, { fsync: true, files })
    const journal = open()
    let isWritten = false
    const appended = journal.append([Buffer.from('a')]).then(() => (isWritten = true))
    await until('a retry is due', () => timers.pending > 0)
    timers.advance(1000)
    await until('another is due', () => timers.pending > 0)
    assert.equal(isWritten, false)
    isBroken = false
    timers.advance(1000)
    await appended
    await journal.close(NEVER)
  })

  test('is written anew when somebody removes it', async (t) => {
    const { path, held, logger, open } = await setUp(t)
    const journal = open()
    held.list = [Buffer.from('a')]
    await journal.append(held.list)
    await rm(dirname(path), { recursive: true })
    held.list = [Buffer.from('a'), Buffer.from('b')]
    await journal.append([Buffer.from('b')])
    await journal.append([Buffer.from('c')])
    assert.equal(logger.messages('warn').length, 1)
    // As after a kill: it was not closed.
    const again = open()
    assert.deepEqual((await again.open()).map(String), ['a', 'b', 'c'])
    await again.close(NEVER)
    await journal.close(NEVER)
  })

  test('is left as it is while most of it is held', async (t) => {
    const { path, held, open } = await setUp(t)
    const journal = open()
    held.bytes = 20 * MIB
    for (let index = 0; index < 20; index++) await journal.append([Buffer.alloc(MIB, 1)])
    await journal.drain(NEVER)
    assert.ok((await stat(path)).size > 20 * MIB)
    await journal.close(NEVER)
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
    await journal.close(NEVER)
    await assert.rejects(journal.append([Buffer.from('b')]), /stopped/)
    assert.equal(timers.pending, 0)
    assert.equal(logger.messages('error').length, 1)
  })

  test('leaves behind what the system does not end by the deadline of a stop', async (t) => {
    const { open } = await setUp(t)
    const journal = open()
    await journal.append([Buffer.from('a')])
    await journal.drain(NEVER)
    const handle = await openFile(import.meta.filename)
    const prototype = Object.getPrototypeOf(handle) as typeof handle
    await handle.close()
    t.mock.method(prototype, 'writev', () => new Promise(() => {}))
    void journal.append([Buffer.from('b')])
    const deadline = new AbortController()
    const drained = journal.drain(deadline.signal)
    deadline.abort()
    await drained
    await journal.close(deadline.signal)
    assert.equal(getEventListeners(deadline.signal, 'abort').length, 0)
  })

  test('cannot be opened where it could not be written', async (t) => {
    const { path, folder, open } = await setUp(t)
    await writeFile(join(folder, 'state'), 'in the way')
    await assert.rejects(open().open(), {
      message: new RegExp(`^cannot keep held parts in ${dirname(path)}: .*; expected a folder`),
    })
  })

  test('cut off anywhere, starts with the whole frames and keeps the rest beside', async (t) => {
    const { path, logger, open } = await setUp(t)
    const whole = await writtenJournal(path, open)
    for (let length = 0; length <= whole.length; length++) {
      logger.lines.length = 0
      await writeFile(path, whole.subarray(0, length))
      const { payloads, kept, aside } = await reopen(path, open)
      assert.deepEqual(payloads, TEXTS.slice(0, payloads.length))
      assert.deepEqual(Buffer.concat([kept, aside]), whole.subarray(0, length))
      assert.equal(logger.messages('warn').length, aside.length > 0 ? 1 : 0)
      assert.deepEqual(logger.messages('error'), [])
    }
  })

  test('with any byte changed, keeps what is before it and says what is behind', async (t) => {
    const { path, logger, open } = await setUp(t)
    const whole = await writtenJournal(path, open)
    for (let at = 0; at < whole.length; at++) {
      for (const bit of [0x01, 0x80]) {
        logger.lines.length = 0
        const changed = Buffer.from(whole)
        changed[at]! ^= bit
        await writeFile(path, changed)
        const { payloads, kept, aside } = await reopen(path, open)
        assert.deepEqual(payloads, TEXTS.slice(0, payloads.length))
        assert.ok(kept.length <= at, `${kept.length} bytes kept with byte ${at} changed`)
        assert.deepEqual(Buffer.concat([kept, aside]), changed)
        assert.equal(logger.messages('error').length, 1, `byte ${at}`)
      }
    }
  })
})

const TEXTS = ['first', '2', 'third one', 'fourth', 'fifth']

async function writtenJournal(path: string, open: () => Journal): Promise<Buffer> {
  const journal = open()
  await journal.append(TEXTS.map((text) => Buffer.from(text)))
  await journal.close(NEVER)
  return readFile(path)
}

/** What a start makes of the bytes at `path`: in the journal, and beside it. */
async function reopen(path: string, open: () => Journal) {
  await rm(`${path}.damaged`, { force: true })
  const journal = open()
  const payloads = (await journal.open()).map(String)
  await journal.close(NEVER)
  const aside = existsSync(`${path}.damaged`) ? await readFile(`${path}.damaged`) : Buffer.alloc(0)
  return { payloads, kept: await readFile(path), aside }
}
