/**
 * Slices of time by the clock on the wall, counted from 1970-01-01 00:00 there (whole weeks: from a
 * Monday). An hour that the clock shows twice is one slice, as it has one name.
 */
import type { WallClock } from '../../placeholders/strftime.ts'

const WEEK_MS = 604_800_000
/** 1970-01-01 was a Thursday. */
const FIRST_MONDAY_MS = 4 * 86_400_000

export class TimeSlices {
  readonly clock: WallClock
  readonly sliceMs: number
  readonly #origin: number

  constructor(sliceMs: number, clock: WallClock) {
    this.clock = clock
    this.sliceMs = sliceMs
    this.#origin = sliceMs % WEEK_MS === 0 ? FIRST_MONDAY_MS : 0
  }

  /** Number of the slice that a moment (milliseconds since 1970, UTC) is in. */
  sliceAt(utcMs: number): number {
    const wall = utcMs + this.clock.offsetAt(utcMs)
    return Math.floor((wall - this.#origin) / this.sliceMs)
  }

  /** Milliseconds since 1970, UTC, at which the wall clock shows the slice's beginning. */
  startOf(slice: number): number {
    const wall = slice * this.sliceMs + this.#origin
    const guess = wall - this.clock.offsetAt(wall)
    return wall - this.clock.offsetAt(guess)
  }
}
