/** Writing: grouped, whole, and neither lost nor doubled when the disk fails. */
import assert from 'node:assert/strict'
import { appendFile, chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { nodeFileSystem, type FileSystem } from '../../../src/outputs/file/file-system.ts'
import { metricValue } from '../../drivers/context.ts'
import { batchOf } from '../../support/entries.ts'
import { until } from '../../support/wait.ts'
import {
  FaultyFileSystem,
  logsIn,
  logsOf,
  names,
  runFile,
  temporaryFolder,
  type WriteStep,
} from './setup.ts'

describe('writes', () => {
  test('what arrives in one turn of the loop shares one write, in order', async (t) => {
    const folder = await temporaryFolder(t)
    const faulty = new FaultyFileSystem()
    const { write, context } = await runFile(t, folder, {}, faulty)
    const logs = Array.from({ length: 100 }, (_, index) => `line ${index}`)
    const outcomes = await Promise.all(logs.map((log) => write('a', log)))
    assert.deepEqual(new Set(outcomes), new Set(['delivered']))
    assert.deepEqual(await logsOf(folder, 'a.log'), logs)
    assert.equal(faulty.writeCount, 1)
    const { size } = await stat(join(folder, 'a.log'))
    assert.equal(metricValue(context.registry, 'written_bytes_total'), size)
    assert.equal(metricValue(context.registry, 'pending_bytes'), 0)
    assert.equal(metricValue(context.registry, 'open_files'), 1)
  })

  test('sockets that are read one after the other in one turn share a write too', async (t) => {
    const folder = await temporaryFolder(t)
    const faulty = new FaultyFileSystem()
    const { write } = await runFile(t, folder, {}, faulty)
    await write('a', '0')
    const sockets = ['1', '2', '3'].map((log) => turn().then(() => write('a', log)))
    await Promise.all(sockets)
    assert.equal(faulty.writeCount, 2)
    assert.deepEqual(await logsOf(folder, 'a.log'), ['0', '1', '2', '3'])
  })

  test('what comes during a write goes with the next, which needs no timer', async (t) => {
    const folder = await temporaryFolder(t)
    const faulty = new FaultyFileSystem()
    const { write } = await runFile(t, folder, {}, faulty)
    faulty.writes = ['hang', 'ok']
    const first = write('a', '1')
    await until('the first write is under way', () => faulty.writeCount === 1)
    const later = [write('a', '2'), write('a', '3')]
    await turn()
    assert.equal(faulty.writeCount, 1)
    faulty.release()
    assert.deepEqual(await Promise.all([first, ...later]), ['delivered', 'delivered', 'delivered'])
    assert.equal(faulty.writeCount, 2)
    assert.deepEqual(await logsOf(folder, 'a.log'), ['1', '2', '3'])
  })

  test('a slow file holds up no other', async (t) => {
    const folder = await temporaryFolder(t)
    const faulty = new FaultyFileSystem()
    const { write } = await runFile(t, folder, {}, faulty)
    faulty.writes = ['hang', 'ok']
    const slow = write('slow', 'x')
    await until('the slow write is under way', () => faulty.writeCount === 1)
    assert.equal(await write('quick', 'x'), 'delivered')
    faulty.release()
    assert.equal(await slow, 'delivered')
  })

  test('modes are exactly the configured ones', async (t) => {
    const folder = await temporaryFolder(t)
    const options = { path: 'a/b/${tag}.log', file_mode: '0666', folder_mode: '0777' }
    const { write } = await runFile(t, folder, options)
    await write('x', '1')
    const mode = async (...path: string[]) => (await stat(join(folder, ...path))).mode & 0o777
    assert.deepEqual([await mode('a'), await mode('a', 'b')], [0o777, 0o777])
    assert.equal(await mode('a', 'b', 'x.log'), 0o666)
  })

  test('other formats are written as they are configured', async (t) => {
    const folder = await temporaryFolder(t)
    const { write } = await runFile(t, folder, { format: { type: 'raw' } })
    await write('a', 'one', 'two')
    assert.equal(await readFile(join(folder, 'a.log'), 'utf8'), 'one\ntwo\n')
  })
})

describe('failures', () => {
  test('a full disk holds the sources back and loses nothing', async (t) => {
    const folder = await temporaryFolder(t)
    const faulty = new FaultyFileSystem()
    const { output, write, log, time, context } = await runFile(t, folder, {}, faulty)
    await write('a', 'before')
    faulty.writes = [{ short: 10 }, { code: 'ENOSPC' }]
    let settled = false
    const pending = write('a', 'during').finally(() => (settled = true))
    const other = write('b', 'during')
    for (let round = 0; round < 5; round++) {
      const tried = faulty.writeCount
      await until('it is tried again', () => {
        time.advance(5000)
        return faulty.writeCount > tried
      })
    }
    assert.equal(settled, false)
    assert.match(output.problem ?? '', /cannot write .*a\.log: ENOSPC/)
    assert.equal(log.messages('error').length, 1)
    const more = write('a', 'meanwhile')
    faulty.writes = ['ok']
    await until('the disk is used again', () => {
      time.advance(5000)
      return settled
    })
    await until('the other file too', async () => {
      time.advance(5000)
      return (await names(folder)).includes('b.log') && (await logsOf(folder, 'b.log')).length === 1
    })
    assert.deepEqual(await Promise.all([pending, more, other]), Array(3).fill('delivered'))
    assert.deepEqual(await logsOf(folder, 'a.log'), ['before', 'during', 'meanwhile'])
    assert.equal(output.problem, null)
    assert.deepEqual(log.messages('info'), ['files can be written again'])
    assert.ok(metricValue(context.registry, 'write_errors_total', { code: 'ENOSPC' })! >= 5)
  })

  test('any sequence of short and failed writes leaves every line once, in order', async (t) => {
    const folder = await temporaryFolder(t)
    const step = fc.oneof(
      fc.constant<WriteStep>('ok'),
      fc.record({ short: fc.integer({ min: 1, max: 90 }) }),
      fc.constantFrom(...['ENOSPC', 'EIO', 'EBADF', 'EROFS'].map((code) => ({ code }))),
    )
    let round = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.boolean(), async (steps, fsync) => {
        const tag = `tag${round++}`
        const faulty = new FaultyFileSystem()
        faulty.writes = [...steps, 'ok']
        const options = { fsync, rotate: { size: '150B' } }
        const { output, write, time } = await runFile(t, folder, options, faulty)
        const logs = ['1', '2', '3', '4', '5']
        let left = logs.length
        for (const log of logs) void write(tag, log).then(() => left--)
        await until('all is written', async () => {
          time.advance(5000)
          await turn()
          return left === 0
        })
        await output.stop(AbortSignal.timeout(5000))
        const files = (await names(folder)).filter((name) => name.startsWith(tag))
        const found = files.filter((name) => name.includes('@'))
        const all = [...found, `${tag}.log`].map((name) => logsOf(folder, name))
        assert.deepEqual((await Promise.all(all)).flat(), logs)
      }),
      { numRuns: 40 },
    )
  })

  test('a file that cannot be opened is waited for', async (t) => {
    const folder = await temporaryFolder(t)
    const faulty = new FaultyFileSystem()
    const { output, write, time } = await runFile(t, folder, {}, faulty)
    faulty.broken.set('open', 'EACCES')
    const pending = write('a', 'x')
    await until('it is a problem', () => output.problem)
    faulty.broken.clear()
    time.advance(5000)
    assert.equal(await pending, 'delivered')
    assert.equal(output.problem, null)
  })

  test('a failed sync is not believed later: the bytes are cut and written again', async (t) => {
    const folder = await temporaryFolder(t)
    const faulty = new FaultyFileSystem()
    const { output, write, time } = await runFile(t, folder, { fsync: true }, faulty)
    await write('a', 'before')
    faulty.broken.set('datasync', 'EIO')
    const pending = write('a', 'during')
    await until('it is a problem', () => output.problem)
    faulty.broken.clear()
    const written = faulty.writeCount
    time.advance(5000)
    assert.equal(await pending, 'delivered')
    assert.equal(faulty.writeCount, written + 1)
    assert.deepEqual(await logsOf(folder, 'a.log'), ['before', 'during'])
  })

  test('a file replaced in the middle of a line gets none of its rest', async (t) => {
    const folder = await temporaryFolder(t)
    const faulty = new FaultyFileSystem()
    const { write, time, log } = await runFile(t, folder, {}, faulty)
    await write('a', 'before')
    faulty.writes = [{ short: 10 }, { code: 'EIO' }, 'ok']
    const pending = write('a', 'during')
    await until('it has failed', () => log.messages('error').length)
    await rename(join(folder, 'a.log'), join(folder, 'moved'))
    await until('it is tried again', () => (time.advance(5000), faulty.writes.length === 1))
    assert.equal(await pending, 'delivered')
    assert.deepEqual(await logsOf(folder, 'a.log'), ['during'])
    assert.match(log.messages('warn').join(), /went away in the middle of a write/)
  })

  test('what cannot be written before the deadline is not acknowledged', async (t) => {
    const folder = await temporaryFolder(t)
    for (const step of [{ code: 'ENOSPC' }, 'hang'] as const) {
      const faulty = new FaultyFileSystem()
      const { output, write, log, time } = await runFile(t, folder, {}, faulty)
      faulty.writes = [{ short: 10 }, step]
      const pending = write('a', 'x')
      await until('it is stuck', () => faulty.writeCount === 2)
      const queued = write('a', 'y')
      const deadline = new AbortController()
      const stopped = output.stop(deadline.signal)
      assert.equal(await write('a', 'late'), 'retry')
      deadline.abort()
      await stopped
      assert.deepEqual([await pending, await queued], ['retry', 'retry'])
      assert.match(log.messages('warn').join(), /gave up writing/)
      assert.equal(time.pending, 0)
      faulty.release()
      await output.stop(deadline.signal)
    }
  })

  test('an ordered stop writes what is in hand, closes all and takes no more', async (t) => {
    const folder = await temporaryFolder(t)
    const { output, write, time, context } = await runFile(t, folder, {})
    const pending = [write('a', '1'), write('b', '2')]
    await output.stop(AbortSignal.timeout(5000))
    assert.deepEqual(await Promise.all(pending), ['delivered', 'delivered'])
    assert.equal(await write('a', '3'), 'retry')
    assert.deepEqual(await logsOf(folder, 'a.log'), ['1'])
    assert.equal(metricValue(context.registry, 'open_files'), 0)
    assert.equal(time.pending, 0)
  })

  test('a folder that cannot be made is said at the start', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'taken'), '')
    await assert.rejects(
      runFile(t, folder, { path: 'taken/${tag}.log' }),
      /cannot create the folder/,
    )
  })
})

