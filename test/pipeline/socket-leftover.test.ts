/** Only a socket file on which nobody listens is a leftover. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { isSocketLeftover } from '../../src/pipeline/socket-leftover.ts'
import { fillBacklog, leaveStaleSocket } from '../support/stale-socket.ts'

test('a dead process’s socket is one', async (t) => {
  const path = join(temporaryFolder(t), 'socket')
  await leaveStaleSocket(path)
  assert.equal(await isSocketLeftover(path), true)
})

test('what is listened on is none, even without room for another connection', async (t) => {
  const path = join(temporaryFolder(t), 'socket')
  const server = createServer((socket) => socket.destroy()).listen(path)
  await once(server, 'listening')
  assert.equal(await isSocketLeftover(path), false)
  await new Promise((resolve) => server.close(resolve))
  const script = `require('net').createServer().listen({ path: process.argv[1], backlog: 1 }, () =>
    console.log('up'))`
  const hanging = spawn(process.execPath, ['-e', script, path])
  t.after(() => hanging.kill('SIGKILL'))
  await once(hanging.stdout, 'data')
  hanging.kill('SIGSTOP')
  await fillBacklog(t, path)
  assert.equal(await isSocketLeftover(path), false)
})

test('what is no socket, or not there, is none', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'file'), '')
  await leaveStaleSocket(join(folder, 'socket'))
  symlinkSync('socket', join(folder, 'link'))
  for (const name of ['file', 'link', 'absent'])
    assert.equal(await isSocketLeftover(join(folder, name)), false, name)
})

function temporaryFolder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'logboom-socket-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}
