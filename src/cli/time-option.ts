/** The value of `--since` and `--until`. */
import { DURATION_EXPECTED, parseDuration } from '../config/units.ts'
import { systemClock } from '../pipeline/clock.ts'
import { UsageError } from './command.ts'

/** Milliseconds since 1970 of a time, or of how long ago. Throws `UsageError`. */
export function timeOf(name: string, text: string): number
export function timeOf(name: string, text: string | undefined): number | undefined
export function timeOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ago = parseDuration(text)
  if (ago !== undefined) return systemClock.now() - ago
  const time = Date.parse(text)
  if (Number.isFinite(time)) return time
  const expected = `a time, 2026-11-21T08:50:00Z, or how long ago: ${DURATION_EXPECTED}`
  throw new UsageError(`cannot read --${name} "${text}"; expected ${expected}`)
}
