/** Files with a time in their path, once that time is over. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { lstat, mkdir, readFile, readlink, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { DatedPaths } from '../../../src/outputs/file/path/dated-paths.ts'
import { PathTemplate } from '../../../src/outputs/file/path/path-template.ts'
import { Zone } from '../../../src/codecs/time/zone.ts'
import { encodeEntry } from '../../support/entries.ts'
import { until } from '../../support/wait.ts'
import { logsIn, logsOf, names, runFile, temporaryFolder } from './setup.ts'

const QUIET_MS = 900_000
const MINUTE_MS = 60_000

/** An event on each of these days of November 2026; today is the 21st. */
function onDays(...days: number[]) {
  const entries = days.map((day) =>
    encodeEntry(Date.UTC(2026, 10, day, 12) / 1000, 0, { log: `day ${day}` }),
  )
  return { tag: 'a', entries: new Uint8Array(Buffer.concat(entries)), count: days.length }
}

describe('files whose day is over', () => {
  const options = { path: '${tag}/%Y-%m-%d.log', compress: 'gzip', keep: { files: 3 } }

  test('are compressed and kept by number, today’s stays as it is', async (t) => {
    const folder = await temporaryFolder(t)
    const { output, time } = await runFile(t, folder, options)
    await output.deliver(onDays(21, 14, 13, 12, 20, 15, 16, 17, 19, 18))
    time.advance(QUIET_MS - MINUTE_MS)
    assert.equal((await names(join(folder, 'a'))).filter((name) => name.includes('@')).length, 0)
    time.advance(2 * MINUTE_MS)
    await until('three are left and compressed', async () => {
      const files = await names(join(folder, 'a'))
      return files.length === 4 && files.filter((name) => name.endsWith('.gz')).length === 3
    })
    const files = await names(join(folder, 'a'))
    assert.deepEqual(
      files.map((name) => name.split('@')[0]),
      ['2026-11-18', '2026-11-19', '2026-11-20', '2026-11-21.log'],
    )
    const text = gunzipSync(await readFile(join(folder, 'a', files[2]!))).toString()
    assert.deepEqual(logsIn(text), ['day 20'])
  })

  test('stay while late events come, and begin again after: none is lost', async (t) => {
    const folder = await temporaryFolder(t)
    const { output, time } = await runFile(t, folder, options)
    const late = async () => {
      assert.equal(await output.deliver(onDays(20)), 'delivered')
      time.advance(QUIET_MS - 2 * MINUTE_MS)
    }
    await late()
    await late()
    assert.deepEqual(await names(join(folder, 'a')), ['2026-11-20.log'])
    const rotated = (count: number) => async () => {
      const files = await names(join(folder, 'a'))
      return files.length === count && files.every((name) => name.endsWith('.log.gz'))
    }
    time.advance(3 * MINUTE_MS)
    await until('it is compressed', rotated(1))
    await late()
    assert.deepEqual(await logsOf(folder, 'a', '2026-11-20.log'), ['day 20'])
    time.advance(3 * MINUTE_MS)
    await until('it is compressed too', rotated(2))
    const logs: string[] = []
    for (const name of await names(join(folder, 'a')))
      logs.push(...logsIn(gunzipSync(await readFile(join(folder, 'a', name))).toString()))
    assert.deepEqual(logs, ['day 20', 'day 20', 'day 20'])
  })

  test('are seen to when they were closed before, also by a stop, but only our own', async (t) => {
    const folder = await temporaryFolder(t)
    const keep = { path: '${tag}.%F.log', keep: { files: 2 }, max_open_files: 1 }
    const first = await runFile(t, folder, keep)
    await first.output.deliver(onDays(17, 18, 19, 20, 21))
    await first.output.stop(AbortSignal.timeout(5000))
    await writeFile(join(folder, 'b.2026-11-01.log'), '{"log":"of another program"}\n')
    const longAgo = Date.parse('2026-11-21T08:00:00Z') / 1000
    for (const name of await names(folder)) await utimes(join(folder, name), longAgo, longAgo)
    await runFile(t, folder, keep)
    await until('two are left', async () => (await names(folder)).length === 4)
    assert.deepEqual(
      (await names(folder)).map((name) => name.split('@')[0]),
      ['a.2026-11-19', 'a.2026-11-20', 'a.2026-11-21.log', 'b.2026-11-01.log'],
    )
  })

  test('keep their names when nothing is to be done with them', async (t) => {
    const folder = await temporaryFolder(t)
    const { output, time } = await runFile(t, folder, { path: '${tag}.%F.log' })
    await output.deliver(onDays(20))
    time.advance(2 * QUIET_MS)
    await output.stop(AbortSignal.timeout(5000))
    assert.deepEqual(await names(folder), ['a.2026-11-20.log'])
  })
})

test('with the time of arrival a file is past a moment after its second', async (t) => {
  const folder = await temporaryFolder(t)
  const options = { path: '%H%M%S.log', time: 'arrival', keep: { files: 3 } }
  const { write, time } = await runFile(t, folder, options)
  for (let second = 0; second < 10; second++) {
    await write('a', `${second}`)
    time.advance(1000)
  }
  time.advance(2000)
  await until('three are left', async () => {
    const files = await names(folder)
    return files.length === 3 && files.every((name) => name.includes('@'))
  })
  assert.deepEqual(
    (await names(folder)).map((name) => name.slice(0, 6)),
    ['085007', '085008', '085009'],
  )
})

