/** What is kept and deleted of rotated files, and how they are compressed. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { getPriority } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { filesToDelete } from '../../../src/outputs/file/rotated/retention.ts'
import type { KeepLimits } from '../../../src/outputs/file/settings.ts'
import { ManualTime, metricValue } from '../../drivers/context.ts'
import { requireTool } from '../../support/tool.ts'
import { until } from '../../support/wait.ts'
import { FaultyFileSystem, logsIn, logsOf, names, runFile, temporaryFolder } from './setup.ts'

const DAY = 86_400_000
/** The name a file has that was rotated on this day of November 2026. */
const rotated = (stem: string, day: number, ending = '.log') =>
  `${stem}@2026-11-${String(day).padStart(2, '0')}T00-00-00.000Z${ending}`

describe('limits', () => {
  const check = (keep: KeepLimits, expected: number[]) => {
    const files = [3, 1, 4, 2, 5].map((day) => ({
      path: `${day}`,
      rank: '',
      rotatedAtMs: day * DAY,
      bytes: day,
    }))
    const doomed = filesToDelete(files, keep, 6 * DAY).map(({ path }) => Number(path))
    assert.deepEqual(doomed.sort(), expected)
  }

  test('each alone and all together, the newest stay', () => {
    check({}, [])
    check({ files: 2 }, [1, 2, 3])
    check({ files: 5 }, [])
    check({ ageMs: 3 * DAY }, [1, 2])
    check({ bytes: 12 }, [1, 2])
    check({ bytes: 4 }, [1, 2, 3, 4, 5])
    check({ files: 3, ageMs: 2 * DAY, bytes: 100 }, [1, 2, 3])
  })

  test('a file and its compressed form count as one', () => {
    const file = (path: string, day: number) => ({
      path,
      rank: '',
      rotatedAtMs: day * DAY,
      bytes: 1,
    })
    const files = [file('a', 2), file('a.gz', 2), file('b', 1), file('c', 0)]
    assert.deepEqual(filesToDelete(files, { files: 2 }, 3 * DAY), [file('c', 0)])
  })
})

