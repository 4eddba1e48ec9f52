/**
 * The strftime directives a template may hold, as C has them, with English names. The date handed
 * in shows the wall clock's time in its UTC fields.
 */

/** The clock on a wall somewhere; a `Zone` is one. */
export interface WallClock {
  /** Milliseconds to add to UTC for its time. */
  offsetAt(utcMs: number): number
}

export interface Directive {
  readonly render: (wall: Date, utcMs: number, offsetMs: number) => string
  /** What it renders, as a regular expression. */
  readonly pattern: string
  /** How long the rendered text stays the same at least, when aligned to this many ms of UTC. */
  readonly sliceMs: number
  /** Makes of what it renders a text that sorts by time; absent, it does so itself. */
  readonly sortable?: (text: string) => string
}

const SECOND_MS = 1000
const MINUTE_MS = 60_000
const QUARTER_MS = 900_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS =
  'January February March April May June July August September October November December'.split(' ')

const TWO = '\\d{2}'
const NAME = '[A-Z][a-z]+'
const SECONDS_DIGITS = 12
const monthNumber = (name: string) =>
  padded(MONTHS.findIndex((month) => month.startsWith(name)) + 1)

export const DIRECTIVES: Readonly<Record<string, Directive>> = {
  Y: { render: (wall) => padded(wall.getUTCFullYear(), 4), pattern: '\\d{4}', sliceMs: QUARTER_MS },
  y: { render: (wall) => padded(wall.getUTCFullYear() % 100), pattern: TWO, sliceMs: QUARTER_MS },
  m: { render: (wall) => padded(wall.getUTCMonth() + 1), pattern: TWO, sliceMs: QUARTER_MS },
  d: { render: (wall) => padded(wall.getUTCDate()), pattern: TWO, sliceMs: QUARTER_MS },
  j: { render: (wall) => padded(dayOfYear(wall), 3), pattern: '\\d{3}', sliceMs: QUARTER_MS },
  F: {
    render: (wall) => wall.toISOString().slice(0, 10),
    pattern: '\\d{4}-\\d{2}-\\d{2}',
    sliceMs: QUARTER_MS,
  },
  G: { render: (wall) => String(isoWeek(wall).year), pattern: '\\d{4}', sliceMs: QUARTER_MS },
  V: { render: (wall) => padded(isoWeek(wall).week), pattern: TWO, sliceMs: QUARTER_MS },
  u: { render: (wall) => String(wall.getUTCDay() || 7), pattern: '[1-7]', sliceMs: QUARTER_MS },
  w: { render: (wall) => String(wall.getUTCDay()), pattern: '[0-6]', sliceMs: QUARTER_MS },
  a: { render: (wall) => dayName(wall).slice(0, 3), pattern: NAME, sliceMs: QUARTER_MS },
  A: { render: (wall) => dayName(wall), pattern: NAME, sliceMs: QUARTER_MS },
  b: {
    render: (wall) => monthName(wall).slice(0, 3),
    pattern: NAME,
    sliceMs: QUARTER_MS,
    sortable: monthNumber,
  },
  B: {
    render: (wall) => monthName(wall),
    pattern: NAME,
    sliceMs: QUARTER_MS,
    sortable: monthNumber,
  },
  H: { render: (wall) => padded(wall.getUTCHours()), pattern: TWO, sliceMs: QUARTER_MS },
  I: { render: (wall) => padded(wall.getUTCHours() % 12 || 12), pattern: TWO, sliceMs: QUARTER_MS },
  p: {
    render: (wall) => (wall.getUTCHours() < 12 ? 'AM' : 'PM'),
    pattern: '[AP]M',
    sliceMs: QUARTER_MS,
  },
  z: {
    render: (_wall, _utcMs, offset) => zoneOffset(offset),
    pattern: '[+-]\\d{4}',
    sliceMs: QUARTER_MS,
  },
  M: { render: (wall) => padded(wall.getUTCMinutes()), pattern: TWO, sliceMs: MINUTE_MS },
  S: { render: (wall) => padded(wall.getUTCSeconds()), pattern: TWO, sliceMs: SECOND_MS },
  s: {
    render: (_wall, utcMs) => String(Math.floor(utcMs / SECOND_MS)),
    pattern: '\\d+',
    sliceMs: SECOND_MS,
    sortable: (text) => text.padStart(SECONDS_DIGITS, '0'),
  },
}

/** Which directives say the year, the month or week, the day, the hour, the minute, the second. */
export const LEVELS = ['sFYyG', 'sFmbBjV', 'sFdju', 'sH', 'sM', 'sS'] as const

/** How long what each directive shows holds on the clock on the wall, milliseconds. */
export const UNIT_MS: Readonly<Record<string, number>> = Object.fromEntries(
  Object.keys(DIRECTIVES).map((letter) => [letter, unitOf(letter)]),
)

function unitOf(letter: string): number {
  if ('sS'.includes(letter)) return SECOND_MS
  if (letter === 'M') return MINUTE_MS
  if ('HIz'.includes(letter)) return HOUR_MS
  if (letter === 'p') return DAY_MS / 2
  return 'GV'.includes(letter) ? 7 * DAY_MS : DAY_MS
}

export const DIRECTIVES_EXPECTED = `${Object.keys(DIRECTIVES)
  .map((letter) => `%${letter}`)
  .join(' ')} or %%`

function padded(value: number, width = 2): string {
  return String(value).padStart(width, '0')
}

function dayName(wall: Date): string {
  return DAYS[wall.getUTCDay()]!
}

function monthName(wall: Date): string {
  return MONTHS[wall.getUTCMonth()]!
}

function dayOfYear(wall: Date): number {
  return Math.floor((wall.getTime() - Date.UTC(wall.getUTCFullYear(), 0, 1)) / DAY_MS) + 1
}

/** ISO 8601: a week belongs to the year its Thursday is in. */
function isoWeek(wall: Date): { readonly year: number; readonly week: number } {
  const toThursday = 4 - (wall.getUTCDay() || 7)
  const thursday = new Date(wall.getTime() + toThursday * DAY_MS)
  return { year: thursday.getUTCFullYear(), week: Math.ceil(dayOfYear(thursday) / 7) }
}

function zoneOffset(offsetMs: number): string {
  const minutes = Math.round(Math.abs(offsetMs) / MINUTE_MS)
  const sign = offsetMs < 0 ? '-' : '+'
  return sign + padded(Math.floor(minutes / 60)) + padded(minutes % 60)
}
