/** The socket file that a killed process leaves behind. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

/** Listens on `path` in a process of its own and kills it. */
export async function leaveStaleSocket(path: string): Promise<void> {
  const script = `require('net').createServer().listen(process.argv[1], () => console.log('up'))`
  const child = spawn(process.execPath, ['-e', script, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

/** Connects to `path`, on which nobody accepts, until the system has no room for another. */
export async function fillBacklog(t: TestContext, path: string): Promise<void> {
  const sockets: Socket[] = []
  t.after(() => sockets.forEach((socket) => socket.destroy()))
  let code: string | undefined
  while (code === undefined) {
    const socket = connect(path)
    sockets.push(socket)
    code = await new Promise<string | undefined>((resolve) => {
      socket.once('connect', () => resolve(undefined))
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    })
  }
  assert.equal(code, 'EAGAIN')
}
