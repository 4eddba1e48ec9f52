/** What becomes of the lines of files that stay where they are. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { logFolder, logs, untilLogs } from './setup.ts'

suite('lines', () => {
  test('come as they are written, without their line ends', async (t) => {
    const folder = logFolder(t)
    await folder.append('app.log', 'one\ntwo\r\n\nthr')
    const run = await folder.tail('app.log', 'tag: "app.${stem}"')
    await untilLogs(run, ['one', 'two', ''])
    await folder.append('app.log', 'ee\n')
    await untilLogs(run, ['one', 'two', '', 'three'])
    assert.deepEqual(logs(run), ['one', 'two', '', 'three'])
    assert.deepEqual([...new Set(run.tags)], ['app.app'])
    await run.stopAndCheckCompliance()
  })

  test('have the path and the offset where that is wanted', async (t) => {
    const folder = logFolder(t)
    await folder.append('app.log', 'one\nthree\n')
    const run = await folder.tail('*.log', 'path_key: file\noffset_key: at')
    await untilLogs(run, ['one', 'three'])
    const file = folder.at('app.log')
    assert.deepEqual(run.records, [
      { file, at: 0, log: 'one' },
      { file, at: 4, log: 'three' },
    ])
    await run.stopAndCheckCompliance()
  })

  test('longer than line_max are cut and marked', async (t) => {
    const folder = logFolder(t)
    const [short, long] = ['s'.repeat(300_000), 'l'.repeat(700_000)]
    await folder.append('app.log', `${short}\n${long}\nnext\n`)
    const run = await folder.tail('app.log', 'line_max: 500KB')
    await untilLogs(run, ['', '', ''])
    assert.equal(run.records[0]?.['log'], short)
    const cut = { log: long.slice(0, 500_000), truncated: true, original_size: 700_000 }
    assert.deepEqual(run.records[1], cut)
    assert.deepEqual(run.records[2], { log: 'next' })
    await run.stopAndCheckCompliance()
  })

  test('longer than a short line_max are cut among others', async (t) => {
    const folder = logFolder(t)
    await folder.append('app.log', `one\n${'l'.repeat(5000)}\nnext\n`)
    const run = await folder.tail('app.log', 'line_max: 1KiB')
    await untilLogs(run, ['', '', ''])
    const cut = { log: 'l'.repeat(1024), truncated: true, original_size: 5000 }
    assert.deepEqual(run.records, [{ log: 'one' }, cut, { log: 'next' }])
    await run.stopAndCheckCompliance()
  })

  for (const [encoding, bytes] of [
    ['utf-16le', Buffer.from('\ufeffgrün Ċ\r\nblau\n', 'utf16le')],
    ['utf-16be', Buffer.from('\ufeffgrün Ċ\r\nblau\n', 'utf16le').swap16()],
    ['utf-8', Buffer.from('\ufeffgrün Ċ\r\nblau\n')],
  ] as const) {
    test(`are read as ${encoding}, with a byte order mark`, async (t) => {
      const folder = logFolder(t)
      await folder.append('app.log', bytes)
      const run = await folder.tail('app.log', `encoding: ${encoding}`)
      await untilLogs(run, ['', ''])
      assert.deepEqual(logs(run), ['grün Ċ', 'blau'])
      await run.stopAndCheckCompliance()
    })
  }

  test('are read in other encodings', async (t) => {
    const folder = logFolder(t)
    await folder.append('app.log', Buffer.from([0x83, 0x65, 0x0a]))
    const run = await folder.tail('app.log', 'encoding: shift_jis')
    await untilLogs(run, [''])
    assert.deepEqual(logs(run), ['テ'])
    await run.stopAndCheckCompliance()
  })
})

suite('a last line without an end', () => {
  test('waits for its end, as long as nothing else is asked for', async (t) => {
    const folder = logFolder(t)
    await folder.append('app.log', 'one\ntw')
    const run = await folder.tail('app.log')
    await untilLogs(run, ['one'])
    await pause(700)
    await folder.append('app.log', 'o\n')
    await untilLogs(run, ['one', 'two'])
    assert.deepEqual(logs(run), ['one', 'two'])
    await run.stopAndCheckCompliance()
  })

  test('is delivered after flush_after, once, and what comes later by itself', async (t) => {
    const folder = logFolder(t)
    await folder.append('app.log', 'one\ntwo')
    const run = await folder.tail('app.log', 'flush_after: 10ms')
    await untilLogs(run, ['one', 'two'])
    await folder.append('app.log', '\r\n\nthree')
    await untilLogs(run, ['one', 'two', '', 'three'])
    await run.stopAndCheckCompliance()
    await folder.append('app.log', '\nfour')
    const second = await folder.tail('app.log', 'flush_after: 10ms')
    await untilLogs(second, ['four'])
    await folder.append('app.log', '!\n')
    await untilLogs(second, ['four', '!'])
    assert.deepEqual([...logs(run), ...logs(second)], ['one', 'two', '', 'three', 'four', '!'])
    await second.stopAndCheckCompliance()
  })

  test('is not cut within a character', async (t) => {
    const folder = logFolder(t)
    const [start, end] = [
      Buffer.from('gr\u00fcn').subarray(0, 3),
      Buffer.from('\u00fcn\n').subarray(1),
    ]
    await folder.append('app.log', start)
    const run = await folder.tail('app.log', 'flush_after: 10ms')
    await untilLogs(run, ['gr'])
    await folder.append('app.log', end)
    await untilLogs(run, ['gr', 'ün'])
    assert.deepEqual(logs(run), ['gr', 'ün'])
    await run.stopAndCheckCompliance()
  })

  for (const size of [300_000, 2_000_000]) {
    test(`of ${size} bytes is delivered like others`, async (t) => {
      const folder = logFolder(t)
      await folder.append('app.log', `one\n${'l'.repeat(size)}`)
      const run = await folder.tail('app.log', 'flush_after: 10ms\nline_max: 1MB')
      await untilLogs(run, ['', ''])
      await folder.append('app.log', '\ntwo\n')
      await untilLogs(run, ['', '', ''])
      const kept = Math.min(size, 1_000_000)
      const lengths = logs(run).map((log) => (log as string).length)
      assert.deepEqual(lengths, [3, kept, 3])
      await run.stopAndCheckCompliance()
    })
  }

  test('of more than a block is there when its file is deleted', async (t) => {
    const folder = logFolder(t)
    await folder.append('app.log', 'l'.repeat(300_000))
    const run = await folder.tail('app.log')
    await pause(100)
    await rm(folder.at('app.log'))
    await untilLogs(run, [''])
    assert.equal((logs(run)[0] as string).length, 300_000)
    await run.stopAndCheckCompliance()
  })

  test('of UTF-16 is delivered too', async (t) => {
    const folder = logFolder(t)
    await folder.append('app.log', Buffer.from('\ufeffone\ntwo', 'utf16le'))
    const run = await folder.tail('app.log', 'encoding: utf-16le\nflush_after: 10ms')
    await untilLogs(run, ['', ''])
    await folder.append('app.log', Buffer.from('\r\nthree\n', 'utf16le'))
    await untilLogs(run, ['', '', ''])
    assert.deepEqual(logs(run), ['one', 'two', 'three'])
    await run.stopAndCheckCompliance()
  })
})

suite('files', () => {
  test('that a second path leads to are read as soon as they grow', async (t) => {
    const folder = logFolder(t)
    await folder.append('app.log', 'one\n')
    await symlink('app.log', folder.at('current.log'))
    const run = await folder.tail('*.log', 'refresh_interval: 60s')
    await untilLogs(run, ['one'])
    for (const more of ['two', 'three']) {
      await pause(100)
      await folder.append('app.log', `${more}\n`)
      await untilLogs(run, ['', ...(more === 'two' ? [''] : ['', ''])])
    }
    assert.deepEqual(logs(run), ['one', 'two', 'three'])
    await run.stopAndCheckCompliance()
  })

  test('are found by pattern, in new folders and behind links too', async (t) => {
    const folder = logFolder(t)
    await folder.append('a/x.log', 'one\n')
    await folder.append('other/real.txt', 'two\n')
    const run = await folder.tail('{a,b}/*.log', 'refresh_interval: 1h')
    await untilLogs(run, ['one'])
    await symlink(folder.at('other/real.txt'), folder.at('a/link.log'))
    await untilLogs(run, ['one', 'two'])
    await folder.append('other/real.txt', 'three\n')
    await untilLogs(run, ['one', 'two', 'three'])
    assert.deepEqual(logs(run), ['one', 'two', 'three'])
    await run.stopAndCheckCompliance()
  })

  test('in folders that come later are found at once', async (t) => {
    const folder = logFolder(t)
    await mkdir(folder.at('c'), { recursive: true })
    const run = await folder.tail('*/*.log', 'refresh_interval: 1h')
    await pause(50)
    await mkdir(folder.at('d'))
    await folder.append('d/y.log', 'one\n')
    await untilLogs(run, ['one'])
    await run.stopAndCheckCompliance()
  })

  test('in folders that are not there yet, or come again, are found at once', async (t) => {
    const folder = logFolder(t)
    const run = await folder.tail('a/b/*.log', 'refresh_interval: 1h')
    await folder.append('a/b/x.log', 'one\n')
    await untilLogs(run, ['one'])
    await rm(folder.at('a'), { recursive: true })
    await folder.append('a/b/y.log', 'two\n')
    await untilLogs(run, ['one', 'two'])
    await rename(folder.at('a/b'), folder.at('a/c'))
    await folder.append('a/b/z.log', 'three\n')
    await untilLogs(run, ['one', 'two', 'three'])
    assert.deepEqual(logs(run), ['one', 'two', 'three'])
    await run.stopAndCheckCompliance()
  })

  test('what a path names must be one, else it is said, once', async (t) => {
    const folder = logFolder(t)
    await folder.append('folder/app.log', 'one\n')
    execFileSync('mkfifo', [folder.at('pipe.log')])
    const run = await folder.tail('{folder,folder/*,pipe.log}', 'refresh_interval: 20ms')
    await untilLogs(run, ['one'])
    await pause(100)
    assert.deepEqual(
      run.log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields['path']),
      [folder.at('folder'), folder.at('pipe.log')],
    )
    await run.stopAndCheckCompliance()
  })

  test('that cannot be read are named once, and once more when they can be', async (t) => {
    const folder = logFolder(t)
    await folder.append('app.log.gz', 'no gzip')
    const run = await folder.tail('*.gz')
    await run.until('it was tried twice', () => (run.metric('read_errors_total') ?? 0) > 1)
    await writeFile(folder.at('app.log.gz'), gzipSync('one\n'))
    await untilLogs(run, ['one'])
    const messages = run.log.messages().filter((message) => message.includes('read'))
    assert.deepEqual(messages, ['cannot read a file; will try again', 'a file can be read again'])
    await run.stopAndCheckCompliance()
  })

  test('are left out by exclude_path', async (t) => {
    const folder = logFolder(t)
    await folder.append('a.log', 'one\n')
    await folder.append('b.log', 'two\n')
    const run = await folder.tail('*.log', `exclude_path: "${folder.at('b*')}"`)
    await untilLogs(run, ['one'])
    await pause(50)
    assert.deepEqual(logs(run), ['one'])
    await run.stopAndCheckCompliance()
  })

  test('are polled where the system is not asked', async (t) => {
    const folder = logFolder(t)
    await folder.append('a.log', 'one\n')
    const run = await folder.tail('*.log', 'watch: false\nrefresh_interval: 50ms')
    await untilLogs(run, ['one'])
    await folder.append('a.log', 'two\n')
    await folder.append('b.log', 'three\n')
    await untilLogs(run, ['one', 'two', 'three'])
    await run.stopAndCheckCompliance()
  })

  test('may be many more than are open', async (t) => {
    const folder = logFolder(t)
    const names = Array.from({ length: 40 }, (_, index) => `f${index}.log`)
    for (const name of names) await folder.append(name, `${name} 1\n`)
    const run = await folder.tail('*.log', 'open_files_max: 8')
    await run.untilRecords(40)
    await run.until('few are open', () => (run.metric('open_files') ?? 99) <= 8)
    for (const name of names) await folder.append(name, `${name} 2\n`)
    await run.untilRecords(80)
    const expected = names.flatMap((name) => [`${name} 1`, `${name} 2`])
    assert.deepEqual(logs(run).toSorted(), expected.toSorted())
    await run.stopAndCheckCompliance()
  })

  test('that are deleted are read to their end, with what has no line end', async (t) => {
    const folder = logFolder(t)
    await folder.append('a.log', 'one\n')
    const run = await folder.tail('a.log', '', { hold: true })
    await run.until('one is on its way', () => run.heldCount === 1)
    await folder.append('a.log', 'two\nlast')
    await rm(folder.at('a.log'))
    run.release()
    await untilLogs(run, ['one', 'two', 'last'])
    assert.deepEqual(logs(run), ['one', 'two', 'last'])
    await run.until('it is closed', () => run.metric('open_files') === 0)
    await run.stopAndCheckCompliance()
  })
})

