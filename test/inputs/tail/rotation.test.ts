/** Every line once, whatever becomes of the file: while it is followed, and while it is not. */
import assert from 'node:assert/strict'
import { copyFile, readFile, rename, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { InputRun } from '../../drivers/run-input.ts'
import { type LogFolder, logFolder, logs, untilLogs } from './setup.ts'

/** Longer than what a file is known by at least. */
const line = (number: number) => `line number ${number} of a log`
const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => line(from + index))
const text = (from: number, to: number) =>
  lines(from, to)
    .map((one) => `${one}\n`)
    .join('')

async function compress(folder: LogFolder, name: string, ending: 'gz' | 'zst'): Promise<void> {
  const bytes = await readFile(folder.at(name))
  // Several frames, as who writes them piece by piece makes them.
  const half = bytes.length / 2
  const frames = [bytes.subarray(0, half), bytes.subarray(half)].map((part) =>
    ending === 'gz' ? gzipSync(part) : zstdCompressSync(part),
  )
  await writeFile(folder.at(`${name}.${ending}`), Buffer.concat(frames))
  await rm(folder.at(name))
}

suite('while it is followed', () => {
  test('a file is renamed, written on, and another one takes its name', async (t) => {
    const folder = logFolder(t)
    await folder.append('a.log', text(0, 2))
    const run = await folder.tail('a.log')
    await untilLogs(run, lines(0, 2))
    await rename(folder.at('a.log'), folder.at('a.log.1'))
    await folder.append('a.log.1', text(2, 3))
    await folder.append('a.log', text(3, 4))
    await untilLogs(run, lines(0, 4))
    assert.deepEqual(logs(run), lines(0, 4))
    await run.until('the old one is closed', () => run.metric('open_files') === 1)
    await folder.append('a.log', text(4, 5))
    await untilLogs(run, lines(0, 5))
    assert.deepEqual(logs(run), lines(0, 5))
    await run.stopAndCheckCompliance()
  })

  test('a file is written on after it was rotated, and then the new one', async (t) => {
    const folder = logFolder(t)
    await folder.append('a.log', text(0, 2))
    const run = await folder.tail('a.log', 'rotate_wait: 60s')
    await untilLogs(run, lines(0, 2))
    await rename(folder.at('a.log'), folder.at('a.log.1'))
    await folder.append('a.log', text(2, 3))
    await untilLogs(run, lines(0, 3))
    for (let number = 3; number < 9; number += 2) {
      await folder.append('a.log.1', text(number, number + 1))
      await folder.append('a.log', text(number + 1, number + 2))
      await untilLogs(run, lines(0, number + 2))
    }
    assert.deepEqual(logs(run), lines(0, 9))
    await run.stopAndCheckCompliance()
  })

  for (const pattern of ['a.log', 'a.log*']) {
    test(`a file is copied and emptied, with the pattern ${pattern}`, async (t) => {
      const folder = logFolder(t)
      await folder.append('a.log', text(0, 4))
      const run = await folder.tail(pattern, 'refresh_interval: 50ms')
      await untilLogs(run, lines(0, 4))
      await copyFile(folder.at('a.log'), folder.at('a.log.1'))
      await truncate(folder.at('a.log'))
      await folder.append('a.log', text(4, 5))
      await untilLogs(run, lines(0, 5))
      await pause(500)
      assert.deepEqual(logs(run), lines(0, 5))
      await run.stopAndCheckCompliance()
    })

    test(`a file is rotated twice between two looks, with the pattern ${pattern}`, async (t) => {
      const folder = logFolder(t)
      await folder.append('a.log', text(0, 2))
      const run = await folder.tail(pattern, 'refresh_interval: 50ms', { hold: true })
      await run.until('the first is on its way', () => run.heldCount === 1)
      await folder.append('a.log', text(2, 3))
      await rename(folder.at('a.log'), folder.at('a.log.1'))
      await folder.append('a.log', text(3, 5))
      await rename(folder.at('a.log.1'), folder.at('a.log.2'))
      await rename(folder.at('a.log'), folder.at('a.log.1'))
      await folder.append('a.log', text(5, 6))
      run.release()
      await untilLogs(run, lines(0, 6))
      await pause(500)
      assert.deepEqual(logs(run).toSorted(), lines(0, 6))
      if (pattern === 'a.log') assert.deepEqual(logs(run), lines(0, 6))
      await run.stopAndCheckCompliance()
    })
  }

  for (const pattern of ['a.log', 'a.log*']) {
    test(`a copy is made in the place of the last one, with the pattern ${pattern}`, async (t) => {
      const folder = logFolder(t)
      await folder.append('a.log', text(0, 50))
      const run = await folder.tail(pattern, 'refresh_interval: 50ms')
      await untilLogs(run, lines(0, 50))
      await copyFile(folder.at('a.log'), folder.at('a.log.1'))
      await truncate(folder.at('a.log'))
      await folder.append('a.log', text(50, 100))
      await untilLogs(run, lines(0, 100))
      await copyFile(folder.at('a.log'), folder.at('a.log.1'))
      await truncate(folder.at('a.log'))
      await folder.append('a.log', text(100, 101))
      await untilLogs(run, lines(0, 101))
      await pause(700)
      assert.deepEqual(logs(run), lines(0, 101))
      await run.stopAndCheckCompliance()
    })
  }

  test('what was not read of an emptied file is read from its copy', async (t) => {
    const folder = logFolder(t)
    await folder.append('a.log', text(0, 2))
    const run = await folder.tail('a.log', '', { hold: true })
    await run.until('the first is on its way', () => run.heldCount === 1)
    await folder.append('a.log', text(2, 4))
    await copyFile(folder.at('a.log'), folder.at('a.log-20261126'))
    await truncate(folder.at('a.log'))
    await folder.append('a.log', text(4, 9))
    run.release()
    await untilLogs(run, lines(0, 9))
    await pause(100)
    assert.deepEqual(logs(run), lines(0, 9))
    await run.stopAndCheckCompliance()
  })

  test('a file is deleted and made anew at once', async (t) => {
    const folder = logFolder(t)
    await folder.append('a.log', text(0, 2))
    const run = await folder.tail('a.log')
    await untilLogs(run, lines(0, 2))
    await rm(folder.at('a.log'))
    await folder.append('a.log', text(2, 4))
    await untilLogs(run, lines(0, 4))
    assert.deepEqual(logs(run), lines(0, 4))
    await run.stopAndCheckCompliance()
  })
})

