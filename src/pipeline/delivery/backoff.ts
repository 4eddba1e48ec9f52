/**
 * How long to wait after a failure: exponential, with decorrelated jitter, so that collectors that
 * failed together do not come back together. The wait is drawn between the first and three times
 * the one before, and grows by half on average.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
import type { BackoffSettings, GiveUpAfter } from './settings.ts'

/** A number in [0, 1). */
export type Random = () => number

/** A longer Retry-After, in milliseconds, is cut: nobody stops a collector for days by a header. */
export const RETRY_AFTER_MAX_MS = 3_600_000

const GROWTH = 3

/** `previousMs` is the wait before this one, 0 for the first. */
export function nextDelayMs(previousMs: number, settings: BackoffSettings, random: Random): number {
  const { firstMs, maxMs } = settings
  const highest = Math.max(firstMs, previousMs * GROWTH)
  return Math.min(maxMs, Math.round(firstMs + random() * (highest - firstMs)))
}

/** Without chance, for what nobody else waits for: twice as long after each failure, from 1 on. */
export function doublingDelayMs(failures: number, { firstMs, maxMs }: BackoffSettings): number {
  return Math.min(maxMs, firstMs * 2 ** (failures - 1))
}

/** What a peer asked for, as milliseconds that can be trusted; 0 for nonsense. */
export function retryAfterMs(asked: number | undefined): number {
  if (asked === undefined || !(asked > 0)) return 0
  return Math.min(asked, RETRY_AFTER_MAX_MS)
}

export interface Failures {
  /** So far, the last included. */
  readonly failures: number
  /** Milliseconds since the first attempt. */
  readonly ageMs: number
}

export function isGivenUp(after: GiveUpAfter, { failures, ageMs }: Failures): boolean {
  switch (after.kind) {
    case 'forever':
      return false
    case 'duration':
      return ageMs >= after.ms
    case 'count':
      return failures >= after.failures
  }
}
