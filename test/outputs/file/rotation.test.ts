/** Rotation by size and clock, what `tail -F` sees of it, the symlink, and forgotten files. */
import assert from 'node:assert/strict'
import {
  appendFile,
  chmod,
  open,
  readFile,
  readlink,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { ManualTime, metricValue } from '../../drivers/context.ts'
import { batchOf } from '../../support/entries.ts'
import { until } from '../../support/wait.ts'
import { FaultyFileSystem, logsOf, names, runFile, temporaryFolder } from './setup.ts'

const ROTATED = /^a@\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z\.log$/

/** The logs of all files of a folder, rotated ones first: in the order they were written. */
async function logsInOrder(folder: string): Promise<string[]> {
  const all = await names(folder)
  const rotated = all.filter((name) => name.includes('@'))
  const active = all.filter((name) => !name.includes('@') && name.endsWith('.log'))
  const logs = await Promise.all([...rotated, ...active].map((name) => logsOf(folder, name)))
  return logs.flat()
}

describe('by size', () => {
  test('a file never grows beyond it, and no line is divided', async (t) => {
    const folder = await temporaryFolder(t)
    const { write, context } = await runFile(t, folder, { rotate: { size: '1KiB' } })
    const logs = Array.from({ length: 200 }, (_, index) => `line ${index}`)
    await Promise.all(logs.slice(0, 150).map((log) => write('a', log)))
    for (const log of logs.slice(150)) await write('a', log)
    const files = await names(folder)
    for (const name of files) assert.ok((await stat(join(folder, name))).size <= 1024)
    const rotated = files.filter((name) => name.includes('@'))
    for (const name of rotated) assert.match(name, ROTATED)
    assert.equal(metricValue(context.registry, 'rotations_total'), rotated.length)
    assert.deepEqual(await logsInOrder(folder), logs)
  })

  test('a line larger than a file gets one of its own', async (t) => {
    const folder = await temporaryFolder(t)
    const { write } = await runFile(t, folder, { rotate: { size: '100B' } })
    const logs = ['small', 'x'.repeat(500), 'small', 'y'.repeat(500)]
    await Promise.all(logs.map((log) => write('a', log)))
    assert.deepEqual(await logsInOrder(folder), logs)
    assert.equal((await names(folder)).length, 4)
  })

  test('any lines and any size: all of them, once, in order', async (t) => {
    const root = await temporaryFolder(t)
    let round = 0
    const lengths = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(lengths, fc.integer({ min: 0, max: 800 }), async (lengths, size) => {
        const folder = join(root, String(round++))
        const { output, write } = await runFile(t, folder, { rotate: { size: `${size}B` } })
        const logs = lengths.map((length, index) => `${index}`.padEnd(length, 'x'))
        const half = Math.floor(logs.length / 2)
        await Promise.all(logs.slice(0, half).map((log) => write('a', log)))
        await write('a', ...logs.slice(half))
        await output.stop(AbortSignal.timeout(5000))
        assert.deepEqual(await logsInOrder(folder), logs)
      }),
      { numRuns: 40 },
    )
  })

  test('msgpack is divided between writes only', async (t) => {
    const folder = await temporaryFolder(t)
    const options = { format: { type: 'msgpack' }, rotate: { size: '50B' } }
    const { output } = await runFile(t, folder, options)
    const batch = batchOf('a', { log: '\n'.repeat(100) })
    await output.deliver(batch)
    await output.deliver(batch)
    for (const name of await names(folder))
      assert.deepEqual(await readFile(join(folder, name)), Buffer.from(batch.entries))
  })

  test('an earlier rotated file is never overwritten', async (t) => {
    const folder = await temporaryFolder(t)
    const name = (ms: string) => `a@2026-11-21T08-50-00.${ms}Z.log`
    await writeFile(join(folder, name('000')), '')
    await writeFile(join(folder, `${name('001')}.zst`), '')
    await writeFile(join(folder, `${name('002')}.gz`), '')
    const { write } = await runFile(t, folder, { rotate: { size: '10B' } })
    await write('a', '1')
    await write('a', '2')
    assert.deepEqual(await logsOf(folder, name('003')), ['1'])
    assert.deepEqual(await logsOf(folder, 'a.log'), ['2'])
  })
})

