/** Files that come and go while the delivery of one before them waits, as with a blocked output. */
import assert from 'node:assert/strict'
import { rename, rm, truncate } from 'node:fs/promises'
import { suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { InputRun } from '../../drivers/run-input.ts'
import { type LogFolder, logFolder, logs, untilLogs } from './setup.ts'

/** Longer than what a file is known by at least. */
const line = (generation: number) => `all that generation ${generation} of the log has`
const lines = (count: number) => Array.from({ length: count }, (_, number) => line(number))

async function holdFirst(folder: LogFolder, options = ''): Promise<InputRun> {
  await folder.append('a.log', `${line(0)}\n`)
  const run = await folder.tail('a.log', options, { hold: true })
  await run.until('the first is on its way', () => run.heldCount === 1)
  return run
}

/** Rotates the log `count` times; each generation is seen, then the one before it is deleted. */
async function rotate(
  folder: LogFolder,
  run: InputRun,
  { count, openMax = count }: { count: number; openMax?: number },
): Promise<void> {
  for (let generation = 1; generation < count; generation++) {
    await rm(folder.at('a.log.1'), { force: true })
    await rename(folder.at('a.log'), folder.at('a.log.1'))
    await folder.append('a.log', `${line(generation)}\n`)
    const open = Math.min(openMax, generation + 1)
    await run.until(`generation ${generation} is seen`, () => {
      const known = run.metric('files')! + run.metric('files_lost_total')!
      return known === generation + 1 && run.metric('open_files') === open
    })
  }
}

suite('while a delivery waits', () => {
  for (const watch of [true, false])
    for (const outcome of ['delivered', 'retry'] as const)
      test(`a log is rotated and deleted, watch: ${watch}, then ${outcome}`, async (t) => {
        const folder = logFolder(t)
        const run = await holdFirst(folder, `watch: ${watch}`)
        await rotate(folder, run, { count: 9 })
        assert.equal(run.heldCount, 1)
        run.answer(0, outcome)
        run.release()
        // What was not taken is there twice: as it was given first, and as it was taken.
        const expected = outcome === 'retry' ? [line(0), ...lines(9)] : lines(9)
        await untilLogs(run, expected)
        assert.deepEqual(logs(run), expected)
        await run.until('the old ones are closed', () => run.metric('files') === 1)
        assert.equal(run.metric('files_lost_total'), 0)
        await run.stopAndCheckCompliance()
      })

  test('a last line without an end is on its way when its log is rotated twice', async (t) => {
    const folder = logFolder(t)
    const run = await folder.tail('a.log', 'flush_after: 10ms', { hold: true })
    await folder.append('a.log', line(0))
    await run.until('it is on its way', () => run.heldCount === 1)
    await rotate(folder, run, { count: 3 })
    run.release()
    await untilLogs(run, lines(3))
    assert.deepEqual(logs(run), lines(3))
    await run.stopAndCheckCompliance()
  })

  test('the reader ends: what is behind that is not delivered any more', async (t) => {
    const folder = logFolder(t)
    const run = await folder.tail('a.log', '', { hold: true })
    for (const generation of [0, 1]) {
      await folder.append('a.log', line(generation))
      await run.until('it is open', () => run.metric('open_files') === generation + 1)
      await rename(folder.at('a.log'), folder.at(`a.log.${2 - generation}`))
      await run.until('it is rotated', () => run.metric('rotations_total') === generation + 1)
    }
    // Both are at their ends by then; the second would be next.
    await run.until('the first is on its way', () => run.heldCount === 1)
    await run.input.stop(AbortSignal.abort())
    run.release()
    await pause(100)
    assert.deepEqual(logs(run), lines(1))
  })

  test('a log is emptied and no copy is left: what is on its way is not lost', async (t) => {
    const folder = logFolder(t)
    const run = await holdFirst(folder)
    await truncate(folder.at('a.log'))
    await folder.append('a.log', `${line(2)}\n`)
    // Something has come beside it, so that it is asked what became of what was read.
    await folder.append('a.log.1', `${line(1)}\n`)
    await run.until('that is seen', () => run.metric('truncations_total') === 1)
    await run.until('all are known', () => run.metric('files') === 3)
    assert.equal(run.heldCount, 1)
    run.release()
    await untilLogs(run, lines(3))
    await run.until('what was emptied is over', () => run.metric('files') === 1)
    assert.deepEqual(logs(run), lines(3))
    assert.equal(run.metric('files_lost_total'), 0)
    await run.stopAndCheckCompliance()
  })

  test('more are rotated than may be open: those that are deleted are counted', async (t) => {
    const folder = logFolder(t)
    const run = await holdFirst(folder, 'open_files_max: 8')
    await rotate(folder, run, { count: 12, openMax: 8 })
    run.release()
    // Of the last two one has its path, and one is beside it.
    const expected = [...lines(8), line(10), line(11)]
    await untilLogs(run, expected)
    await run.until('the old ones are closed', () => run.metric('files') === 1)
    assert.deepEqual(logs(run), expected)
    assert.equal(run.metric('files_lost_total'), 2)
    const message = 'a file is gone that was not read to its end'
    assert.equal(run.log.messages('error').filter((each) => each === message).length, 2)
    await run.stopAndCheckCompliance()
  })
})