describe('keep', () => {
  test('deletes only rotated files of its own', async (t) => {
    const folder = await temporaryFolder(t)
    const doomed = [rotated('a', 1), rotated('a', 2, '.log.gz'), rotated('b', 1, '.log.zst')]
    const kept = [
      rotated('a', 3),
      rotated('b', 2),
      rotated('a', 1, '.txt'),
      rotated('a', 1, '.log.bak'),
      rotated('a@b', 1),
      'a@2026-11-01.log',
      'a.log',
      'old.log',
      'a.log.torn',
    ]
    for (const name of [...doomed, ...kept]) await writeFile(join(folder, name), 'x')
    await mkdir(join(folder, 'sub'))
    await writeFile(join(folder, 'sub', rotated('a', 1)), 'x')
    await symlink('a.log', join(folder, rotated('c', 1)))
    await symlink('a.log', join(folder, rotated('c', 2)))
    const { output, context, log } = await runFile(t, folder, { keep: { files: 1 } })
    await until('they are deleted', () => doomed.every((name) => !existsSync(join(folder, name))))
    await output.stop(AbortSignal.timeout(5000))
    const left = [...kept, 'sub', rotated('c', 1), rotated('c', 2)].sort()
    assert.deepEqual(await names(folder), left)
    assert.ok(existsSync(join(folder, 'sub', rotated('a', 1))))
    assert.equal(metricValue(context.registry, 'deleted_files_total'), doomed.length)
    assert.equal(log.messages('info').length, doomed.length)
  })

  test('works after every rotation, and by age as time goes by', async (t) => {
    const folder = await temporaryFolder(t)
    const options = { rotate: { size: '10B' }, keep: { files: 2, age: '2h' } }
    const { write, time } = await runFile(t, folder, options)
    for (const log of ['1', '2', '3', '4', '5']) await write('a', log)
    await until('two are left', async () => (await names(folder)).length === 3)
    assert.deepEqual(await logsOf(folder, 'a.log'), ['5'])
    for (let hour = 0; hour < 3; hour++) time.advance(3_600_001)
    await until('none is left', async () => (await names(folder)).length === 1)
    assert.deepEqual(await logsOf(folder, 'a.log'), ['5'])
  })

  test('short ages are kept to though nothing is written or rotated', async (t) => {
    const folder = await temporaryFolder(t)
    const options = { rotate: { size: '10B' }, keep: { age: '4s' } }
    const { write, time, output } = await runFile(t, folder, options)
    await write('a', '1')
    await write('a', '2')
    time.advance(2000)
    await write('a', '3')
    const settled = () => new Promise((resolve) => setTimeout(resolve, 50))
    await settled()
    time.advance(1999)
    assert.equal((await names(folder)).length, 3)
    time.advance(1000)
    await until('one is deleted', async () => (await names(folder)).length === 2)
    await settled()
    time.advance(2000)
    await until('both are', async () => (await names(folder)).length === 1)
    await settled()
    assert.equal(time.pending, 1, 'only the look at the clock, when nothing can become too old')
    await output.stop(AbortSignal.timeout(5000))
    assert.equal(time.pending, 0)
  })

  test('a file that cannot be deleted is not tried over and over', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, rotated('a', 1)), 'x')
    const faulty = new FaultyFileSystem()
    faulty.broken.set('unlink', 'EACCES')
    const { time, log } = await runFile(t, folder, { keep: { age: '4s' } }, faulty)
    await until('it is said', () => log.messages('warn').length === 1)
    time.advance(60_000)
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(log.messages('warn').length, 1)
  })

  test('counts by tag, over all days a path has', async (t) => {
    const folder = await temporaryFolder(t)
    const put = async (day: string, name: string) => {
      await mkdir(join(folder, day), { recursive: true })
      await writeFile(join(folder, day, name), 'x')
    }
    await put('2026-11-01', rotated('a', 2))
    await put('2026-11-02', rotated('a', 3))
    await put('2026-11-03', rotated('a', 4))
    await put('2026-11-01', rotated('b', 2))
    await put('not-a-day', rotated('a', 1))
    const { output } = await runFile(t, folder, { path: '%F/${tag}.log', keep: { files: 2 } })
    const doomed = join(folder, '2026-11-01', rotated('a', 2))
    await until('the oldest is deleted', () => !existsSync(doomed))
    await output.stop(AbortSignal.timeout(5000))
    assert.deepEqual(await names(join(folder, '2026-11-01')), [rotated('b', 2)])
    assert.deepEqual(await names(join(folder, '2026-11-02')), [rotated('a', 3)])
    assert.deepEqual(await names(join(folder, '2026-11-03')), [rotated('a', 4)])
    assert.deepEqual(await names(join(folder, 'not-a-day')), [rotated('a', 1)])
  })

  test('by bytes', async (t) => {
    const folder = await temporaryFolder(t)
    for (const day of [1, 2, 3]) await writeFile(join(folder, rotated('a', day)), 'x'.repeat(100))
    await runFile(t, folder, { keep: { bytes: '250B' } })
    await until('one is deleted', async () => (await names(folder)).length === 2)
    assert.deepEqual(await names(folder), [rotated('a', 2), rotated('a', 3)])
  })
})

