/**
 * `npm run check`: all that needs no test run, two at a time, the longest first. What each one says
 * is shown whole when it has ended; if one fails, all the others are still run.
 */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'

const CHECKS = [
  ['lint'],
  ['types'],
  ['format:check'],
  ['docs', '--', '--check'],
  ['kernel', '--', '--check'],
  ['tidy'],
] as const
/** ESLint and TypeScript need a gigabyte each. */
const CONCURRENCY = Math.min(2, availableParallelism())

async function main(): Promise<void> {
  const waiting = [...CHECKS]
  const failed: string[] = []
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift())
      if (!(await passes(next))) failed.push(next[0])
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
  if (failed.length === 0) return
  console.error(`check: failed: ${failed.join(', ')}`)
  process.exitCode = 1
}

/** Runs one of package.json's scripts, and shows what it said and how long it took. */
async function passes(args: readonly string[]): Promise<boolean> {
  const began = performance.now()
  const { code, output } = await run('npm', ['run', '--silent', ...args])
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  const outcome = code === 0 ? 'ok' : 'FAILED'
  console.log(`check: ${args[0]}: ${outcome} after ${seconds} s\n${output}`.trimEnd())
  return code === 0
}

function run(file: string, args: readonly string[]) {
  return new Promise<{ code: number | null; output: string }>((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const parts: Buffer[] = []
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (part: Buffer) => parts.push(part))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output: Buffer.concat(parts).toString() }))
  })
}

await main()
