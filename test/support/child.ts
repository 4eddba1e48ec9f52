/** Child processes for tests: run to the end, or kept running and ended by their own id. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'

export interface Ended {
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string | Uint8Array
  /** Ends the program after this long, with SIGKILL; there is no limit without it. */
  readonly limitMs?: number
}

/** Runs a program to its end; any exit code is an answer, only a failure to start throws. */
export async function run(
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const { input, limitMs, ...rest } = options
  const limit = limitMs === undefined ? {} : { timeout: limitMs, killSignal: 'SIGKILL' as const }
  const child = spawn(file, args, { ...rest, ...limit, stdio: 'pipe' })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (bytes: Buffer) => stdout.push(bytes))
  child.stderr.on('data', (bytes: Buffer) => stderr.push(bytes))
  child.stdin.on('error', () => child.stdin.destroy())
  child.stdin.end(input)
  const { code } = await ended(child)
  return { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() }
}

/** As `run`, but an exit code other than 0 throws with what the program wrote. */
export async function runWell(
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(file, args, options)
  if (code === 0) return stdout.toString()
  throw new Error(
    `cannot run ${file} ${args.join(' ')}: exit code ${code}\n${stderr}${String(stdout)}`,
  )
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface RunningOptions extends SpawnOptions {
  readonly stdin?: 'ignore' | 'pipe'
}

/** A child that stays; its output is kept. Always `end()` it. */
export class Running {
  readonly child: ChildProcess
  readonly exit: Promise<Exit>
  #output = ''

  constructor(file: string, args: readonly string[], options: RunningOptions = {}) {
    const { stdin = 'ignore', ...rest } = options
    this.child = spawn(file, args, { ...rest, stdio: [stdin, 'pipe', 'pipe'] })
    this.child.stdout?.on('data', (bytes: Buffer) => (this.#output += bytes.toString()))
    this.child.stderr?.on('data', (bytes: Buffer) => (this.#output += bytes.toString()))
    this.exit = ended(this.child)
    this.exit.catch(() => undefined)
    endWithThisProcess(this.child)
  }

  /** Everything written to stdout and stderr so far. */
  get output(): string {
    return this.#output
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name)
  }

  /** SIGTERM, then SIGKILL after `graceMs`; harmless when it has ended. */
  async end(graceMs = 20_000): Promise<Exit> {
    if (this.alive) this.signal('SIGTERM')
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs)
    try {
      return await this.exit
    } finally {
      clearTimeout(timer)
    }
  }
}

const left = new Set<ChildProcess>()

/** A test that runs into its time limit never comes to its cleanup; its children still end. */
function endWithThisProcess(child: ChildProcess): void {
  if (left.size === 0) {
    process.once('exit', endLeft)
    process.once('SIGTERM', exitOnSignal)
    process.once('SIGINT', exitOnSignal)
  }
  left.add(child)
  child.once('exit', () => {
    left.delete(child)
    if (left.size > 0) return
    process.off('exit', endLeft)
    process.off('SIGTERM', exitOnSignal)
    process.off('SIGINT', exitOnSignal)
  })
}

function endLeft(): void {
  for (const child of left) child.kill('SIGTERM')
}

function exitOnSignal(): void {
  process.exit(1)
}

function ended(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
}
