import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pointTrouble, TAPS_MAX, Taps } from '../../../src/pipeline/taps/taps.ts'
import { ManualTime } from '../../drivers/context.ts'
import { batchOf } from '../../support/entries.ts'

function setup() {
  const time = new ManualTime()
  const taps = new Taps(time)
  const lines: string[] = []
  const open = (point: string, eventsPerSecond = 10, take = (line: string) => !!lines.push(line)) =>
    taps.open({ matches: (tag) => tag.startsWith('a'), point, eventsPerSecond, take })
  return { time, taps, lines, open }
}

test('shows events of a point and tags, as lines a file would hold', () => {
  const { taps, lines, open } = setup()
  assert.equal(taps.isActive, false)
  const tap = open('output:files')
  assert.equal(taps.isActive, true)
  taps.see('output', 'files', batchOf('a.b', { n: 1 }, { n: 2 }))
  taps.see('output', 'other', batchOf('a.b', { n: 3 }))
  taps.see('after', 'files', batchOf('a.b', { n: 4 }))
  taps.see('output', 'files', batchOf('b', { n: 5 }))
  assert.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    [
      {
        point: 'output:files',
        event: { time: '2026-11-21T08:50:00.000000000Z', tag: 'a.b', n: 1 },
      },
      {
        point: 'output:files',
        event: { time: '2026-11-21T08:50:00.000000001Z', tag: 'a.b', n: 2 },
      },
    ],
  )
  tap?.close()
  assert.equal(taps.isActive, false)
})

test('all of a kind, with the name of each', () => {
  const { taps, lines, open } = setup()
  open('output')
  taps.see('output', 'one', batchOf('a', { n: 1 }))
  taps.see('output', 'two', batchOf('a', { n: 1 }))
  assert.match(lines.join('\n'), /"output:one".*\n.*"output:two"/)
})

test('what is over the rate, not taken or too large is counted', () => {
  const { time, taps, lines, open } = setup()
  const tap = open('input', 2)!
  taps.see('input', 'x', batchOf('a', { n: 1 }, { n: 2 }, { n: 3 }))
  taps.see('input', 'x', batchOf('a', { n: 4 }))
  assert.deepEqual([lines.length, tap.takeMissed(), tap.takeMissed()], [2, 2, 0])
  time.advance(1000)
  taps.see('input', 'x', batchOf('a', { n: 5 }, { big: 'x'.repeat(100_000) }))
  assert.deepEqual([lines.length, tap.takeMissed()], [3, 1])
  const slow = open('input', 9, () => false)!
  taps.see('input', 'x', batchOf('a', { n: 6 }))
  assert.equal(slow.takeMissed(), 1)
})

test('there is a bound on who looks', () => {
  const { open } = setup()
  const all = Array.from({ length: TAPS_MAX }, () => open('input'))
  assert.equal(open('input'), null)
  all[0]!.close()
  assert.notEqual(open('input'), null)
})

test('knows its points', () => {
  assert.equal(pointTrouble('before:grep'), undefined)
  assert.match(pointTrouble('outputs')!, /unknown point "outputs"; expected input, before/)
})