describe('by the clock', () => {
  const check = async (
    t: TestContext,
    options: { every: string; timezone?: string; from: string; steps: string[] },
    expected: string[],
  ) => {
    const folder = await temporaryFolder(t)
    const { every, timezone = 'UTC', from, steps } = options
    const time = new ManualTime(Date.parse(from))
    const { write } = await runFile(t, folder, { rotate: { every }, timezone }, { time })
    await write('a', from)
    for (const step of steps) {
      time.advance(Date.parse(step) - time.now())
      await write('a', step)
    }
    const logs = await Promise.all((await names(folder)).map((name) => logsOf(folder, name)))
    assert.deepEqual(logs.map((lines) => lines.join()).sort(), [...expected].sort())
  }

  test('hours and days begin a file', async (t) => {
    const [one, two, three] = [
      '2026-11-21T08:50:00Z',
      '2026-11-21T08:59:59Z',
      '2026-11-21T09:00:00Z',
    ]
    await check(t, { every: '1h', from: one, steps: [two, three] }, [`${one},${two}`, three])
    await check(t, { every: '1d', from: one, steps: [two, three] }, [`${one},${two},${three}`])
  })

  test('days are those of the zone, also when the clock is moved', async (t) => {
    const timezone = 'Europe/Berlin'
    const days = ['2026-10-24T22:00:00Z', '2026-10-25T22:59:59Z', '2026-10-25T23:00:00Z']
    const [one, two, three] = days as [string, string, string]
    await check(t, { every: '1d', timezone, from: one, steps: [two, three] }, [
      `${one},${two}`,
      three,
    ])
  })

  test('an idle file is rotated too, and no empty one is', async (t) => {
    const folder = await temporaryFolder(t)
    const { write, time, output } = await runFile(t, folder, { rotate: { every: '1h' } })
    await write('a', '1')
    await write('b', '1')
    for (let hour = 0; hour < 3; hour++) {
      time.advance(3_600_000)
      await until('the files are rotated', async () => (await names(folder)).length === 4)
    }
    await output.stop(AbortSignal.timeout(5000))
    const files = await names(folder)
    assert.deepEqual(
      files.filter((name) => !name.includes('@')),
      ['a.log', 'b.log'],
    )
    assert.equal(files.length, 4)
    assert.deepEqual(await logsInOrder(folder), ['1', '1'])
  })

  test('a file of an earlier day is rotated before the first line of this one', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'a.log'), '{"log":"old"}\n')
    const yesterday = Date.parse('2026-11-20T12:00:00Z') / 1000
    await utimes(join(folder, 'a.log'), yesterday, yesterday)
    const { write } = await runFile(t, folder, { rotate: { every: '1d' } })
    await write('a', 'new')
    assert.deepEqual(await logsOf(folder, 'a.log'), ['new'])
    assert.deepEqual(await logsInOrder(folder), ['old', 'new'])
  })

  test('files nobody writes any more are seen to at the start, but only our own', async (t) => {
    const folder = await temporaryFolder(t)
    const options = { path: '${tag[0]}/${tag[1]}.log', rotate: { every: '1d' } }
    const first = await runFile(t, folder, options)
    for (const tag of ['app.gone', 'app.today', 'app.torn']) await first.write(tag, 'old')
    await first.output.stop(AbortSignal.timeout(5000))
    await writeFile(join(folder, 'app', 'foreign.log'), 'torn line of another program')
    await appendFile(join(folder, 'app', 'torn.log'), '{"lo')
    const date = (name: string, at: string) =>
      utimes(join(folder, 'app', name), Date.parse(at) / 1000, Date.parse(at) / 1000)
    for (const name of ['gone.log', 'foreign.log']) await date(name, '2026-11-20T12:00:00Z')
    for (const name of ['today.log', 'torn.log']) await date(name, '2026-11-21T07:00:00Z')
    const second = await runFile(t, folder, options)
    const rotated = 'gone@2026-11-21T08-50-00.000Z.log'
    await until('they are seen to', async () => {
      const files = await names(join(folder, 'app'))
      return files.includes(rotated) && files.includes('torn.log.torn')
    })
    await second.output.stop(AbortSignal.timeout(5000))
    assert.deepEqual(await names(join(folder, 'app')), [
      'foreign.log',
      rotated,
      'today.log',
      'torn.log',
      'torn.log.torn',
    ])
    for (const name of [rotated, 'today.log', 'torn.log'])
      assert.deepEqual(await logsOf(folder, 'app', name), ['old'])
  })

  test('a file nobody writes any more is rotated when its hour is over', async (t) => {
    const folder = await temporaryFolder(t)
    const options = { rotate: { every: '1h' }, max_open_files: 1 }
    const { write, time } = await runFile(t, folder, options)
    await write('a', '1')
    await write('b', '1')
    const hourAgo = Date.parse('2026-11-21T08:50:00Z') / 1000
    await utimes(join(folder, 'a.log'), hourAgo, hourAgo)
    time.advance(3_600_000)
    const rotated = 'a@2026-11-21T09-50-00.000Z.log'
    await until('it is rotated', async () => (await names(folder)).includes(rotated))
    assert.ok(!(await names(folder)).includes('a.log'))
  })
})

