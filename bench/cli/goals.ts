/**
 * The goals the collector is built to, beside what was just measured. A goal on a ratio is one to
 * the floor of the same run; one on two scenarios compares their costs, measured in turn.
 */
import type { ScenarioResult, StandingResult, SubjectResult } from '../measure/results.ts'

export interface Measured {
  readonly scenarios: readonly ScenarioResult[]
  readonly standing: readonly StandingResult[]
}

interface Goal {
  readonly text: string
  readonly limit: number
  /** `least`: the figure must not be below the limit. */
  readonly bound: 'most' | 'least'
  /** Undefined if what it takes was not run. */
  readonly figure: (measured: Measured) => number | undefined
}

const MEBIBYTE = 1024 * 1024
/** Memory goals are in MB. */
const MEGABYTE = 1_000_000

const GOALS: readonly Goal[] = [
  most('message: ratio to the floor', 2.2, (all) => ours(all, 'message')?.ratio?.median),
  most('forward: ratio to the floor', 1.8, (all) => ours(all, 'forward')?.ratio?.median),
  most('packed: ratio to the floor', 1.6, (all) => ours(all, 'packed')?.ratio?.median),
  most('tail-docker: CPU µs per line', 0.6, (all) => {
    return ours(all, 'tail-docker')?.cpuMicrosecondsPerRecord.median
  }),
  most('gelf-tcp: CPU µs per record', 1.2, (all) => {
    return ours(all, 'gelf-tcp')?.cpuMicrosecondsPerRecord.median
  }),
  most('syslog, RFC 5424: ratio to the floor', 3, (all) => {
    return ours(all, 'syslog-5424')?.ratio?.median
  }),
  most('syslog, RFC 3164: ratio to the floor', 3, (all) => {
    return ours(all, 'syslog-3164')?.ratio?.median
  }),
  most('parse-json: CPU µs per record more than plain', 0.6, (all) => {
    return costMore(all, 'parse-json', 'json-plain')
  }),
  most('parse-json-time: CPU µs per record more than plain', 0.6, (all) => {
    return costMore(all, 'parse-json-time', 'json-plain')
  }),
  most('buffered: CPU µs per record more than unbuffered', 0.35, (all) => {
    return costMore(all, 'buffered', 'unbuffered')
  }),
  most('elasticsearch: CPU µs per record', 0.55, (all) => {
    return ours(all, 'elasticsearch')?.cpuMicrosecondsPerRecord.median
  }),
  most('1,000 connections to 10', 1.25, (all) => costTo(all, 'connections-1000', 'connections-10')),
  most('10,000 tags to 10, one file', 1.25, (all) => costTo(all, 'tags-10000', 'tags-10')),
  most('1,000 files to one, 10 connections', 2, (all) => costTo(all, 'files-1000', 'tags-1000')),
  most('1,000 files to one, 1,000 connections', 2, (all) =>
    costTo(all, 'files-1000-connections', 'connections-1000'),
  ),
  {
    ...most('request-ack, one container: round trips/s', 10_000, (all) =>
      perSecond(ours(all, 'request-ack-1')),
    ),
    bound: 'least',
  },
  most('request-ack, one container: p99, ms', 0.5, (all) => {
    return ours(all, 'request-ack-1')?.p99Ms?.median
  }),
  most('peak memory at full speed, message, MB', 120, (all) => peakMegabytes(all, 'message')),
  most('peak memory at full speed, 100 connections, MB', 120, (all) => {
    return peakMegabytes(all, 'memory')
  }),
  most('idle memory, MB', 60, (all) => {
    const mebibytes = standing(all, 'idle', 'memory, MiB')
    return mebibytes === undefined ? undefined : (mebibytes * MEBIBYTE) / MEGABYTE
  }),
  most('start to listening, built, ms', 120, (all) => standing(all, 'startup', 'dist/main.js, ms')),
  most('start to listening, sources, ms', 120, (all) =>
    standing(all, 'startup', 'src/main.ts, ms'),
  ),
]

/** One line per goal of which everything was measured; empty if there is none. */
export function goalsTable(measured: Measured): string {
  const lines = GOALS.flatMap(({ text, limit, bound, figure }) => {
    const value = figure(measured)
    if (value === undefined || Number.isNaN(value)) return []
    const isMet = bound === 'most' ? value <= limit : value >= limit
    const goal = `${bound === 'most' ? '≤' : '≥'} ${limit}`
    const shown = value >= 1000 ? value.toFixed(0) : value.toFixed(2)
    return [
      `  ${text.padEnd(50)}${shown.padStart(9)}${goal.padStart(10)}  ${isMet ? 'met' : 'missed'}`,
    ]
  })
  return lines.length === 0 ? '' : ['goals', ...lines, ''].join('\n')
}

function most(text: string, limit: number, figure: Goal['figure']): Goal {
  return { text, limit, bound: 'most', figure }
}

function ours({ scenarios }: Measured, name: string): SubjectResult | undefined {
  const result = scenarios.find(({ scenario }) => scenario === name)
  return result?.subjects.find(({ subject }) => subject === 'logboom')
}

function costTo(all: Measured, name: string, base: string): number | undefined {
  const [cost, baseCost] = costsOf(all, [name, base])
  return cost === undefined || baseCost === undefined ? undefined : cost / baseCost
}

function costMore(all: Measured, name: string, base: string): number | undefined {
  const [cost, baseCost] = costsOf(all, [name, base])
  return cost === undefined || baseCost === undefined ? undefined : cost - baseCost
}

function costsOf(all: Measured, names: readonly string[]): (number | undefined)[] {
  return names.map((each) => ours(all, each)?.cpuMicrosecondsPerRecord.median)
}

function perSecond(result: SubjectResult | undefined): number | undefined {
  return result?.p99Ms ? result.recordsPerSecond.median : undefined
}

function peakMegabytes(all: Measured, name: string): number | undefined {
  const bytes = ours(all, name)?.peakBytes.most
  return bytes === undefined ? undefined : bytes / MEGABYTE
}

function standing(all: Measured, scenario: string, name: string): number | undefined {
  const result = all.standing.find((each) => each.scenario === scenario)
  return result?.figures.find((figure) => figure.name === name)?.values.median
}