test('an empty file is removed when its time is over', async (t) => {
  const folder = await temporaryFolder(t)
  const options = { path: '${tag}/%H.log', time: 'arrival', rotate: { every: '5m' } }
  const { write, time } = await runFile(t, folder, options)
  await write('a', '1')
  time.advance(6 * MINUTE_MS)
  const current = join(folder, 'a', '08.log')
  await until('it is rotated and begun again', async () => {
    return existsSync(current) && (await names(join(folder, 'a'))).length === 2
  })
  time.advance(6 * MINUTE_MS)
  await until('it is removed', () => !existsSync(current))
})

describe('a symlink to them', () => {
  const options = { path: 'logs/${tag}.%F.log', symlink: 'links/${tag}', compress: 'gzip' }
  const setup = async (t: TestContext, more: object = {}) => {
    const folder = await temporaryFolder(t)
    const run = await runFile(t, folder, { ...options, ...more })
    return { ...run, folder, target: () => readlink(join(folder, 'links', 'a')) }
  }

  test('is changed by one file at a time and names the latest', async (t) => {
    const { output, log, folder, target } = await setup(t, { max_open_files: 3 })
    for (let round = 0; round < 5; round++)
      await Promise.all([10, 14, 11, 13, 12].map((day) => output.deliver(onDays(day))))
    assert.equal(await target(), '../logs/a.2026-11-14.log')
    await output.deliver(onDays(21, 15))
    assert.equal(await target(), '../logs/a.2026-11-21.log')
    assert.deepEqual(log.messages('warn'), [])
    assert.deepEqual(await names(join(folder, 'links')), ['a'])
  })

  test('does not dangle: it goes with the file and comes with the next', async (t) => {
    const { output, time, folder, target } = await setup(t)
    await output.deliver(onDays(20))
    assert.equal(await target(), '../logs/a.2026-11-20.log')
    time.advance(2 * QUIET_MS)
    await until('it is gone', async () => (await names(join(folder, 'links'))).length === 0)
    await output.deliver(onDays(19))
    assert.equal(await target(), '../logs/a.2026-11-19.log')
  })

  test('does not dangle either when the file is seen to by a later run', async (t) => {
    const { output, folder } = await setup(t)
    await output.deliver(onDays(20))
    await output.stop(AbortSignal.timeout(5000))
    const longAgo = Date.parse('2026-11-21T08:00:00Z') / 1000
    await utimes(join(folder, 'logs', 'a.2026-11-20.log'), longAgo, longAgo)
    await runFile(t, folder, options)
    await until('it is gone', async () => (await names(join(folder, 'links'))).length === 0)
  })

  test('replaces what a crash left, and one that dangles', async (t) => {
    const { output, folder, target } = await setup(t)
    await mkdir(join(folder, 'links'))
    await symlink('nowhere', join(folder, 'links', 'a.tmp'))
    await symlink('../logs/a.2026-11-22.log', join(folder, 'links', 'a'))
    await output.deliver(onDays(20))
    assert.equal(await target(), '../logs/a.2026-11-20.log')
    await assert.rejects(lstat(join(folder, 'links', 'a.tmp')), { code: 'ENOENT' })
  })
})

describe('the time in a path', () => {
  const dated = (template: string) =>
    new DatedPaths(new PathTemplate(template), new Zone('UTC'), 'event')

  test('orders files of the same values', () => {
    const inOrder = (template: string, ...paths: string[]) => {
      const ranks = paths.map((path) => dated(template).rank(path))
      assert.deepEqual(ranks, [...new Set(ranks)].sort(), template)
    }
    inOrder('/l/${tag}.%d.%m.%Y', '/l/a.30.11.2025', '/l/a.02.01.2026', '/l/a.01.02.2026')
    inOrder('/l/%Y/${tag}-%b-%d', '/l/2025/a-Dec-01', '/l/2026/b-Apr-30', '/l/2026/b-May-01')
    inOrder('/l/%F/${tag}.%H', '/l/2026-01-02/a.23', '/l/2026-01-03/a.01')
    inOrder('/l/${tag}%s', '/l/a999999999', '/l/a1000000000')
    inOrder('/l/%G-W%V', '/l/2025-W52', '/l/2026-W01')
  })

  test('orders none without a year, and only down to what is left out', () => {
    const rank = (template: string, path: string) => dated(template).rank(path)
    assert.equal(rank('/l/%H%M%S', '/l/235959'), '')
    assert.equal(rank('/l/${tag}', '/l/a'), '')
    assert.equal(rank('/l/%Y-%d', '/l/2026-30'), rank('/l/%Y-%d', '/l/2026-01'))
  })

  test('is over for no path that an event of now would have', () => {
    const now = Date.parse('2026-11-21T08:50:00Z')
    const check = (template: string, path: string, isOver: boolean) =>
      assert.equal(dated(template).isOver(path, 0, now), isOver, path)
    check('/l/${tag}.log', '/l/a.log', false)
    check('/l/%F/${tag}.%H%z.log', '/l/2026-11-21/a.08+0000.log', false)
    check('/l/%F/${tag}.%H%z.log', '/l/2026-11-21/a.07+0000.log', true)
    check('/l/%F/${tag}.%H%z.log', '/l/2026-11-20/a.08+0000.log', true)
  })
})