describe('compression', () => {
  const lines = (count: number) => {
    const line = (index: number) => `{"log":"line ${index} ${'x'.repeat(index % 97)}"}\n`
    return Array.from({ length: count }, (_, index) => line(index)).join('')
  }
  /** Starts an output over one rotated file and waits for its compressed form. */
  const compressed = async (t: TestContext, options: object, text: string, ending: string) => {
    const folder = await temporaryFolder(t)
    const path = join(folder, rotated('a', 1))
    await writeFile(path, text, { mode: 0o604 })
    await utimes(path, 1_700_000_000, 1_700_000_000)
    const run = await runFile(t, folder, options, { isRealTime: true })
    await until('it is compressed', () => existsSync(path + ending) && !existsSync(path))
    return { ...run, folder, path: path + ending, bytes: await readFile(path + ending) }
  }

  test('gzip is what gunzip reads, and the mode and time stay', async (t) => {
    const { path, bytes, folder, output } = await compressed(
      t,
      { compress: 'gzip' },
      lines(60_000),
      '.gz',
    )
    assert.equal(gunzipSync(bytes).toString(), lines(60_000))
    const { mode, mtimeMs } = await stat(path)
    assert.deepEqual([mode & 0o777, mtimeMs], [0o604, 1_700_000_000_000])
    await output.stop(AbortSignal.timeout(5000))
    assert.deepEqual(await names(folder), [rotated('a', 1, '.log.gz')])
  })

  test('zstd is what zstdcat reads whole, in frames of whole lines', async (t) => {
    const tool = requireTool(t, 'zstd')
    if (tool === undefined) return
    const options = { compress: 'zstd', compress_level: 1 }
    const { path, bytes } = await compressed(t, options, lines(60_000), '.zst')
    const { stdout } = spawnSync(tool, ['-dc', path], { maxBuffer: 2 ** 26 })
    assert.equal(stdout.toString(), lines(60_000))
    const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])
    const second = bytes.indexOf(magic, 4)
    assert.ok(second > 0, 'there is more than one frame')
    const frame = spawnSync(tool, ['-dc'], { input: bytes.subarray(0, second), maxBuffer: 2 ** 26 })
    const first = frame.stdout.toString()
    assert.ok(first.length > 1_000_000 && first.length <= 2 ** 20)
    assert.ok(logsIn(first).length > 0)
  })

  test('a line larger than a piece, and no line at all', async (t) => {
    const long = `{"log":"${'x'.repeat(3_000_000)}"}\n`
    const text = lines(10) + long + lines(10)
    const { bytes } = await compressed(t, { compress: 'gzip' }, text, '.gz')
    assert.equal(gunzipSync(bytes).toString(), text)
    const empty = await compressed(t, { compress: 'gzip' }, '', '.gz')
    assert.equal(gunzipSync(empty.bytes).toString(), '')
  })

  test('follows every rotation; the current file stays plain', async (t) => {
    const folder = await temporaryFolder(t)
    const options = { compress: 'gzip', rotate: { size: '10B' } }
    const { write, context, output } = await runFile(t, folder, options, { isRealTime: true })
    for (const log of ['1', '2', '3']) await write('a', log)
    await until('two are compressed', async () => {
      const files = await names(folder)
      return files.filter((name) => name.endsWith('.gz')).length === 2 && files.length === 3
    })
    await until('both are counted', () => {
      return metricValue(context.registry, 'compressed_files_total') === 2
    })
    const one = (await names(folder)).find((name) => name.endsWith('.gz'))
    assert.deepEqual(logsIn(gunzipSync(await readFile(join(folder, one!))).toString()), ['1'])
    assert.deepEqual(await logsOf(folder, 'a.log'), ['3'])
    await output.stop(AbortSignal.timeout(5000))
  })

  test('what a crash left is cleared away and begun again', async (t) => {
    const folder = await temporaryFolder(t)
    const path = join(folder, rotated('a', 1))
    await writeFile(path, '{"log":"x"}\n')
    await writeFile(`${path}.gz`, 'half of it')
    const leftover = join(folder, rotated('b', 1, '.log.gz.tmp'))
    await writeFile(leftover, 'half of it')
    const { output } = await runFile(t, folder, { compress: 'gzip' }, { isRealTime: true })
    await until('it is begun again', () => !existsSync(path) && !existsSync(leftover))
    await output.stop(AbortSignal.timeout(5000))
    assert.deepEqual(await names(folder), [rotated('a', 1, '.log.gz')])
    assert.deepEqual(logsIn(gunzipSync(await readFile(`${path}.gz`)).toString()), ['x'])
  })

  test('a file that cannot be read is said and left, and the next one is compressed', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, rotated('a', 1)), 'a\n')
    await mkdir(join(folder, rotated('a', 1, '.log.gz.tmp')))
    await writeFile(join(folder, rotated('b', 1)), 'b\n')
    const { log } = await runFile(t, folder, { compress: 'gzip' }, { isRealTime: true })
    await until('the other is', () => existsSync(join(folder, rotated('b', 1, '.log.gz'))))
    await until('it is said', () => /cannot compress/.test(log.messages('warn').join()))
    assert.equal(readFileSync(join(folder, rotated('a', 1)), 'utf8'), 'a\n')
  })

  test('the worker yields to others, and only the worker', { timeout: 30_000 }, async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, rotated('a', 1)), lines(400_000))
    const { output } = await runFile(t, folder, { compress: 'gzip' }, { isRealTime: true })
    if (process.platform === 'linux')
      await until('a thread has low priority', () => threadPriorities().includes(19))
    assert.equal(getPriority(), 0)
    // Cut short: the original is still there.
    await output.stop(AbortSignal.abort())
    assert.ok(existsSync(join(folder, rotated('a', 1))))
  })

  test('no worker is left after it has been idle', async (t) => {
    const folder = await temporaryFolder(t)
    const time = new ManualTime()
    await writeFile(join(folder, rotated('a', 1)), 'x\n')
    const { context } = await runFile(t, folder, { compress: 'gzip' }, { time })
    await until('it is compressed', () => {
      return metricValue(context.registry, 'compressed_files_total') === 1
    })
    if (process.platform !== 'linux') return
    time.advance(10_000)
    await until('the thread is gone', () => !threadPriorities().includes(19))
  })
})

/** The nice value of every thread of this process; one that ends meanwhile is left out. */
function threadPriorities(): number[] {
  return readdirSync('/proc/self/task').flatMap((id) => {
    try {
      const fields = readFileSync(join('/proc/self/task', id, 'stat'), 'utf8').split(') ')[1]!
      return [Number(fields.split(' ')[16])]
    } catch (_ended) {
      return []
    }
  })
}
