/** The option `multiline`: which lines are one event, over pauses, rotation and restarts. */
import assert from 'node:assert/strict'
import { rename } from 'node:fs/promises'
import { suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { until } from '../../support/wait.ts'
import { dockerLine } from './docker-line.ts'
import { logFolder, logs, untilLogs } from './setup.ts'

const DATED = "multiline: { start: '^\\d{4}-', flush_after: 1h }"
const TRACE = ['java.lang.Error: no', '\tat a.B.c(B.java:1)', '\tat d.E.f(E.java:2)']

suite('multiline', () => {
  test('an event begins with a line that fits the pattern', async (t) => {
    const folder = logFolder(t)
    await folder.append('app.log', 'rest\n2026-1 one\r\n  more\r\n\r\n2026-2 two\n  of it\n2026-3')
    const run = await folder.tail('app.log', `${DATED}\noffset_key: at`)
    await untilLogs(run, ['', ''])
    await folder.append('app.log', ' three\n2026-4 held\n')
    await untilLogs(run, ['', '', '', ''])
    assert.deepEqual(run.records, [
      { at: 0, log: 'rest' },
      { at: 5, log: '2026-1 one\n  more\n' },
      { at: 27, log: '2026-2 two\n  of it' },
      { at: 46, log: '2026-3 three' },
    ])
    await run.stopAndCheckCompliance()
  })

  test('stack traces are one event, other lines are not held back', async (t) => {
    const folder = logFolder(t)
    await folder.append('app.log', `start\n${TRACE.join('\n')}\nnext\nlast\n`)
    const run = await folder.tail('app.log', 'multiline: { traces: [java, go], flush_after: 1h }')
    await untilLogs(run, ['', '', '', ''])
    assert.deepEqual(logs(run), ['start', TRACE.join('\n'), 'next', 'last'])
    await run.stopAndCheckCompliance()
  })

  test('an event to which nothing comes is delivered as it is', async (t) => {
    const folder = logFolder(t)
    await folder.append('app.log', '2026-1 one\n more\n')
    const run = await folder.tail('app.log', "multiline: { start: '^2026', flush_after: 10ms }")
    await untilLogs(run, [''])
    await folder.append('app.log', '2026-2 two\n')
    await untilLogs(run, ['', ''])
    assert.deepEqual(logs(run), ['2026-1 one\n more', '2026-2 two'])
    await run.stopAndCheckCompliance()
  })

  test('a format reads the whole of an event', async (t) => {
    const folder = logFolder(t)
    await folder.append('app.log', 'E one\n  more\nodd\nE two\n')
    const expression = '^(?<level>[A-Z]) (?<text>(?s:.*))$'
    const format = `format: { type: regexp, expression: '${expression}' }`
    const multiline = "multiline: { start: '^\\S', flush_after: 10ms }"
    const run = await folder.tail('app.log', `${format}\n${multiline}`)
    await untilLogs(run, ['', '', ''])
    assert.deepEqual(run.records, [
      { level: 'E', text: 'one\n  more' },
      { message: 'odd', parse_failed: 'no_match' },
      { level: 'E', text: 'two' },
    ])
    await run.stopAndCheckCompliance()
  })

  test('half an event is read again after a restart', async (t) => {
    const folder = logFolder(t)
    await folder.append('app.log', '2026-1 one\n2026-2 two\n of')
    const first = await folder.tail('app.log', DATED)
    await untilLogs(first, [''])
    await first.stopAndCheckCompliance()
    await folder.append('app.log', ' it\n2026-3 held\n')
    const second = await folder.tail('app.log', DATED)
    await untilLogs(second, [''])
    assert.deepEqual(logs(first), ['2026-1 one'])
    assert.deepEqual(logs(second), ['2026-2 two\n of it'])
    await second.stopAndCheckCompliance()
  })

  test('an event that was not taken comes again, whole', async (t) => {
    const folder = logFolder(t)
    await folder.append('app.log', '2026-1 one\n more\n2026-2 two\n')
    const run = await folder.tail('app.log', DATED, { outcomes: ['retry', 'delivered'] })
    await until('it comes again', () => run.records.length >= 2)
    assert.deepEqual(logs(run), ['2026-1 one\n more', '2026-1 one\n more'])
    await run.stopAndCheckCompliance()
  })

  test('an event goes on in the file that follows, a restart between', async (t) => {
    const folder = logFolder(t)
    await folder.append('app.log', '2026-1 one\n2026-2 two\n')
    const first = await folder.tail('app.log', DATED)
    await untilLogs(first, [''])
    await rename(folder.at('app.log'), folder.at('app.log.1'))
    await folder.append('app.log', ' of\n')
    await pause(600)
    await first.stopAndCheckCompliance()
    await folder.append('app.log', ' it\n2026-3 held\n')
    const second = await folder.tail('app.log', DATED)
    await untilLogs(second, [''])
    assert.deepEqual(logs(second), ['2026-2 two\n of\n it'])
    await second.stopAndCheckCompliance()
  })

  test('nothing is cut of events longer than line_max but a line that is', async (t) => {
    const folder = logFolder(t)
    const [part, long] = [` ${'p'.repeat(399)}`, ` ${'l'.repeat(299_999)}`]
    await folder.append('app.log', `2026-1\n${part}\n${part}\n${part}\n2026-2\n${long}\n2026-3\n`)
    const run = await folder.tail('app.log', `${DATED}\nline_max: 1KB`)
    await untilLogs(run, ['', '', '', ''])
    assert.deepEqual(run.records, [
      { log: `2026-1\n${part}\n${part}` },
      { log: part },
      { log: '2026-2' },
      { log: long.slice(0, 1000), truncated: true, original_size: 300_000 },
    ])
    await run.stopAndCheckCompliance()
  })

  test('of a container each stream is looked at by itself', async (t) => {
    const folder = logFolder(t)
    const [first = '', second = '', third = ''] = TRACE
    const written = [
      dockerLine(`${first}\n`, 'stderr', 1),
      dockerLine('hello\n', 'stdout', 2),
      // A part of a line.
      dockerLine(second.slice(0, 5), 'stderr', 3),
      dockerLine(`${second.slice(5)}\n`, 'stderr', 4),
      dockerLine('bye\n', 'stdout', 5),
      dockerLine(`${third}\n`, 'stderr', 6),
      dockerLine('over\n', 'stderr', 7),
    ]
    await folder.append('c/c-json.log', written.join(''))
    const options = 'format: docker\nmultiline: { flush_after: 1h }'
    const run = await folder.tail('c/c-json.log', options)
    await untilLogs(run, ['', '', '', ''])
    assert.deepEqual(logs(run), ['hello', 'bye', TRACE.join('\n'), 'over'])
    assert.equal(run.entries[2]?.seconds, Date.parse('2026-11-21T08:50:01Z') / 1000)
    await run.stopAndCheckCompliance()
  })

  test('a stream that is silent is not waited for while the other one goes on', async (t) => {
    const folder = logFolder(t)
    await folder.append('c/c-json.log', TRACE.map((line) => dockerLine(`${line}\n`)).join(''))
    const options = 'format: docker\nmultiline: { flush_after: 100ms }'
    const run = await folder.tail('c/c-json.log', options)
    const stop = new AbortController()
    const flood = (async () => {
      for (; !stop.signal.aborted; await pause(20))
        await folder.append('c/c-json.log', dockerLine('more\n', 'stderr'))
    })()
    try {
      await until('the trace comes', () => logs(run).includes(TRACE.join('\n')))
    } finally {
      stop.abort()
      await flood
    }
    assert.ok(logs(run).includes('more'))
    await run.stopAndCheckCompliance()
  })
})
