/** The folder for state: one process at a time, whatever became of the last one. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { DataFolder } from '../../src/collector/data-folder.ts'
import { fileAccess } from '../../src/pipeline/files/file-access.ts'
import { KeptLog, ManualTime } from '../drivers/context.ts'
import { runWell } from '../support/child.ts'
import { fillBacklog, leaveStaleSocket } from '../support/stale-socket.ts'
import { mountTmpfs } from '../support/tmpfs.ts'
import { until } from '../support/wait.ts'

test('is taken once, and again after its release', async (t) => {
  const path = join(temporaryFolder(t), 'data')
  const [first, second] = [folderAt(path), folderAt(path)]
  await first.take()
  await assert.rejects(second.take(), /another collector is using it/)
  await first.release()
  await second.take()
  await second.release()
  await second.release()
  assert.deepEqual(readdirSync(path), [])
})

test('of a killed process is free', async (t) => {
  const path = join(temporaryFolder(t), 'data')
  const child = await takeInProcess(t, path)
  const folder = folderAt(path)
  await assert.rejects(folder.take(), /another collector is using it/)
  child.kill('SIGKILL')
  await once(child, 'exit')
  await folder.take()
  assert.equal(readdirSync(path).length, 1)
  await folder.release()
})

test('of a process that hangs is not free, even when it has no room for connections', async (t) => {
  const path = join(temporaryFolder(t), 'data')
  const child = await takeInProcess(t, path)
  child.kill('SIGSTOP')
  const [lock] = readdirSync(path)
  await fillBacklog(t, join(path, lock!))
  await assert.rejects(folderAt(path).take(), /another collector is using it/)
})

test('of several that start at once over a dead one’s lock goes to one at most', async (t) => {
  const path = join(temporaryFolder(t), 'data')
  mkdirSync(path)
  await leaveStaleSocket(join(path, 'dead'))
  let taken = 0
  for (let round = 0; round < 8; round++) {
    linkSync(join(path, 'dead'), join(path, `lock.${'0'.repeat(16)}`))
    const folders = [1, 2, 3, 4].map(() => folderAt(path))
    const takes = await Promise.allSettled(folders.map((folder) => folder.take()))
    const owners = takes.filter(({ status }) => status === 'fulfilled').length
    assert.ok(owners <= 1, `${owners} have it`)
    for (const take of takes)
      if (take.status === 'rejected') assert.match(String(take.reason), /another collector/)
    taken += owners
    await Promise.all(folders.map((folder) => folder.release()))
  }
  assert.ok(taken > 0)
})

describe('that somebody removes', () => {
  test('is taken anew, with all that is below it', async (t) => {
    const path = join(temporaryFolder(t), 'data')
    const logger = new KeptLog()
    const folder = new DataFolder(path, logger)
    await folder.take()
    rmSync(path, { recursive: true })
    await folder.guard(fileAccess).makeFolder(join(path, 'buffers'))
    assert.equal(readdirSync(path).length, 2)
    await assert.rejects(folderAt(path).take(), /another collector is using it/)
    assert.equal(logger.messages('warn').length, 1)
    await folder.release()
    assert.deepEqual(readdirSync(path), ['buffers'])
  })

  test('is noticed while nobody writes there, also if only the lock is gone', async (t) => {
    const path = join(temporaryFolder(t), 'data')
    const time = new ManualTime()
    const folder = folderAt(path)
    await folder.take()
    folder.watch(time)
    for (const gone of [() => path, () => join(path, readdirSync(path)[0]!)]) {
      rmSync(gone(), { recursive: true })
      time.advance(1000)
      await until('there is a lock', () => existsSync(path) && readdirSync(path).length === 1)
    }
    await folder.release()
  })

  test('and that another process has taken then, is left to it', async (t) => {
    const path = join(temporaryFolder(t), 'data')
    const [folder, other] = [folderAt(path), folderAt(path)]
    await folder.take()
    rmSync(path, { recursive: true })
    await other.take()
    const makeFolder = () => folder.guard(fileAccess).makeFolder(join(path, 'buffers'))
    await assert.rejects(makeFolder(), /another collector is using it/)
    assert.match(folder.problem ?? '', /another collector is using it/)
    assert.equal(readdirSync(path).length, 1)
    await other.release()
    await makeFolder()
    assert.equal(folder.problem, null)
    await folder.release()
  })

  test('or moves: it is not made anew', async (t) => {
    const path = join(temporaryFolder(t), 'data')
    const folder = folderAt(path)
    await folder.take()
    renameSync(path, `${path}.old`)
    await assert.rejects(folder.hold(), /was moved away; expected it to stay/)
    assert.match(folder.problem ?? '', /was moved away/)
    renameSync(`${path}.old`, path)
    await folder.hold()
    assert.equal(folder.problem, null)
    await folder.release()
  })
})

test('is used with a warning where the file system has no unix sockets', async (t) => {
  t.mock.method(Server.prototype, 'listen', function (this: Server) {
    const refused = Object.assign(new Error('listen EPERM'), { code: 'EPERM' })
    process.nextTick(() => this.emit('error', refused))
  })
  const logger = new KeptLog()
  const folder = new DataFolder(temporaryFolder(t), logger)
  await folder.take()
  assert.equal(logger.messages('warn').length, 1)
  assert.match(logger.messages('warn')[0]!, /cannot tell whether another collector uses data_dir/)
  await folder.release()
})

test('has a path of any length', async (t) => {
  const folder = folderAt(join(temporaryFolder(t), 'x'.repeat(150)))
  await folder.take()
  await folder.release()
})

test('says why it cannot be used', async (t) => {
  const path = join(temporaryFolder(t), 'file')
  writeFileSync(path, '')
  await assert.rejects(folderAt(path).take(), /cannot use data_dir .*file.*; expected a folder/)
})

test('says that a file system is read-only, not that a folder is missing', async (t) => {
  const mounted = join(temporaryFolder(t), 'mounted')
  await using tmpfs = await mountTmpfs(t, mounted, '1m')
  if (!tmpfs) return
  await runWell('mount', ['-o', 'remount,ro', mounted])
  await assert.rejects(folderAt(join(mounted, 'data')).take(), /cannot use data_dir .*read-only/)
})

test('knows what no component reads', async (t) => {
  const path = temporaryFolder(t)
  for (const name of ['known', 'empty', 'orphan'])
    mkdirSync(join(path, 'filters', name), { recursive: true })
  for (const name of ['known', 'orphan']) writeFileSync(join(path, 'filters', name, 'journal'), 'x')
  const folder = folderAt(path)
  assert.deepEqual(await folder.orphans('filters', new Set(['known'])), [
    { name: 'orphan', path: join(path, 'filters', 'orphan'), bytes: 1 },
  ])
  assert.deepEqual(await folder.orphans('outputs', new Set()), [])
  for (const name of ['delivered', 'waiting']) {
    mkdirSync(join(path, 'buffers', name), { recursive: true })
    for (const note of ['progress', 'progress.recent'])
      writeFileSync(join(path, 'buffers', name, note), 'x')
  }
  writeFileSync(join(path, 'buffers', 'waiting', '0-000.segment'), 'x')
  const waiting = [{ name: 'waiting', path: join(path, 'buffers', 'waiting'), bytes: 1 }]
  assert.deepEqual(await folder.orphans('buffers', new Set()), waiting)
})

function temporaryFolder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'logboom-data-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

function folderAt(path: string): DataFolder {
  return new DataFolder(path, new KeptLog())
}

async function takeInProcess(t: TestContext, path: string): Promise<ChildProcess> {
  const source = join(import.meta.dirname, '../../src/collector/data-folder.ts')
  const program =
    `import { DataFolder } from ${JSON.stringify(source)}; ` +
    `await new DataFolder(${JSON.stringify(path)}, console).take(); ` +
    `console.log('taken'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program])
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}
