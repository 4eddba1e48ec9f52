/** The program as a user starts it: a process of its own. */
import { fileURLToPath } from 'node:url'
import { run, type RunOptions } from '../support/child.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export interface Answer {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export async function logboom(args: readonly string[], options: RunOptions = {}): Promise<Answer> {
  const { code, stdout, stderr } = await run(process.execPath, [MAIN, ...args], options)
  return { code, stdout: stdout.toString(), stderr }
}
