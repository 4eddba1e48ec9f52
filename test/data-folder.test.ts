/** The folder for state: one process at a time, whatever became of the last one. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { DataFolder } from '../src/data-folder.ts'

test('is taken once, and again after its release', async (t) => {
  const path = join(temporaryFolder(t), 'data')
  const [first, second] = [new DataFolder(path), new DataFolder(path)]
  await first.take()
  await assert.rejects(second.take(), /another collector is using it/)
  await first.release()
  await second.take()
  await second.release()
  await second.release()
})

test('of a killed process is free', async (t) => {
  const path = join(temporaryFolder(t), 'data')
  const source = join(import.meta.dirname, '../src/data-folder.ts')
  const program =
    `import { DataFolder } from ${JSON.stringify(source)}; ` +
    `await new DataFolder(${JSON.stringify(path)}).take(); ` +
    `console.log('taken'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program])
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  const folder = new DataFolder(path)
  await assert.rejects(folder.take(), /another collector is using it/)
  child.kill('SIGKILL')
  await once(child, 'exit')
  await folder.take()
  await folder.release()
})

test('has a path of any length', async (t) => {
  const folder = new DataFolder(join(temporaryFolder(t), 'x'.repeat(150)))
  await folder.take()
  await folder.release()
})

test('says why it cannot be used', async (t) => {
  const path = join(temporaryFolder(t), 'file')
  writeFileSync(path, '')
  await assert.rejects(
    new DataFolder(path).take(),
    /cannot use data_dir .*file.*; expected a folder/,
  )
})

test('knows what no component reads', async (t) => {
  const path = temporaryFolder(t)
  for (const name of ['known', 'empty', 'orphan'])
    mkdirSync(join(path, 'filters', name), { recursive: true })
  for (const name of ['known', 'orphan']) writeFileSync(join(path, 'filters', name, 'journal'), 'x')
  const folder = new DataFolder(path)
  assert.deepEqual(await folder.orphans('filters', new Set(['known'])), [
    join(path, 'filters', 'orphan'),
  ])
  assert.deepEqual(await folder.orphans('outputs', new Set()), [])
})

function temporaryFolder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'logboom-data-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}
