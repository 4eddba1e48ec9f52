/** Which rotated files of a log are older, by their names, whatever forms these have. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Random } from '../../../../bench/traffic/random.ts'
import {
  logsOf,
  rotationSuffix,
  siblingsOf,
} from '../../../../src/inputs/support/following/siblings.ts'

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

test('the logs that a file may be a rotated one of are those of which its name has a mark', () => {
  const parts = ['a', '.', '.log', '-', '_', '@', '.1', '-20261126', '.old', 'bak', '.gz', '.zst']
  const random = new Random(1)
  const nameOf = () => {
    const count = 1 + random.below(5)
    return Array.from({ length: count }, () => parts[random.below(parts.length)]!).join('')
  }
  const all = new Set(Array.from({ length: 600 }, nameOf))
  const names = [...all].filter((name) => !/^\.+$/.test(name))
  let fitting = 0
  for (const name of names) {
    const logs = new Set(logsOf(`/logs/${name}`))
    for (const log of names) {
      const isRotated = rotationSuffix(log, name) !== null
      assert.equal(logs.has(`/logs/${log}`), isRotated, `${name} of ${log}`)
      if (isRotated) fitting++
    }
  }
  assert.ok(fitting > 100, `${fitting} pairs fit`)
})
