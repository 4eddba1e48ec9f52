/**
 * `npm run bench:startup`: time from starting the process to the first connection its forward
 * input accepts, for the built program, for the sources, and for a bare Node.js server as the
 * floor. `-- --runs 20` changes the number of runs; the programs take turns, so that a busy
 * moment of the machine hits all alike.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { freePort } from '../test/support/free-port.ts'

const GIVE_UP_MS = 20_000
const root = join(import.meta.dirname, '..')

export interface Program {
  readonly name: string
  /** Arguments for node that make it listen on the port. */
  arguments(port: number): Promise<string[]>
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { runs: { type: 'string', default: '15' } } })
  const runs = Number(values.runs)
  const folder = await mkdtemp(join(tmpdir(), 'logboom-startup-'))
  try {
    report(await measureStartup(programs(folder), runs))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export function programs(folder: string): Program[] {
  const bare = 'require("node:net").createServer().listen(+process.argv[1], "127.0.0.1")'
  const logboom = (name: string, file: string): Program => ({
    name,
    arguments: async (port) => [join(root, file), 'run', '-c', await configFile(folder, port)],
  })
  const all = [
    { name: 'node alone', arguments: async (port: number) => ['-e', bare, String(port)] },
    logboom('dist/main.js', 'dist/main.js'),
    logboom('src/main.ts', 'src/main.ts'),
  ]
  if (existsSync(join(root, 'dist/main.js'))) return all
  console.error('dist/ is not built (npm run build); measuring without it')
  return all.filter(({ name }) => name !== 'dist/main.js')
}

/** As the built-in configuration, but on a free port and in a folder of its own. */
async function configFile(folder: string, port: number): Promise<string> {
  const file = join(folder, 'logboom.yaml')
  const lines = [
    `data_dir: ${join(folder, 'data')}`,
    'http: { listen: "tcp://127.0.0.1:0" }',
    `inputs: { docker: { type: forward, listen: ["tcp://127.0.0.1:${port}"] } }`,
    `outputs: { files: { type: file, path: "${join(folder, 'logs', '${tag}.log')}" } }`,
    'pipeline: [{ filter: "**", type: join_parts }, { match: "**", to: files }]',
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  return file
}

/** Milliseconds of every run, by the program's name. */
export async function measureStartup(
  all: readonly Program[],
  runs: number,
): Promise<Map<string, number[]>> {
  const times = new Map(all.map(({ name }): [string, number[]] => [name, []]))
  // The first start of each is not counted: it fills the cache of compiled code, and the disk's.
  for (const program of all) await startOnce(program)
  for (let run = 0; run < runs; run++) {
    for (const program of all) times.get(program.name)!.push(await startOnce(program))
  }
  return times
}

/** Milliseconds until the port accepts a connection. */
async function startOnce(program: Program): Promise<number> {
  const port = await freePort()
  const args = await program.arguments(port)
  const start = performance.now()
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: root })
  let errors = ''
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  try {
    while (!(await accepts(port))) {
      const isLate = performance.now() - start > GIVE_UP_MS
      if (child.exitCode !== null || isLate) {
        throw new Error(`cannot start ${program.name}: ${errors}; expected it to listen`)
      }
      await sleep(1)
    }
    return performance.now() - start
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}

function report(times: ReadonlyMap<string, number[]>): void {
  const row = (cells: readonly string[]) =>
    console.log(cells.map((cell, index) => (index ? cell.padStart(9) : cell.padEnd(14))).join(''))
  row(['', 'median', 'least', 'most'])
  for (const [name, unsorted] of times) {
    const sorted = unsorted.toSorted((a, b) => a - b)
    const median = sorted[Math.floor(sorted.length / 2)]!
    row([name, ...[median, sorted[0]!, sorted.at(-1)!].map((ms) => `${ms.toFixed(0)} ms`)])
  }
}

if (import.meta.main) await main()
