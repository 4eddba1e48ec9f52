/** What senders can make large or many stays within bounds, and lack of memory loses nothing. */
import assert from 'node:assert/strict'
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { nodeFileSystem } from '../../../src/outputs/file/file-system.ts'
import { PathResolver } from '../../../src/outputs/file/path/path-resolver.ts'
import { PathTemplate } from '../../../src/outputs/file/path/path-template.ts'
import { Zone } from '../../../src/codecs/time/zone.ts'
import { type FileAccess, fileAccess } from '../../../src/pipeline/files/file-access.ts'
import { KNOWN_FILES_MAX, KnownFiles } from '../../../src/outputs/file/rotated/known-files.ts'
import { metricValue } from '../../drivers/context.ts'
import { batchOf } from '../../support/entries.ts'
import { until } from '../../support/wait.ts'
import { FaultyFileSystem, logsOf, names, runFile, temporaryFolder } from './setup.ts'

/** No memory for encoding until `mock.restore()`. */
function takeMemory(t: TestContext) {
  return t.mock.method(Buffer, 'allocUnsafeSlow', () => {
    throw new RangeError('Array buffer allocation failed')
  }).mock
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function memoryUsed(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => `${index}`)

describe('lack of memory', () => {
  test('holds the sources back like a full disk, and no line is lost or doubled', async (t) => {
    const folder = await temporaryFolder(t)
    const { output, write, time, log } = await runFile(t, folder, {})
    const memory = takeMemory(t)
    const pending = [write('a', '1', '2'), write('a', '3')]
    await until('it is a problem', () => output.problem)
    assert.match(output.problem!, /cannot write .*a\.log: Array buffer allocation failed/)
    memory.restore()
    time.advance(5000)
    assert.deepEqual(await Promise.all(pending), ['delivered', 'delivered'])
    assert.deepEqual(await logsOf(folder, 'a.log'), ['1', '2', '3'])
    assert.equal(output.problem, null)
    assert.equal(log.messages('error').length, 1)
  })

  test('that lasts until the stop is answered retry', async (t) => {
    const folder = await temporaryFolder(t)
    const { output, write, time } = await runFile(t, folder, {})
    const memory = takeMemory(t)
    const pending = write('a', '1')
    await until('it is a problem', () => output.problem)
    await output.stop(AbortSignal.abort())
    assert.equal(await pending, 'retry')
    assert.equal(time.pending, 0)
    memory.restore()
    assert.deepEqual(await logsOf(folder, 'a.log'), [])
  })
})

describe('long batches', () => {
  test('are written in slices, each line once, whatever fails in between', async (t) => {
    const folder = await temporaryFolder(t)
    const faulty = new FaultyFileSystem()
    const { output, write, time } = await runFile(t, folder, { fsync: true }, faulty)
    faulty.writes = ['ok', { short: 100_000 }, { code: 'ENOSPC' }, { code: 'EIO' }, 'ok']
    const logs = numbers(4000).map((log) => log + 'x'.repeat(2000))
    let settled = false
    const pending = write('a', ...logs).finally(() => (settled = true))
    await until('it is written', () => (time.advance(5000), settled))
    assert.equal(await pending, 'delivered')
    assert.deepEqual(await logsOf(folder, 'a.log'), logs)
    // About 2 MiB each, and what failed.
    assert.ok(faulty.writeCount >= 8 && faulty.writeCount <= 10, `${faulty.writeCount} writes`)
    assert.equal(output.problem, null)
  })

  test('are rotated as any others', async (t) => {
    const folder = await temporaryFolder(t)
    const { output, write } = await runFile(t, folder, { rotate: { size: '700KiB' } })
    const logs = numbers(2000).map((log) => log + 'x'.repeat(2000))
    assert.equal(await write('a', ...logs), 'delivered')
    await output.stop(AbortSignal.timeout(5000))
    const files = await names(folder)
    const found = await Promise.all(
      [...files.slice(1), files[0]!].map((name) => logsOf(folder, name)),
    )
    assert.deepEqual(found.flat(), logs)
    assert.ok(files.length >= 6)
  })
})

describe('many tags', () => {
  test('that wait for their files hold little memory', async (t) => {
    const folder = await temporaryFolder(t)
    const faulty = new FaultyFileSystem()
    const { output, context } = await runFile(t, folder, {}, faulty)
    faulty.broken.set('open', 'EACCES')
    const batches = numbers(5000).map((log) => batchOf(`tag.${log}`, {}))
    const before = memoryUsed()
    const outcomes = batches.map((batch) => output.deliver(batch))
    await until('all have been tried', () => {
      return metricValue(context.registry, 'write_errors_total', { code: 'EACCES' })! >= 5000
    })
    const grown = memoryUsed() - before
    // 4 kB each, with what the log of the test keeps.
    assert.ok(grown < 20_000_000, `${grown} bytes`)
    await output.stop(AbortSignal.abort())
    assert.deepEqual(new Set(await Promise.all(outcomes)), new Set(['retry']))
  })

  test('of which some fail stop none of the others, however few may be open', async (t) => {
    const folder = await temporaryFolder(t)
    const faulty = new FaultyFileSystem()
    const options = { path: '${tag[0]}/${tag[1]}.log', max_open_files: 2 }
    const { write, time } = await runFile(t, folder, options, faulty)
    await mkdir(join(folder, 'bad'))
    // A file in the place of the file: root may write where modes forbid it.
    for (const name of ['1', '2', '3']) await mkdir(join(folder, 'bad', `${name}.log`))
    const failing = ['1', '2', '3'].map((name) => write(`bad.${name}`, 'x'))
    for (const tag of ['good.1', 'good.2', 'good.3', 'good.1'])
      assert.equal(await write(tag, 'x'), 'delivered')
    faulty.writes = [{ code: 'ENOSPC' }, { code: 'ENOSPC' }, 'ok']
    const full = [write('full.1', 'x'), write('full.2', 'x')]
    await until('both have failed', () => faulty.writeCount >= 6)
    assert.equal(await write('good.4', 'x'), 'delivered')
    await chmod(folder, 0o755)
    for (const name of ['1', '2', '3'])
      await rm(join(folder, 'bad', `${name}.log`), { recursive: true })
    const all = Promise.all([...failing, ...full]).then(() => true)
    let isDone = false
    void all.then(() => (isDone = true))
    await until('all are written', () => (time.advance(5000), isDone))
    assert.deepEqual(await logsOf(folder, 'bad', '1.log'), ['x'])
    assert.deepEqual(await logsOf(folder, 'full', '2.log'), ['x'])
  })

  test('long ones are not kept in the cache of paths', () => {
    let rendered = 0
    const resolver = new PathResolver({
      template: new PathTemplate('/logs/${tag}.log'),
      link: undefined,
      zone: new Zone('UTC'),
      time: 'event',
      noteRendered: () => rendered++,
    })
    for (const tag of ['a', 'a', 'a'.repeat(1025), 'a'.repeat(1025)]) resolver.resolveTag(tag, 0)
    assert.equal(rendered, 3)
  })

  test('long ones are noted with their beginning, once', async (t) => {
    const folder = await temporaryFolder(t)
    const { output, write, log } = await runFile(t, folder, {})
    const tag = 't'.repeat(60_000)
    await write(tag, '1')
    await write(tag, '2')
    await output.stop(AbortSignal.timeout(5000))
    const [note, ...others] = await readdir(join(folder, '.long-names'))
    assert.deepEqual(others, [])
    const text = await readFile(join(folder, '.long-names', note!), 'utf8')
    assert.ok(text.length < 6000)
    assert.ok((JSON.parse(text) as { tag: string }).tag.startsWith('t'.repeat(4096)))
    assert.deepEqual(log.messages('warn'), [])
  })
})

describe('files that were begun', () => {
  const around = (run: Awaited<ReturnType<typeof runFile>>) => ({
    fileSystem: nodeFileSystem,
    clock: run.time,
    timers: run.time,
    logger: run.log,
    // Counted nowhere.
    metrics: {} as never,
  })

  test('are remembered up to a bound, and so is the file with their names', async (t) => {
    const folder = await temporaryFolder(t)
    const steps: string[] = []
    const access: FileAccess = {
      ...fileAccess,
      rename: (from, to) => (steps.push('rename'), fileAccess.rename(from, to)),
      syncFolder: (path) => (steps.push(path), fileAccess.syncFolder(path)),
    }
    const known = new KnownFiles(folder, around(await runFile(t, folder, {})), access)
    for (let index = 0; index < KNOWN_FILES_MAX * 2; index++) {
      known.add(`/logs/${index}`)
      if (index % 10_000 === 0) await known.settled()
    }
    await known.settled()
    const paths = known.list()
    assert.ok(paths.length <= KNOWN_FILES_MAX && paths.length > KNOWN_FILES_MAX / 2)
    assert.ok(!paths.includes('/logs/0'))
    const text = await readFile(join(folder, 'current-files.jsonl'), 'utf8')
    assert.ok(text.split('\n').length < 2 * KNOWN_FILES_MAX)
    assert.ok(text.includes('"/logs/99999"'))
    // After a power cut too.
    assert.deepEqual(steps.slice(0, 2), ['rename', folder])
  })

  test('and are gone are forgotten, without rotation by time too', async (t) => {
    const folder = await temporaryFolder(t)
    const looked: string[] = []
    const stat = (path: string) => (looked.push(path), nodeFileSystem.stat(path))
    const options = { max_open_files: 1 }
    const run = await runFile(t, folder, options, { fileSystem: { ...nodeFileSystem, stat } })
    for (const tag of ['gone', 'there', 'open']) await run.write(tag, '1')
    await rm(join(folder, 'gone.log'))
    const anHour = async () => {
      looked.length = 0
      run.time.advance(3_600_001)
      await until('it has looked', () => looked.includes(join(folder, 'there.log')))
      return looked.includes(join(folder, 'gone.log'))
    }
    assert.deepEqual([await anHour(), await anHour()], [true, false])
  })
})

describe('msgpack files with a torn entry', () => {
  const whole = batchOf('a', { log: 'x'.repeat(70_000), n: 1, list: [1, [2, { a: null }]] }).entries
  const next = batchOf('a', { log: 'next' })
  const check = async (t: TestContext, before: Uint8Array, torn: Uint8Array) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'a.log'), Buffer.concat([before, torn]))
    const { output, log } = await runFile(t, folder, { format: { type: 'msgpack' } })
    assert.equal(await output.deliver(next), 'delivered')
    const expected = Buffer.concat([before, next.entries])
    assert.deepEqual(await readFile(join(folder, 'a.log')), expected)
    assert.equal(log.messages('warn').length, torn.length === 0 ? 0 : 1)
    if (torn.length === 0) return
    const kept = await readFile(join(folder, 'a.log.torn'))
    assert.deepEqual(kept, Buffer.concat([torn, Buffer.from('\n')]))
  }
  const two = Buffer.concat([whole, whole])

  test('have it cut off, wherever it is torn', async (t) => {
    for (const length of [1, 2, 11, 12, 20, 1000, 70_020, whole.length - 1])
      await check(t, two, whole.subarray(0, length))
  })
  test('may have nothing else', (t) => check(t, Buffer.alloc(0), whole.subarray(0, 30)))
  test('may have none', (t) => check(t, two, Buffer.alloc(0)))
  test('which is not read again when the file was only closed for another', async (t) => {
    const folder = await temporaryFolder(t)
    const options = { format: { type: 'msgpack' }, max_open_files: 1 }
    const faulty = new FaultyFileSystem()
    const { output } = await runFile(t, folder, options, faulty)
    await output.deliver(batchOf('a', { log: '1' }))
    await output.deliver(batchOf('b', { log: '1' }))
    faulty.broken.set('read', 'EIO')
    assert.equal(await output.deliver(batchOf('a', { log: '2' })), 'delivered')
  })
})
