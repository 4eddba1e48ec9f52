/** The directives that are more than a number of the date. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DIRECTIVES } from '../../../src/pipeline/placeholders/strftime.ts'

test('ISO weeks belong to the year of their Thursday', () => {
  const check = (date: string, expected: string) => {
    const wall = new Date(`${date}T12:00:00Z`)
    const render = (letter: string) => DIRECTIVES[letter]!.render(wall, wall.getTime(), 0)
    assert.equal(`${render('G')}-W${render('V')}-${render('u')}`, expected)
  }
  check('2026-01-01', '2026-W01-4')
  check('2027-01-01', '2026-W53-5')
  check('2024-12-30', '2025-W01-1')
  check('2023-01-01', '2022-W52-7')
})