suite('at a start', () => {
  test('reading goes on where it ended', async (t) => {
    const folder = logFolder(t)
    await folder.append('a.log', 'one\ntwo\n')
    const first = await folder.tail('a.log')
    await untilLogs(first, ['one', 'two'])
    await first.stopAndCheckCompliance()
    await folder.append('a.log', 'three\n')
    const second = await folder.tail('a.log')
    await untilLogs(second, ['three'])
    assert.deepEqual(logs(second), ['three'])
    await second.stopAndCheckCompliance()
  })

  test('what was not taken comes again', async (t) => {
    const folder = logFolder(t)
    await folder.append('a.log', 'one\n')
    const first = await folder.tail('a.log', '', { outcomes: ['delivered', 'retry', 'retry'] })
    await untilLogs(first, ['one'])
    await folder.append('a.log', 'two\n')
    await untilLogs(first, ['one', 'two'])
    await first.stop()
    const second = await folder.tail('a.log')
    await untilLogs(second, ['two'])
    assert.deepEqual(logs(second), ['two'])
    await second.stopAndCheckCompliance()
  })

  test('read_from: tail begins at the end the first time, and never again', async (t) => {
    const folder = logFolder(t)
    await folder.append('a.log', 'old\n')
    const first = await folder.tail('*.log', 'read_from: tail')
    await first.until('it is open', () => first.metric('open_files') === 1)
    await folder.append('a.log', 'new\n')
    await untilLogs(first, ['new'])
    await folder.append('b.log', 'whole\n')
    await untilLogs(first, ['new', 'whole'])
    await first.stopAndCheckCompliance()
    await folder.append('a.log', 'later\n')
    await folder.append('c.log', 'other\n')
    const second = await folder.tail('*.log', 'read_from: tail')
    await untilLogs(second, ['', ''])
    assert.deepEqual(logs(first), ['new', 'whole'])
    assert.deepEqual(logs(second).toSorted(), ['later', 'other'])
    await second.stopAndCheckCompliance()
  })

  test('read_from: head begins again', async (t) => {
    const folder = logFolder(t)
    await folder.append('a.log', 'one\n')
    for (let start = 0; start < 2; start++) {
      const run = await folder.tail('*.log', 'read_from: head')
      await untilLogs(run, ['one'])
      await run.stopAndCheckCompliance()
    }
  })

  test('files older than ignore_older wait until they change', async (t) => {
    const folder = logFolder(t)
    await folder.append('a.log', 'one\n')
    await pause(60)
    const run = await folder.tail('*.log', 'ignore_older: 50ms')
    await pause(60)
    assert.deepEqual(logs(run), [])
    await folder.append('a.log', 'two\n')
    await untilLogs(run, ['one', 'two'])
    await run.stopAndCheckCompliance()
  })
})
