/**
 * `npm run soak -- --minutes N`: the same load for a long time; nothing may be lost, and memory,
 * open files and the time to an acknowledgement must stay as they are. See README.md.
 */
import { randomInt } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { MAIN } from './options.ts'
import { runScenario } from './harness/world.ts'
import { writeReport } from './soak/report.ts'
import { soakFor } from './soak/scenario.ts'
import { TOLERANCES, trendOf } from './soak/trend.ts'

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '60' },
      report: { type: 'string' },
      compress: { type: 'string', default: 'gzip' },
      program: { type: 'string', default: MAIN },
    },
  })
  const minutes = Number(values.minutes)
  if (!(minutes > 0)) throw new Error(`cannot use --minutes ${values.minutes}; expected a number`)
  const folder = values.report ?? (await mkdtemp(join(tmpdir(), 'logboom-soak-report-')))
  const { scenario, samples } = soakFor(minutes, values.compress)
  const seed = randomInt(1_000_000)
  const { program } = values
  const options = { seed, kills: 0, minutes, program, isKept: false }
  const outcome = await runScenario(scenario, options)
  const trends = TOLERANCES.map((tolerance) => trendOf(samples, tolerance))
  await writeReport(folder, samples, trends, outcome.result)
  console.log(`the report is in ${folder}`)
  for (const fault of outcome.result.faults) console.log(`  ${fault}`)
  const uneven = trends.filter(({ isFlat }) => !isFlat)
  for (const { tolerance, growth, growthMax } of uneven)
    console.log(
      `  ${tolerance.title} grew by ${growth.toFixed(2)}; at most ${growthMax.toFixed(2)}`,
    )
  return outcome.result.faults.length + uneven.length === 0 ? 0 : 1
}

process.exit(await main())
