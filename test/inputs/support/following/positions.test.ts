/** What a start makes of noted positions that something has damaged. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { NO_FOOT } from '../../../../src/inputs/support/following/identity.ts'
import { type Position, Positions } from '../../../../src/inputs/support/following/positions.ts'
import { fileAccess as access } from '../../../../src/pipeline/files/file-access.ts'
import { KeptLog } from '../../../drivers/context.ts'

const HEAD = { length: 8, hash: 'abcdefgh' }

function positionOf(id: number): Position {
  const path = `${id}.log`
  const known = { head: HEAD, foot: NO_FOOT, at: [10, 10], isDone: false } as const
  return { id, key: `1:${id}`, path, of: path, ...known, isPlaced: true, seenMs: 0 }
}

async function load(folder: string) {
  const logger = new KeptLog()
  const positions = new Positions({ access, folder, logger, nowMs: 1 })
  await positions.load()
  return { positions, warnings: logger.messages('warn') }
}

/** A folder with positions of three files, and the path of the file they are in. */
async function noted(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'logboom-positions-'))
  t.after(() => rm(folder, { recursive: true }))
  const { positions } = await load(folder)
  for (const id of [1, 2, 3]) positions.note(positionOf(id))
  await positions.close()
  return { folder, path: join(folder, 'positions') }
}

test('positions are as they were noted', async (t) => {
  const { folder } = await noted(t)
  const { positions, warnings } = await load(folder)
  assert.deepEqual(positions.all, [1, 2, 3].map(positionOf))
  assert.deepEqual(warnings, [])
  await positions.close()
})

test('what is cut off or damaged is reported, and the rest is kept', async (t) => {
  const { folder, path } = await noted(t)
  const whole = await readFile(path)
  const ways = [
    { what: 'cut in a line', change: () => truncate(path, whole.length - 5), left: 2 },
    { what: 'emptied', change: () => truncate(path, 0), left: 0 },
    { what: 'zeros', change: () => writeFile(path, Buffer.alloc(whole.length)), left: 0 },
    {
      what: 'a changed line',
      change: () => writeFile(path, whole.toString().replace('"id":2', '"id";2')),
      left: 2,
    },
  ]
  for (const { what, change, left } of ways) {
    await writeFile(path, whole)
    await change()
    const { positions, warnings } = await load(folder)
    assert.equal(positions.all.length, left, what)
    assert.deepEqual(warnings.length, 1, what)
    assert.equal(positions.isFirstRun, false, what)
    await positions.close()
  }
})
