/** The command line of `npm run bench`. */
import { existsSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { standingScenarios, type StandingScenario } from '../measure/standing.ts'
import { scenarios, type Scenario } from '../scenarios.ts'

export interface Options {
  readonly scenarios: readonly Scenario[]
  readonly standing: readonly StandingScenario[]
  readonly runs: number
  readonly program: string
  readonly folder: string
  readonly jsonFile: string
  readonly isQuick: boolean
  readonly withPeers: boolean
  readonly profileFolder: string | undefined
}

export const HELP = `npm run bench -- [options] [scenario or beginning of its name …]

Measures the collector and the peers found on PATH; without names, everything.

  --list           the scenarios
  --quick          a first answer in a minute: the main scenarios, fewer records, three runs
  --runs N         runs of each scenario (5)
  --records N      records instead of a scenario's own number (mostly 1,000,000)
  --program FILE   the collector (dist/main.js as just built; src/main.ts works too)
  --folder FOLDER  for traffic and output (memory if there is enough, else the temporary folder)
  --json FILE      for the results (logboom-bench.json in the temporary folder)
  --no-peers       the collector and the floor only
  --profile FOLDER CPU profiles of the collector, read with bench/profile.ts; they slow it down
  --help
`

const RUNS = 5
const QUICK_RUNS = 3
const QUICK_SHARE = 5
const SHARED_MEMORY = '/dev/shm'
const FOLDER_FREE_BYTES = 4 * 1024 ** 3

const definitions = {
  list: { type: 'boolean' },
  quick: { type: 'boolean' },
  runs: { type: 'string' },
  records: { type: 'string' },
  program: { type: 'string' },
  folder: { type: 'string' },
  json: { type: 'string' },
  peers: { type: 'boolean' },
  profile: { type: 'string' },
  help: { type: 'boolean' },
} as const

/** A text instead where there is only something to print. Throws on what makes no sense. */
export function readOptions(args: readonly string[]): Options | string {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: definitions,
    allowPositionals: true,
    allowNegative: true,
  })
  if (values.help) return HELP
  if (values.list) return listOf([...scenarios, ...standingScenarios])
  const isQuick = values.quick ?? false
  const records = values.records === undefined ? undefined : count('records', values.records)
  const names = chosenNames(positionals, isQuick)
  const chosen = scenarios.filter(({ name }) => names.has(name))
  return {
    scenarios: chosen.map((scenario) => resized(scenario, records, isQuick)),
    standing: standingScenarios.filter(({ name }) => names.has(name)),
    runs: values.runs === undefined ? (isQuick ? QUICK_RUNS : RUNS) : count('runs', values.runs),
    program: resolve(values.program ?? join(import.meta.dirname, '../../dist/main.js')),
    folder: resolve(values.folder ?? roomyFolder()),
    jsonFile: resolve(values.json ?? join(tmpdir(), 'logboom-bench.json')),
    isQuick,
    withPeers: values.peers ?? true,
    profileFolder: values.profile === undefined ? undefined : resolve(values.profile),
  }
}

function chosenNames(names: readonly string[], isQuick: boolean): Set<string> {
  const all = [...scenarios, ...standingScenarios]
  const byDefault = all.filter((scenario) => !isQuick || scenario.isQuick)
  const defaults = byDefault.map(({ name }) => name)
  return new Set(names.length === 0 ? defaults : names.flatMap(named))
}

/** The one of this name, or all whose names begin with it. */
function named(text: string): string[] {
  const names = [...scenarios, ...standingScenarios].map(({ name }) => name)
  if (names.includes(text)) return [text]
  const found = names.filter((name) => name.startsWith(text))
  if (found.length > 0) return found
  throw new Error(`cannot run ${text}: there is no such scenario; expected ${names.join(', ')}`)
}

function resized(scenario: Scenario, records: number | undefined, isQuick: boolean): Scenario {
  const own = scenario.traffic.records
  const count = records ?? (isQuick ? Math.ceil(own / QUICK_SHARE) : own)
  return { ...scenario, traffic: { ...scenario.traffic, records: count } }
}

function count(name: string, text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number > 0) return number
  throw new Error(`cannot use --${name} ${text}: it is no count; expected a number from 1`)
}

function listOf(all: readonly { name: string; summary: string }[]): string {
  return all.map(({ name, summary }) => `${name.padEnd(24)} ${summary}\n`).join('')
}

/** In memory no disk is measured, whose pace differs more than that of collectors. */
function roomyFolder(): string {
  if (!existsSync(SHARED_MEMORY)) return tmpdir()
  const { bavail, bsize } = statfsSync(SHARED_MEMORY)
  return bavail * bsize >= FOLDER_FREE_BYTES ? SHARED_MEMORY : tmpdir()
}
