/**
 * `npm run bench`: what the collector and its peers cost per record, beside the floor that Node
 * itself sets. How to read it: bench/README.md. The scenarios: bench/scenarios.ts.
 */
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { readOptions, type Options } from './cli/options.ts'
import { goalsTable } from './cli/goals.ts'
import { scenarioTable, standingTable, writeResults } from './cli/report.ts'
import { measureGroup } from './measure/bench.ts'
import type { ScenarioResult, StandingResult } from './measure/results.ts'
import type { Scenario } from './scenarios.ts'
import { floor } from './subjects/floor.ts'
import { logboom } from './subjects/logboom.ts'
import { peersOnPath } from './subjects/peers.ts'

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (typeof options === 'string') return console.log(options)
  const folder = await mkdtemp(join(options.folder, 'logboom-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  await runAll(options, folder)
}

async function runAll(options: Options, folder: string): Promise<void> {
  const peers = options.withPeers ? peersOnPath() : []
  const subjects = [floor, logboom(options.program, options.profileFolder), ...peers]
  const measured = { scenarios: [] as ScenarioResult[], standing: [] as StandingResult[] }
  for (const group of groupsOf(options.scenarios)) {
    const found = await measureGroup({ scenarios: group, subjects, runs: options.runs, folder })
    measured.scenarios.push(...found)
    for (const [index, result] of found.entries()) {
      console.log(scenarioTable(result, group[index]!.summary))
    }
    writeResults(options.jsonFile, measured)
  }
  for (const { name, summary, measure } of options.standing) {
    const result = { scenario: name, figures: await measure({ ...options, folder }) }
    measured.standing.push(result)
    console.log(standingTable(result, summary))
    writeResults(options.jsonFile, measured)
  }
  console.log(goalsTable(measured))
  console.log(`results: ${options.jsonFile}`)
  if (measured.scenarios.some(hasFailed)) process.exitCode = 1
}

/** Peers may lose records or fail; we may not. */
function hasFailed({ subjects }: ScenarioResult): boolean {
  const ours = subjects.find(({ subject }) => subject === 'logboom')
  return ours !== undefined && (ours.faults.length > 0 || ours.outOfOrder > 0)
}

/** Scenarios that are compared with each other are measured in turn. */
function groupsOf(scenarios: readonly Scenario[]): Scenario[][] {
  const groups = Map.groupBy(scenarios, ({ name, group }) => group || name)
  return [...groups.values()]
}

try {
  await main()
} catch (error) {
  console.error(error)
  process.exitCode = 1
}