suite('while it is not followed', () => {
  for (const ending of ['', 'gz', 'zst'] as const) {
    for (const pattern of ['a.log', 'a.log*']) {
      const kind = ending === '' ? 'renamed' : ending
      test(`a file is rotated twice, ${kind}, with the pattern ${pattern}`, async (t) => {
        if (ending !== '' && pattern === 'a.log*') return
        const folder = logFolder(t)
        await folder.append('a.log', text(0, 2))
        const first = await folder.tail(pattern)
        await untilLogs(first, lines(0, 2))
        await first.stopAndCheckCompliance()
        await folder.append('a.log', text(2, 4))
        await rename(folder.at('a.log'), folder.at('a.log.2'))
        if (ending !== '') await compress(folder, 'a.log.2', ending)
        await folder.append('a.log.1', text(4, 6))
        await folder.append('a.log', text(6, 8))
        const second = await folder.tail(pattern)
        await untilLogs(second, lines(2, 8))
        await pause(500)
        assert.deepEqual(logs(second).toSorted(), lines(2, 8))
        if (pattern === 'a.log') assert.deepEqual(logs(second), lines(2, 8))
        await second.stopAndCheckCompliance()
        await folder.append('a.log', text(8, 9))
        const third = await folder.tail(pattern)
        await untilLogs(third, lines(8, 9))
        assert.deepEqual(logs(third), lines(8, 9))
        await third.stopAndCheckCompliance()
      })
    }
  }

  test('a file is renamed, and there is none in its place', async (t) => {
    const folder = logFolder(t)
    await folder.append('a.log', text(0, 2))
    const first = await folder.tail('*.log')
    await untilLogs(first, lines(0, 2))
    await first.stop()
    await folder.append('a.log', text(2, 3))
    await rename(folder.at('a.log'), folder.at('a.log.1'))
    const second = await folder.tail('*.log')
    await untilLogs(second, lines(2, 3))
    await folder.append('a.log', text(3, 4))
    await untilLogs(second, lines(2, 4))
    assert.deepEqual(logs(second), lines(2, 4))
    await second.stopAndCheckCompliance()
  })

  for (const ending of ['gz', 'zst'] as const) {
    test(`a rotated file is damaged, as ${ending}: the log goes on behind it`, async (t) => {
      const folder = logFolder(t)
      await folder.append('a.log', text(0, 1))
      const first = await folder.tail('a.log')
      await untilLogs(first, lines(0, 1))
      await first.stop()
      await folder.append('a.log', text(1, 20_000))
      const path = folder.at(`a.log.1.${ending}`)
      await rename(folder.at('a.log'), folder.at('a.log.1'))
      await compress(folder, 'a.log.1', ending)
      await truncate(path, Math.floor((await stat(path)).size * 0.75))
      // It could still be written.
      await utimes(path, 1, 1)
      await folder.append('a.log', text(50_000, 50_001))
      const second = await folder.tail('a.log')
      await second.until('the log is read', () => logs(second).includes(line(50_000)))
      assert.deepEqual(logs(second).slice(0, 5000), lines(1, 5001))
      assert.equal(second.metric('files_lost_total'), 1)
      assert.deepEqual(second.log.messages('error'), [
        'a compressed file is damaged: its end is lost',
      ])
      await second.stopAndCheckCompliance()
    })
  }

  test('a compressed file is deleted while what is before it is delivered', async (t) => {
    const folder = logFolder(t)
    await folder.append('a.log', text(0, 2))
    const first = await folder.tail('a.log')
    await untilLogs(first, lines(0, 2))
    await first.stop()
    await folder.append('a.log', text(2, 4))
    await rename(folder.at('a.log'), folder.at('a.log.2'))
    await folder.append('a.log.1', text(4, 6))
    await compress(folder, 'a.log.1', 'gz')
    await folder.append('a.log', text(6, 8))
    const second = await folder.tail('a.log', '', { hold: true })
    await second.until('the oldest is on its way', () => second.heldCount === 1)
    await rm(folder.at('a.log.1.gz'))
    second.release()
    await untilLogs(second, lines(2, 8))
    assert.deepEqual(logs(second), lines(2, 8))
    await second.stopAndCheckCompliance()
  })

  test('a file is deleted, and nobody knows whether it was read to its end', async (t) => {
    const folder = logFolder(t)
    await folder.append('a.log', text(0, 2))
    const first = await folder.tail('a.log')
    await untilLogs(first, lines(0, 2))
    await first.stop()
    await folder.append('a.log', text(2, 3))
    await rm(folder.at('a.log'))
    await folder.append('a.log', text(3, 4))
    const second = await folder.tail('a.log')
    await untilLogs(second, lines(3, 4))
    assert.deepEqual(second.log.messages('warn'), [
      'a file went while it was not followed: what it had beyond is lost, if any',
    ])
    await second.stopAndCheckCompliance()
  })

  test('a file is copied and emptied', async (t) => {
    const folder = logFolder(t)
    await folder.append('a.log', text(0, 2))
    const first = await folder.tail('a.log')
    await untilLogs(first, lines(0, 2))
    await first.stop()
    await folder.append('a.log', text(2, 3))
    await copyFile(folder.at('a.log'), folder.at('a.log.1'))
    await truncate(folder.at('a.log'))
    await folder.append('a.log', text(3, 8))
    const second = await folder.tail('a.log')
    await untilLogs(second, lines(2, 8))
    assert.deepEqual(logs(second), lines(2, 8))
    await second.stopAndCheckCompliance()
  })

  for (const pattern of ['a.log', 'a.log*']) {
    test(`copies with dates are there at a restart, with the pattern ${pattern}`, async (t) => {
      const folder = logFolder(t)
      await folder.append('a.log', text(0, 100))
      const first = await folder.tail(pattern, 'refresh_interval: 50ms')
      await untilLogs(first, lines(0, 100))
      for (const [index, day] of ['20261124', '20261125'].entries()) {
        await copyFile(folder.at('a.log'), folder.at(`a.log-${day}`))
        await truncate(folder.at('a.log'))
        await folder.append('a.log', text(100 * (index + 1), 100 * (index + 2)))
        await untilLogs(first, lines(0, 100 * (index + 2)))
      }
      await pause(500)
      assert.deepEqual(logs(first), lines(0, 300))
      await first.stop()
      await copyFile(folder.at('a.log'), folder.at('a.log-20261126'))
      await truncate(folder.at('a.log'))
      await folder.append('a.log', text(300, 301))
      const second = await folder.tail(pattern, 'refresh_interval: 50ms')
      await untilLogs(second, lines(300, 301))
      await pause(500)
      assert.deepEqual(logs(second), lines(300, 301))
      await second.stopAndCheckCompliance()
    })
  }
})

