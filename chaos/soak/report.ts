/** The report of a soak: Markdown, curves, and all samples. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Result } from '../harness/verdict.ts'
import { tableOf } from '../report.ts'
import { plot } from './plot.ts'
import type { Sample } from './samples.ts'
import type { Trend } from './trend.ts'

export async function writeReport(
  folder: string,
  samples: readonly Sample[],
  trends: readonly Trend[],
  result: Result,
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const text = reportText(samples, trends, result)
  await writeFile(join(folder, 'report.md'), text)
  await writeFile(join(folder, 'samples.json'), JSON.stringify(samples))
  for (const { tolerance } of trends)
    await writeFile(join(folder, `${tolerance.measured}.svg`), plot(samples, tolerance))
}

function reportText(samples: readonly Sample[], trends: readonly Trend[], result: Result): string {
  const rows = trends.map(({ tolerance, median, growth, growthMax, isFlat }) => {
    const numbers = [median, growth, growthMax].map((value) => value.toFixed(2))
    return `| ${[tolerance.title, ...numbers, isFlat ? 'flat' : '**not flat**'].join(' | ')} |`
  })
  const faults = result.faults.map((fault) => `- ${fault}`)
  const plots = trends.map(({ tolerance }) => `![${tolerance.title}](${tolerance.measured}.svg)`)
  return [
    '# Soak',
    `${samples.length} samples. Growth is the slope (Theil–Sen) over the second half.`,
    tableOf([result]),
    ['| | median | growth | at most | |', '|---|---|---|---|---|', ...rows].join('\n'),
    faults.length === 0 ? 'No faults.' : faults.join('\n'),
    plots.join('\n'),
    '',
  ].join('\n\n')
}
