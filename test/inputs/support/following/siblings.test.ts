/** Which rotated files of a log are older, by their names, whatever forms these have. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { siblingsOf } from '../../../../src/inputs/support/following/siblings.ts'

/** Files of that age, in seconds, come out as `expected`, the oldest first. */
async function check(t: TestContext, ages: Record<string, number>, expected: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'logboom-siblings-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  for (const [name, age] of Object.entries(ages)) {
    await writeFile(join(folder, name), '')
    await utimes(join(folder, name), 1_000_000 - age, 1_000_000 - age)
  }
  const found = await siblingsOf(join(folder, 'a.log'))
  assert.deepEqual(
    found.map(({ path }) => basename(path)),
    expected,
  )
}

test('numbers count up with age, whatever the times of the files are', (t) =>
  check(t, { 'a.log.1': 9, 'a.log.10.gz': 1, 'a.log.2': 5 }, ['a.log.10.gz', 'a.log.2', 'a.log.1']))

test('the later date is the younger', (t) =>
  check(t, { 'a.log-20261126': 9, 'a.log-20261125.gz': 1 }, [
    'a.log-20261125.gz',
    'a.log-20261126',
  ]))

test('words have no order but the times of the files', (t) =>
  check(t, { 'a.log.old': 9, 'a.log.bak': 1 }, ['a.log.old', 'a.log.bak']))

test('numbers and dates stay in their own order where both are there', async (t) => {
  const numbers = { 'a.log.1': 30, 'a.log.2': 20, 'a.log.3': 10 }
  const dates = { 'a.log-20261125': 25, 'a.log-20261126': 5 }
  const expected = ['a.log-20261125', 'a.log.3', 'a.log.2', 'a.log.1', 'a.log-20261126']
  await check(t, { ...dates, ...numbers }, expected)
  await check(t, { ...numbers, ...dates }, expected)
})
