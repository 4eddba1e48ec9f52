/** `logboom search … | head` has enough at some time, which is no fault. */
import { spawn } from 'node:child_process'
import { fstatSync } from 'node:fs'
import { EXIT_FAILED, EXIT_OK } from '../command.ts'

const STDOUT = 1

/** Ends the process when it prints what nobody reads any more. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? EXIT_OK : EXIT_FAILED)
  })
}

/**
 * Ends the process once nobody would read what it prints. Node can tell by a write alone; GNU's
 * `tail -f` looks at the pipe itself. Another `tail`, or none, leaves it to the next event.
 */
export function watchReader(): void {
  if (!fstatSync(STDOUT).isFIFO()) return
  const args = ['-f', '-s', '0.2', `--pid=${process.pid}`, '/dev/null']
  const tail = spawn('tail', args, { stdio: ['ignore', 'inherit', 'ignore'] })
  tail.on('exit', (_code, signal) => {
    if (signal === 'SIGPIPE') process.exit(EXIT_OK)
  })
  tail.on('error', () => {
    // There is none.
  })
  tail.unref()
  process.on('exit', () => tail.kill())
}