suite('a file that was empty when it was seen last', () => {
  test('has been filled, copied and emptied, and filled again', async (t) => {
    const folder = logFolder(t)
    await folder.append('a.log', '')
    const first = await folder.tail('a.log')
    await first.until('it is known', () => first.metric('files') === 1)
    await first.stop()
    await folder.append('a.log', text(0, 3))
    await copyFile(folder.at('a.log'), folder.at('a.log.1'))
    await truncate(folder.at('a.log'))
    await folder.append('a.log', text(3, 5))
    const second = await folder.tail('a.log')
    await untilLogs(second, lines(0, 5))
    assert.deepEqual(logs(second), lines(0, 5))
    await second.stopAndCheckCompliance()
  })

  /** Three lines are read, a fourth is in the copy only. */
  async function leaveEmptied(folder: LogFolder): Promise<void> {
    await folder.append('a.log', text(0, 3))
    const first = await folder.tail('a.log')
    await untilLogs(first, lines(0, 3))
    await first.stop()
    await folder.append('a.log', text(3, 4))
    await copyFile(folder.at('a.log'), folder.at('a.log.1'))
    await truncate(folder.at('a.log'))
  }

  /** Of an emptied log the copy is on its way, so that the log itself waits to be read. */
  async function holdCopy(folder: LogFolder): Promise<InputRun> {
    const run = await folder.tail('a.log', '', { hold: true })
    await run.until('the copy is on its way', () => run.heldCount === 1)
    return run
  }

  /** The reader sees the log after it, and ends. */
  async function endAfterNext(folder: LogFolder, run: InputRun): Promise<void> {
    await rename(folder.at('a.log.1'), folder.at('a.log.2'))
    await rename(folder.at('a.log'), folder.at('a.log.1'))
    await folder.append('a.log', text(6, 8))
    run.answer(0, 'retry')
    await run.until('the next one is known', () => run.metric('files') === 3)
    // Until that is noted, too.
    await pause(200)
    await run.input.stop(AbortSignal.abort())
  }

  async function rotateAndCompress(folder: LogFolder): Promise<void> {
    await rename(folder.at('a.log.2'), folder.at('a.log.3'))
    await rename(folder.at('a.log.1'), folder.at('a.log.2'))
    await compress(folder, 'a.log.2', 'gz')
    await rename(folder.at('a.log'), folder.at('a.log.1'))
    await folder.append('a.log', text(8, 9))
  }

  test('is filled, rotated and compressed before it is read', async (t) => {
    const folder = logFolder(t)
    await leaveEmptied(folder)
    const second = await holdCopy(folder)
    await second.input.stop(AbortSignal.abort())
    // What an earlier run has noted is not opened before it is read.
    const third = await holdCopy(folder)
    await folder.append('a.log', text(4, 6))
    await endAfterNext(folder, third)
    await rotateAndCompress(folder)
    const fourth = await folder.tail('a.log')
    await untilLogs(fourth, lines(3, 9))
    assert.deepEqual(logs(fourth), lines(3, 9))
    second.release()
    third.release()
    await fourth.stopAndCheckCompliance()
  })

  test('is rotated, and filled and compressed while it is not followed', async (t) => {
    const folder = logFolder(t)
    await leaveEmptied(folder)
    const second = await holdCopy(folder)
    await endAfterNext(folder, second)
    // By a program that has not opened the new one yet.
    await folder.append('a.log.1', text(4, 6))
    await rotateAndCompress(folder)
    const third = await folder.tail('a.log')
    await untilLogs(third, lines(3, 9))
    assert.deepEqual(logs(third).toSorted(), lines(3, 9))
    second.release()
    await third.stopAndCheckCompliance()
  })

  test('is found rotated, and the reader ends before it is read', async (t) => {
    const folder = logFolder(t)
    await folder.append('a.log', text(0, 3))
    const first = await folder.tail('a.log')
    await untilLogs(first, lines(0, 3))
    await copyFile(folder.at('a.log'), folder.at('a.log.2'))
    await truncate(folder.at('a.log'))
    await first.until('it is seen', () => first.metric('truncations_total') === 1)
    await first.stop()
    await folder.append('a.log.2', text(3, 4))
    await folder.append('a.log', text(4, 6))
    await rename(folder.at('a.log'), folder.at('a.log.1'))
    await folder.append('a.log', text(6, 7))
    const second = await folder.tail('a.log', '', { hold: true })
    await second.until('the oldest is on its way', () => second.heldCount === 1)
    await second.input.stop(AbortSignal.abort())
    await rename(folder.at('a.log.1'), folder.at('a.log.2'))
    await compress(folder, 'a.log.2', 'gz')
    await rename(folder.at('a.log'), folder.at('a.log.1'))
    await folder.append('a.log', text(7, 8))
    const third = await folder.tail('a.log')
    await untilLogs(third, lines(4, 8))
    assert.deepEqual(logs(third), lines(4, 8))
    second.release()
    await third.stopAndCheckCompliance()
  })
})

