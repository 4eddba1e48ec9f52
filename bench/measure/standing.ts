/** What needs no traffic: how long it takes to start, and what it takes to stand idle. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../test/support/free-port.ts'
import { measureStartup, programs } from '../startup.ts'
import { launchIdle } from '../subjects/logboom.ts'
import { SubjectProcess } from '../subjects/subject.ts'
import { cpuMsBetween, memoryOfTree, readCpu } from './process-tree.ts'
import type { Figure } from './results.ts'
import { spreadOf } from './statistics.ts'

export interface StandingOptions {
  readonly program: string
  readonly folder: string
  readonly runs: number
  readonly isQuick: boolean
}

export interface StandingScenario {
  readonly name: string
  readonly summary: string
  readonly isQuick: boolean
  readonly measure: (options: StandingOptions) => Promise<Figure[]>
}

const MEBIBYTE = 1024 * 1024
const STARTUP_RUNS = 15
const SETTLE_MS = 2000
const IDLE_SECONDS = 60
const QUICK_IDLE_SECONDS = 10

export const standingScenarios: readonly StandingScenario[] = [
  {
    name: 'startup',
    summary: 'from starting the process to listening',
    isQuick: false,
    measure: startup,
  },
  {
    name: 'idle',
    summary: 'memory and CPU of a collector that nobody sends to',
    isQuick: false,
    measure: idle,
  },
]

/** From starting the process to the first connection, as `npm run bench:startup` measures it. */
async function startup({ folder, runs }: StandingOptions): Promise<Figure[]> {
  const place = join(folder, 'startup')
  await mkdir(place)
  const times = await measureStartup(programs(place), Math.max(runs, STARTUP_RUNS))
  await rm(place, { recursive: true })
  return [...times].map(([name, values]) => ({ name: `${name}, ms`, values: spreadOf(values) }))
}

/** Memory and CPU of a collector that nobody sends to, once it has settled. */
async function idle({ program, folder, isQuick }: StandingOptions): Promise<Figure[]> {
  const place = { folder: join(folder, 'idle'), output: join(folder, 'idle/output'), port: 0 }
  await mkdir(place.output, { recursive: true })
  const port = await freePort()
  const launch = await launchIdle(program, { ...place, port })
  await using process = await SubjectProcess.start('logboom', launch, { ...place, port })
  await sleep(SETTLE_MS)
  const start = readCpu(process.pid)
  const seconds = isQuick ? QUICK_IDLE_SECONDS : IDLE_SECONDS
  await sleep(seconds * 1000)
  const cpuMs = cpuMsBetween(start, readCpu(process.pid))
  const { residentBytes, peakBytes } = memoryOfTree(process.pid)
  await process.stop()
  const figure = (name: string, value: number) => ({ name, values: spreadOf([value]) })
  return [
    figure('memory, MiB', residentBytes / MEBIBYTE),
    figure('peak memory, MiB', peakBytes / MEBIBYTE),
    figure(`CPU, ms per minute`, (cpuMs * 60) / seconds),
  ]
}
