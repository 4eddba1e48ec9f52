/** The table at the end. */
import type { Result } from './harness/verdict.ts'

const COLUMNS: readonly (readonly [string, (result: Result) => string | number])[] = [
  ['scenario', ({ scenario }) => scenario],
  ['seed', ({ seed }) => seed],
  ['sent', ({ sent }) => sent],
  ['acknowledged', ({ acknowledged }) => acknowledged],
  ['arrived', ({ arrived }) => arrived],
  ['lost', ({ lost }) => lost],
  ['duplicates', ({ duplicates, duplicatesMax }) => `${duplicates} of ≤ ${duplicatesMax}`],
  ['disturbed', ({ disturbances }) => disturbances],
  ['restarts', ({ restarts }) => restarts],
  ['time', ({ seconds }) => `${seconds.toFixed(1)} s`],
  ['faults', ({ faults }) => faults.length],
]

/** As Markdown, with columns of one width. */
export function tableOf(results: readonly Result[]): string {
  const rows = [
    COLUMNS.map(([title]) => title),
    ...results.map((result) => COLUMNS.map(([, of]) => String(of(result)))),
  ]
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  const [head, ...body] = rows.map(line)
  return [head, rule, ...body].join('\n')
}