suite('files that begin alike', () => {
  const banner = `${'the same in every file '.repeat(60)}\n`

  test('are told apart when one is emptied and has grown beyond where it was read', async (t) => {
    const folder = logFolder(t)
    await folder.append('a.log', banner + text(0, 10))
    const first = await folder.tail('a.log')
    await first.untilRecords(11)
    await first.stop()
    await truncate(folder.at('a.log'))
    await folder.append('a.log', banner + text(10, 30))
    const second = await folder.tail('a.log')
    await second.untilRecords(21)
    assert.deepEqual(logs(second).slice(1), lines(10, 30))
    await truncate(folder.at('a.log'))
    await folder.append('a.log', banner + text(30, 60))
    await second.untilRecords(52)
    assert.deepEqual(logs(second).slice(22), lines(30, 60))
    await second.stopAndCheckCompliance()
  })

  test('are told apart when they are compressed while they are not followed', async (t) => {
    const folder = logFolder(t)
    await folder.append('a.log', banner + text(0, 10))
    const first = await folder.tail('a.log')
    await first.untilRecords(11)
    await first.stop()
    await folder.append('a.log', text(10, 12))
    await rename(folder.at('a.log'), folder.at('a.log.2'))
    await compress(folder, 'a.log.2', 'gz')
    await folder.append('a.log.1', banner + text(12, 30))
    await compress(folder, 'a.log.1', 'gz')
    await folder.append('a.log', banner + text(30, 31))
    const second = await folder.tail('a.log')
    await second.untilRecords(2 + 19 + 2)
    const read = logs(second).filter((each) => !banner.startsWith(String(each)))
    assert.deepEqual(read, lines(10, 31))
    await second.stopAndCheckCompliance()
  })
})