describe('disk guard', () => {
  test('writing pauses below min_free and goes on above it', async (t) => {
    const folder = await temporaryFolder(t)
    const faulty = new FaultyFileSystem()
    const { output, write, log, time } = await runFile(t, folder, { min_free: '1MiB' }, faulty)
    faulty.freeBytes = 1024
    let settled = false
    const pending = write('a', 'x').finally(() => (settled = true))
    await until('it is a problem', () => output.problem)
    assert.match(output.problem!, /disk almost full: 1024 bytes free .* min_free is 1048576/)
    for (let second = 0; second < 3; second++) {
      time.advance(1000)
      await turn()
    }
    assert.equal(settled, false)
    assert.equal(faulty.writeCount, 0)
    faulty.freeBytes = 2 ** 30
    await until('it goes on', () => (time.advance(1000), settled))
    assert.equal(await pending, 'delivered')
    assert.equal(output.problem, null)
    assert.deepEqual(log.messages('error').length, 1)
    assert.deepEqual(log.messages('info'), ['the disk has room again'])
  })

  test('the disk is looked at after so many bytes, not only after a second', async (t) => {
    const folder = await temporaryFolder(t)
    const faulty = new FaultyFileSystem()
    const { output, write } = await runFile(t, folder, { min_free: '40KiB' }, faulty)
    await write('a', 'x'.repeat(20_000))
    faulty.freeBytes = 0
    const pending = write('a', 'x')
    await until('it is a problem', () => output.problem)
    await output.stop(AbortSignal.abort())
    assert.equal(await pending, 'retry')
  })

  test('without an answer from the file system it writes', async (t) => {
    const folder = await temporaryFolder(t)
    const faulty = new FaultyFileSystem()
    faulty.broken.set('freeBytes', 'ENOSYS')
    const { write, log } = await runFile(t, folder, { min_free: '1MiB' }, faulty)
    assert.equal(await write('a', 'x'), 'delivered')
    assert.match(log.messages('warn').join(), /how much of the disk is free/)
  })
})

