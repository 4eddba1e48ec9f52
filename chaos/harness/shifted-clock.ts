/**
 * Loaded into the collector with `--import`: its wall clock differs from the machine's by the
 * milliseconds in a file, read again all the time. The monotonic clock goes on, as it does in life.
 */
import { readFileSync, writeFileSync } from 'node:fs'

const POLL_MS = 20

const RealDate = Date
const path = process.env['LOGBOOM_CHAOS_CLOCK']
let shiftMs = 0

class ShiftedDate extends RealDate {
  constructor(...parts: readonly [] | [number | string | Date]) {
    if (parts.length === 0) super(ShiftedDate.now())
    else super(parts[0])
  }

  static override now(): number {
    return RealDate.now() + shiftMs
  }
}

/** Says which shift the collector has by now. */
export function seenPathOf(clock: string): string {
  return `${clock}.seen`
}

if (path !== undefined) {
  globalThis.Date = ShiftedDate as DateConstructor
  setInterval(follow, POLL_MS, path).unref()
}

function follow(clock: string): void {
  const text = readFileSync(clock, 'utf8')
  if (text === '' || Number(text) === shiftMs) return
  shiftMs = Number(text)
  writeFileSync(seenPathOf(clock), text)
}
