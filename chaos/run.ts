/**
 * `npm run chaos`: the collector under load, killed, starved and lied to, and every acknowledged
 * event counted afterwards. See README.md.
 */
import { randomInt } from 'node:crypto'
import { chaosOptions, HELP, type ChaosOptions } from './options.ts'
import { runScenario, type Outcome } from './harness/world.ts'
import { tableOf } from './report.ts'
import type { Scenario } from './harness/scenario.ts'
import { scenarios } from './scenarios/index.ts'

const SEED_END = 1_000_000

async function main(): Promise<number> {
  const options = chaosOptions(process.argv.slice(2), randomInt(SEED_END))
  const chosen = scenarios.filter(
    ({ name }) =>
      options.names.length === 0 || options.names.some((beginning) => name.startsWith(beginning)),
  )
  if (options.isHelp) return answer(HELP)
  if (options.isList)
    return answer(scenarios.map(({ name, summary }) => `${name}: ${summary}`).join('\n'))
  if (chosen.length === 0) throw new Error(`no scenario ${options.names.join(', ')}; see --list`)
  console.log(`seed ${options.seed}`)
  const outcomes = await runAll(chosen, options)
  console.log(tableOf(outcomes.map(({ result }) => result)))
  return outcomes.every(({ result }) => result.faults.length === 0) ? 0 : 1
}

/** In the order of the scenarios, a few at a time. */
async function runAll(chosen: readonly Scenario[], options: ChaosOptions): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  let next = 0
  const work = async () => {
    while (next < chosen.length) {
      const index = next++
      outcomes[index] = await runScenario(chosen[index]!, options)
      tell(outcomes[index])
    }
  }
  await Promise.all(Array.from({ length: options.parallel }, work))
  return outcomes
}

function tell({ result, folder }: Outcome): void {
  const { scenario, seed, faults, seconds } = result
  console.log(`${faults.length === 0 ? 'well' : 'FAILED'}: ${scenario}, ${seconds.toFixed(1)} s`)
  for (const fault of faults) console.log(`  ${fault}`)
  if (faults.length > 0) console.log(`  again: npm run chaos -- ${scenario} --seed ${seed}`)
  if (folder !== undefined) console.log(`  folder: ${folder}`)
}

function answer(text: string): number {
  console.log(text)
  return 0
}

// Explicitly, so that a connection that a client library keeps open does not hold the end up.
process.exit(await main())