describe('files others touch', () => {
  test('a moved file is left alone and a new one is begun', async (t) => {
    const folder = await temporaryFolder(t)
    const { write, log, time } = await runFile(t, folder, {})
    await write('a', '1')
    await rename(join(folder, 'a.log'), join(folder, 'moved'))
    await write('a', '2')
    time.advance(1000)
    await write('a', '3')
    assert.deepEqual(await logsOf(folder, 'moved'), ['1', '2'])
    assert.deepEqual(await logsOf(folder, 'a.log'), ['3'])
    assert.match(log.messages('info').join(), /moved by somebody else/)
  })

  test('a deleted file is made again, and what went with it is said', async (t) => {
    const folder = await temporaryFolder(t)
    const { write, log, time } = await runFile(t, folder, {})
    await write('a', '1')
    await rm(join(folder, 'a.log'))
    time.advance(1000)
    await write('a', '2')
    assert.deepEqual(await logsOf(folder, 'a.log'), ['2'])
    const line = log.lines.find((line) => line.message.includes('deleted by somebody else'))
    assert.equal(line?.level, 'error')
    assert.ok((line?.fields['bytes'] as number) > 0)
  })

  test('reopen begins a new file at once, also when nothing is written', async (t) => {
    const folder = await temporaryFolder(t)
    const { output, write } = await runFile(t, folder, {})
    await write('a', '1')
    await rename(join(folder, 'a.log'), join(folder, 'moved'))
    output.reopen()
    await until('there is a new file', async () => (await names(folder)).includes('a.log'))
    await write('a', '2')
    assert.deepEqual(await logsOf(folder, 'moved'), ['1'])
    assert.deepEqual(await logsOf(folder, 'a.log'), ['2'])
  })

  test('a folder removed from under it is made again', async (t) => {
    const folder = await temporaryFolder(t)
    const { write, time } = await runFile(t, folder, { path: 'x/${tag}.log' })
    await write('a', '1')
    await rm(join(folder, 'x'), { recursive: true })
    time.advance(1000)
    assert.equal(await write('a', '2'), 'delivered')
    assert.deepEqual(await logsOf(folder, 'x', 'a.log'), ['2'])
  })
})

