/** The table of `npm run bench`, and its JSON. */
import { writeFileSync } from 'node:fs'
import { arch, cpus, platform, release } from 'node:os'
import type { Measured } from './goals.ts'
import type { Spread } from '../measure/statistics.ts'
import type { ScenarioResult, StandingResult, SubjectResult } from '../measure/results.ts'

const COLUMNS = ['', 'CPU µs/record', '× floor', 'records/s', 'wall', 'peak', 'p50', 'p99']
const WIDTHS = [12, 23, 20, 12, 9, 9, 10, 10]
const MEBIBYTE = 1024 * 1024

/** Median, and least to most behind it. */
export function scenarioTable(result: ScenarioResult, summary: string): string {
  const bytes = Math.round(result.trafficBytes / result.records)
  const title = `${result.scenario}: ${summary}`
  const size = `${thousands(result.records)} records of ${bytes} bytes on the wire`
  const lines = result.subjects.flatMap((subject) => [row(cells(subject)), ...notes(subject)])
  return [title, size, row(COLUMNS), ...lines, ''].join('\n')
}

export function standingTable({ scenario, figures }: StandingResult, summary: string): string {
  const lines = figures.map(({ name, values }) => {
    return `  ${name.padEnd(24)}${withSpread(values, 1).padStart(24)}`
  })
  return [`${scenario}: ${summary}`, ...lines, ''].join('\n')
}

export function writeResults(file: string, measured: Measured): void {
  const machine = {
    node: process.version,
    system: `${platform()} ${release()} ${arch()}`,
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
  }
  const text = JSON.stringify({ at: new Date().toISOString(), machine, ...measured }, null, 2)
  writeFileSync(file, `${text}\n`)
}

function cells(result: SubjectResult): string[] {
  return [
    result.subject,
    withSpread(result.cpuMicrosecondsPerRecord, 3),
    result.ratio ? withSpread(result.ratio, 2) : '',
    thousands(Math.round(result.recordsPerSecond.median)),
    `${(result.wallMs.median / 1000).toFixed(2)} s`,
    `${(result.peakBytes.most / MEBIBYTE).toFixed(0)} MiB`,
    result.p50Ms ? `${result.p50Ms.median.toFixed(3)} ms` : '',
    result.p99Ms ? `${result.p99Ms.median.toFixed(3)} ms` : '',
  ]
}

function notes({ faults, outOfOrder }: SubjectResult): string[] {
  const order = outOfOrder > 0 ? [`order not kept: ${outOfOrder} records`] : []
  return [...faults, ...order].map((note) => `    ! ${note}`)
}

function row(texts: readonly string[]): string {
  const padded = texts.map((text, index) => {
    const width = WIDTHS[index]!
    return index === 0 ? text.padEnd(width) : text.padStart(width)
  })
  return `  ${padded.join('')}`.trimEnd()
}

function withSpread({ median, least, most }: Spread, digits: number): string {
  const [middle, low, high] = [median, least, most].map((value) => value.toFixed(digits))
  return `${middle} (${low}–${high})`
}

function thousands(count: number): string {
  return count.toLocaleString('en-GB')
}
