/** Whether something grows: the slope over the second half of a soak, against a tolerance. */
import type { Sample } from './samples.ts'

export type Measured = Exclude<keyof Sample, 'at' | 'acknowledged'>

export interface Tolerance {
  readonly measured: Measured
  readonly title: string
  /** Growth over the second half that is still flat: so much, or such a share of the median. */
  readonly absolute: number
  readonly share: number
}

/** Memory breathes with its garbage, and a second's slowest answers with the machine. */
export const TOLERANCES: readonly Tolerance[] = [
  { measured: 'rssMiB', title: 'resident memory, MiB', absolute: 8, share: 0.05 },
  { measured: 'heapMiB', title: 'JavaScript heap, MiB', absolute: 4, share: 0.1 },
  { measured: 'handles', title: 'open files and sockets', absolute: 2, share: 0 },
  { measured: 'p50Ms', title: 'acknowledgement, p50, ms', absolute: 1, share: 0.25 },
  { measured: 'p99Ms', title: 'acknowledgement, p99, ms', absolute: 10, share: 0.5 },
]

export interface Trend {
  readonly tolerance: Tolerance
  readonly median: number
  /** From the beginning to the end of the second half, by its slope. */
  readonly growth: number
  readonly growthMax: number
  readonly isFlat: boolean
}

const POINTS_MAX = 200
/** Fewer seconds say nothing. */
const POINTS_MIN = 10

export function trendOf(samples: readonly Sample[], tolerance: Tolerance): Trend {
  const points = samples
    .slice(Math.floor(samples.length / 2))
    .map((sample): Point => [sample.at, sample[tolerance.measured]])
    .filter(([, value]) => Number.isFinite(value))
  const seconds = (points.at(-1)?.[0] ?? 0) - (points[0]?.[0] ?? 0)
  const middle = median(points.map(([, value]) => value))
  const growth = slope(thinned(points)) * seconds
  const growthMax = Math.max(tolerance.absolute, tolerance.share * middle)
  const isFlat = points.length >= POINTS_MIN && growth <= growthMax
  return { tolerance, median: middle, growth, growthMax, isFlat }
}

type Point = readonly [at: number, value: number]

/** Theil–Sen: the median of the slopes between all pairs, which outliers do not move. */
function slope(points: readonly Point[]): number {
  const slopes: number[] = []
  for (const [index, [at, value]] of points.entries())
    for (const [laterAt, laterValue] of points.slice(index + 1))
      slopes.push((laterValue - value) / (laterAt - at))
  return median(slopes)
}

/** Medians of equal runs, so that hours do not make millions of pairs. */
function thinned(points: readonly Point[]): Point[] {
  const run = Math.ceil(points.length / POINTS_MAX)
  return Array.from({ length: Math.ceil(points.length / run) }, (_, index) => {
    const some = points.slice(index * run, (index + 1) * run)
    return [some[0]![0], median(some.map(([, value]) => value))]
  })
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}
