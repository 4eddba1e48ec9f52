/** The socket file that a killed process leaves behind. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

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