describe('torn lines', () => {
  const line = '{"log":"whole"}\n'
  const check = async (t: TestContext, before: string, torn: string) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'a.log'), before + torn)
    const { write, log } = await runFile(t, folder, {})
    await write('a', 'next')
    const text = await readFile(join(folder, 'a.log'), 'utf8')
    assert.ok(text.startsWith(before))
    assert.deepEqual(logsIn(text.slice(before.length)), ['next'])
    const files = torn === '' ? ['a.log'] : ['a.log', 'a.log.torn']
    assert.deepEqual(await names(folder), files)
    assert.equal(log.messages('warn').length, torn === '' ? 0 : 1)
    if (torn !== '') assert.equal(await readFile(join(folder, 'a.log.torn'), 'utf8'), torn + '\n')
  }

  test('are cut off into a file beside it', (t) => check(t, line + line, '{"log":"to'))
  test('may be all there is', (t) => check(t, '', '{"log":"to'))
  test('may be long', (t) => check(t, line, '{"log":"' + 'x'.repeat(200_000)))
  test('a whole file is left alone', (t) => check(t, line + line, ''))
  test('an empty file is left alone', (t) => check(t, '', ''))

  test('are none where whole msgpack values are', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'a.log'), 'bytes')
    const { output } = await runFile(t, folder, { format: { type: 'msgpack' } })
    const batch = batchOf('a', { log: 'x' })
    await output.deliver(batch)
    const expected = Buffer.concat([Buffer.from('bytes'), batch.entries])
    assert.deepEqual(await readFile(join(folder, 'a.log')), expected)
  })

  test('left by a stop in the middle are cut by the next start', async (t) => {
    const folder = await temporaryFolder(t)
    const faulty = new FaultyFileSystem()
    const first = await runFile(t, folder, {}, faulty)
    await first.write('a', 'before')
    faulty.writes = [{ short: 10 }, { code: 'ENOSPC' }]
    const pending = first.write('a', 'during')
    await until('it is stuck', () => first.output.problem)
    await first.output.stop(AbortSignal.abort())
    assert.equal(await pending, 'retry')
    const second = await runFile(t, folder, {})
    await second.write('a', 'during')
    assert.deepEqual(await logsOf(folder, 'a.log'), ['before', 'during'])
    assert.equal((await readFile(join(folder, 'a.log.torn'))).length, 11)
  })
})

