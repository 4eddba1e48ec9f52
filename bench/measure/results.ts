/** From single runs to what is printed and kept: medians, spreads, ratios to the floor. */
import type { Run } from './one-run.ts'
import { spreadOf, type Spread } from './statistics.ts'
import type { Scenario } from '../scenarios.ts'

export interface SubjectResult {
  readonly subject: string
  readonly runs: readonly Run[]
  readonly cpuMicrosecondsPerRecord: Spread
  /** To the floor of the same run. */
  readonly ratio: Spread | null
  readonly recordsPerSecond: Spread
  readonly wallMs: Spread
  readonly peakBytes: Spread
  readonly p50Ms: Spread | null
  readonly p99Ms: Spread | null
  readonly faults: readonly string[]
  readonly outOfOrder: number
}

export interface ScenarioResult {
  readonly scenario: string
  readonly records: number
  readonly trafficBytes: number
  readonly subjects: readonly SubjectResult[]
}

/** Of a scenario without traffic. */
export interface StandingResult {
  readonly scenario: string
  readonly figures: readonly Figure[]
}

/** One figure, with its unit in the name. */
export interface Figure {
  readonly name: string
  readonly values: Spread
}

export interface Runs {
  readonly subject: string
  readonly scenario: Scenario
  readonly runs: readonly Run[]
  /** Runs of the floor, in the same order. */
  readonly floors: readonly Run[] | undefined
  /** Why there are no more runs. */
  readonly failure: string | null
}

export function subjectResult({ subject, scenario, runs, floors, failure }: Runs): SubjectResult {
  const { records } = scenario.traffic
  const spread = (of: (run: Run) => number) => spreadOf(runs.map(of))
  const trips = runs.map((run) => run.roundTrips).filter((each) => each !== null)
  const ratios = runs.map((run, index) => run.cpuMs / (floors?.[index]?.cpuMs ?? NaN))
  const faults = new Set(runs.flatMap((run) => run.faults))
  return {
    subject,
    runs,
    cpuMicrosecondsPerRecord: spread((run) => (run.cpuMs * 1000) / records),
    ratio: floors && subject !== 'floor' ? spreadOf(ratios) : null,
    recordsPerSecond: spread((run) => (records * 1000) / run.wallMs),
    wallMs: spread((run) => run.wallMs),
    peakBytes: spread((run) => run.peakBytes),
    p50Ms: trips.length > 0 ? spreadOf(trips.map((each) => each.p50Ms)) : null,
    p99Ms: trips.length > 0 ? spreadOf(trips.map((each) => each.p99Ms)) : null,
    faults: failure === null ? [...faults] : [...faults, failure],
    outOfOrder: Math.max(0, ...runs.map((run) => run.outOfOrder)),
  }
}
