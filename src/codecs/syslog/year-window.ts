/**
 * For which times without a year and a zone the answer is the same: the year of the arrival, and
 * one offset from UTC. Only weeks around the arrival, so no other year can be nearer.
 */
import { DAY_SECONDS, daysSince1970, isLeapYear } from '../time/instant.ts'
import type { ZoneReader } from '../time/rfc3339.ts'

export interface YearWindow {
  /** From 1970 to the first of January. */
  readonly yearDays: number
  readonly isLeap: boolean
  /** Seconds of the wall clock, counted as if it were UTC. */
  readonly from: number
  readonly to: number
  /** Seconds to add to UTC for the wall clock. */
  readonly offset: number
  /** Day of the arrival, since 1970. */
  readonly day: number
}

/** On either side. */
const DAYS_MAX = 60
const known = new WeakMap<ZoneReader, YearWindow>()

export function yearWindowOf(zone: ZoneReader, arrivalSeconds: number): YearWindow {
  const day = Math.floor(arrivalSeconds / DAY_SECONDS)
  const before = known.get(zone)
  if (before?.day === day) return before
  const window = findWindow(zone, day)
  known.set(zone, window)
  return window
}

function findWindow(zone: ZoneReader, day: number): YearWindow {
  const year = new Date(day * DAY_SECONDS * 1000).getUTCFullYear()
  const noon = day * DAY_SECONDS + DAY_SECONDS / 2
  const offset = zone.offsetOfWall(noon)
  const reach = (step: number): number => {
    let wall = noon
    for (let days = 1; days <= DAYS_MAX; days++) {
      const next = noon + step * days
      if (zone.offsetOfWall(next) !== offset) break
      wall = next
    }
    return wall
  }
  return {
    yearDays: daysSince1970(year, 1, 1),
    isLeap: isLeapYear(year),
    from: Math.max(0, reach(-DAY_SECONDS)),
    to: reach(DAY_SECONDS),
    offset,
    day,
  }
}