describe('many files', () => {
  test('no more than max_open_files are open, and none loses a line', async (t) => {
    const folder = await temporaryFolder(t)
    const { write, context } = await runFile(t, folder, { max_open_files: 4 })
    const tags = Array.from({ length: 200 }, (_, index) => `tag${index}`)
    for (const log of ['1', '2', '3']) {
      await Promise.all(tags.map((tag) => write(tag, log)))
      assert.ok(metricValue(context.registry, 'open_files')! <= 4)
    }
    for (const tag of tags) assert.deepEqual(await logsOf(folder, `${tag}.log`), ['1', '2', '3'])
  })

  test('the one written longest ago is closed', async (t) => {
    const folder = await temporaryFolder(t)
    const { write } = await runFile(t, folder, { max_open_files: 2 })
    for (const tag of ['old', 'kept', 'old', 'new']) await write(tag, '1')
    // `kept` was closed for `new`, so it is opened by name again; `old` is still open.
    for (const tag of ['old', 'kept']) await rename(join(folder, `${tag}.log`), join(folder, tag))
    for (const tag of ['old', 'kept']) await write(tag, '2')
    assert.deepEqual(await logsOf(folder, 'old'), ['1', '1', '2'])
    assert.deepEqual(await logsOf(folder, 'kept'), ['1'])
    assert.deepEqual(await logsOf(folder, 'kept.log'), ['2'])
  })

  test('too few descriptors make it do with fewer files', async (t) => {
    const folder = await temporaryFolder(t)
    const faulty = new FaultyFileSystem()
    const { write, time, context, output } = await runFile(t, folder, {}, faulty)
    await write('a', '1')
    faulty.broken.set('open', 'EMFILE')
    const pending = write('b', '1')
    await until('it is a problem', () => output.problem)
    await until('a is closed', () => metricValue(context.registry, 'open_files') === 0)
    faulty.broken.clear()
    time.advance(5000)
    assert.equal(await pending, 'delivered')
  })

  test('too few descriptors for many at once: fewer from then on, and some are left', async (t) => {
    const folder = await temporaryFolder(t)
    const few = 20
    let used = 0
    const fileSystem: FileSystem = {
      ...nodeFileSystem,
      open: async (...what) => {
        const fd = await nodeFileSystem.open(...what)
        if (used++ < few) return fd
        await fileSystem.close(fd)
        throw Object.assign(new Error('made by a test'), { code: 'EMFILE' })
      },
      close: (fd) => nodeFileSystem.close(fd).then(() => void used--),
    }
    const { write, context, log } = await runFile(t, folder, {}, { fileSystem, isRealTime: true })
    const tags = Array.from({ length: 200 }, (_, index) => `tag${index}`)
    for (const line of ['1', '2', '3']) await Promise.all(tags.map((tag) => write(tag, line)))
    for (const tag of tags) assert.deepEqual(await logsOf(folder, `${tag}.log`), ['1', '2', '3'])
    const open = metricValue(context.registry, 'open_files')!
    assert.ok(open > few / 2 && open < few, `${open} are open`)
    const warnings = log.messages('warn').filter((message) => /making do/.test(message))
    assert.equal(warnings.length, 1)
  })
})

test('the file of an earlier run is continued', async (t) => {
  const folder = await temporaryFolder(t)
  await mkdir(join(folder, 'x'))
  await appendFile(join(folder, 'x', 'a.log'), '{"log":"0"}\n')
  await chmod(join(folder, 'x', 'a.log'), 0o600)
  const { write } = await runFile(t, folder, { path: 'x/${tag}.log' })
  await write('a', '1')
  assert.deepEqual(await logsOf(folder, 'x', 'a.log'), ['0', '1'])
  assert.equal((await stat(join(folder, 'x', 'a.log'))).mode & 0o777, 0o600)
})