describe('seen from outside', () => {
  test('tail -F loses nothing: by name to the end of one file, then to the next', async (t) => {
    const folder = await temporaryFolder(t)
    const { write } = await runFile(t, folder, { rotate: { size: '300B' } })
    const path = join(folder, 'a.log')
    const seen: string[] = []
    let handle = await open(path, 'a+')
    const readRest = async () => seen.push((await handle.readFile('utf8')).toString())
    for (let index = 0; index < 40; index++) {
      await write('a', `line ${index}`)
      await readRest()
      if ((await stat(path)).ino === (await handle.stat()).ino) continue
      await handle.close()
      handle = await open(path, 'r')
      await readRest()
    }
    await handle.close()
    const lines = seen.join('').trimEnd().split('\n')
    const logs = lines.map((line) => (JSON.parse(line) as { log: string }).log)
    assert.deepEqual(
      logs,
      Array.from({ length: 40 }, (_, index) => `line ${index}`),
    )
  })

  test('the symlink names the current file of each tag', async (t) => {
    const folder = await temporaryFolder(t)
    const options = {
      path: 'logs/${tag}.%H.log',
      symlink: 'current/${tag}',
      time: 'arrival',
      rotate: { size: '10B' },
    }
    const { write, time } = await runFile(t, folder, options)
    const target = () => readlink(join(folder, 'current', 'a'))
    await write('a', '1')
    assert.equal(await target(), '../logs/a.08.log')
    await write('a', '2')
    assert.deepEqual(await logsOf(folder, 'current', 'a'), ['2'])
    time.advance(3_600_000)
    await write('a', '3')
    assert.equal(await target(), '../logs/a.09.log')
    assert.deepEqual(await names(join(folder, 'current')), ['a'])
  })

  test('a symlink replaces no file, and its failure stops nothing', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'current'), 'mine')
    const { write, log } = await runFile(t, folder, { symlink: 'current' })
    assert.equal(await write('a', '1'), 'delivered')
    assert.equal(await readFile(join(folder, 'current'), 'utf8'), 'mine')
    assert.match(log.messages('warn').join(), /symlink/)
  })

  test('when a file cannot be renamed it grows on, and is rotated a minute later', async (t) => {
    const folder = await temporaryFolder(t)
    const faulty = new FaultyFileSystem()
    const { write, log, time } = await runFile(t, folder, { rotate: { size: '20B' } }, faulty)
    faulty.broken.set('rename', 'EACCES')
    for (const line of ['1', '2', '3']) assert.equal(await write('a', line), 'delivered')
    assert.deepEqual(await logsOf(folder, 'a.log'), ['1', '2', '3'])
    assert.deepEqual(log.messages('error'), ['cannot rotate a file: it grows on'])
    faulty.broken.clear()
    time.advance(60_000)
    await write('a', '4')
    assert.deepEqual(await logsOf(folder, 'a.log'), ['4'])
  })

  test('the mode of a new file is the configured one after a rotation too', async (t) => {
    const folder = await temporaryFolder(t)
    const { write } = await runFile(t, folder, { rotate: { size: '10B' }, file_mode: '0604' })
    await write('a', '1')
    await chmod(join(folder, 'a.log'), 0o600)
    await write('a', '2')
    assert.equal((await stat(join(folder, 'a.log'))).mode & 0o777, 0o604)
  })
})
