/**
 * Time zones through Intl: what a wall clock shows, and when it reaches the next boundary. Used for
 * strftime in paths, for rotation by time, and for times in lines that do not say their zone.
 */

const MINUTE_MS = 60_000
/** Since 1970 every zone has changed its offset on a quarter of an hour of UTC. */
const OFFSET_SLICE_MS = 15 * MINUTE_MS
const CACHED_SLICES = 1024
const DAY_MS = 86_400_000
const WEEK_MS = 604_800_000
/** 1970-01-01 was a Thursday; weeks start on Monday. */
const FIRST_MONDAY_MS = 4 * DAY_MS

export function isZone(name: string): boolean {
  // Asking Intl for the first time takes 10 ms of a start.
  if (name === 'UTC') return true
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name })
    return true
  } catch (_unknownName) {
    return false
  }
}

/** A zone by its IANA name; `UTC` costs nothing. */
export class Zone {
  readonly #format: Intl.DateTimeFormat | null
  readonly #offsets = new Map<number, number>()

  constructor(name: string) {
    this.#format = name === 'UTC' ? null : zoneFormat(name)
  }

  /** Milliseconds to add to UTC for the wall clock's time. */
  offsetAt(utcMs: number): number {
    if (!this.#format) return 0
    const slice = Math.floor(utcMs / OFFSET_SLICE_MS)
    const known = this.#offsets.get(slice)
    if (known !== undefined) return known
    const offset = measureOffset(this.#format, slice * OFFSET_SLICE_MS)
    if (this.#offsets.size >= CACHED_SLICES) this.#offsets.clear()
    this.#offsets.set(slice, offset)
    return offset
  }

  /**
   * Seconds to add to UTC for the wall clock that shows `wallSeconds` (counted as if it were UTC).
   * Of a doubled hour the first is meant; a time that is jumped over is as much later as the clock
   * was moved.
   */
  offsetOfWall(wallSeconds: number): number {
    if (!this.#format) return 0
    const wallMs = wallSeconds * 1000
    const before = this.offsetAt(wallMs - DAY_MS)
    const after = this.offsetAt(wallMs + DAY_MS)
    const isAfter =
      before !== after &&
      this.offsetAt(wallMs - before) !== before &&
      this.offsetAt(wallMs - after) === after
    return (isAfter ? after : before) / 1000
  }

  /**
   * The first instant after `utcMs` at which the wall clock is at a multiple of `everyMs`, counted
   * from 1970-01-01 00:00 (whole weeks: from a Monday). On days on which the clock is moved, a day
   * has 23 or 25 hours, and a boundary that is left out counts as soon as it has been jumped over.
   */
  nextBoundary(utcMs: number, everyMs: number): number {
    const origin = everyMs % WEEK_MS === 0 ? FIRST_MONDAY_MS : 0
    const offset = this.offsetAt(utcMs)
    const wall = utcMs + offset - origin
    const nextWall = (Math.floor(wall / everyMs) + 1) * everyMs + origin
    const withOldOffset = nextWall - offset
    const withNewOffset = nextWall - this.offsetAt(withOldOffset)
    const candidates = [withNewOffset, withOldOffset].sort((a, b) => a - b)
    const isBoundary = (at: number) =>
      at > utcMs && (at + this.offsetAt(at) - origin) % everyMs === 0
    return candidates.find(isBoundary) ?? withOldOffset
  }
}

function zoneFormat(name: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
}

function measureOffset(format: Intl.DateTimeFormat, utcMs: number): number {
  const shown: Record<string, number> = {}
  for (const part of format.formatToParts(utcMs)) shown[part.type] = Number(part.value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown
  return Date.UTC(year, month - 1, day, hour, minute, second) - utcMs
}
