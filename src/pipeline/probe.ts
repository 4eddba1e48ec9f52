/**
 * Trying what an output of a configuration connects to, for `logboom check --connect`: whether its
 * servers are there and would take events. Nothing is changed on them, and no event is sent.
 */
import type { Timers } from './clock.ts'
import type { Metrics } from './metrics.ts'

export interface ProbeContext {
  readonly timers: Timers
  /** Nobody reads them; what connects counts. */
  readonly metrics: Metrics
  /** Ends it. */
  readonly signal: AbortSignal
}

export interface Finding {
  /**
   * `would` is what the output changes on a server once it runs; `warning` leaves it working, a
   * `problem` does not.
   */
  readonly kind: 'ok' | 'would' | 'warning' | 'problem'
  /** One line for people, without what is secret. */
  readonly text: string
}

/** A server that cannot be used is no problem as long as another one can. */
export function softened(perServer: readonly (readonly Finding[])[]): Finding[] {
  const isProblem = ({ kind }: Finding) => kind === 'problem'
  const isUsable = perServer.some((findings) => !findings.some(isProblem))
  const soften = (finding: Finding): Finding =>
    isUsable && isProblem(finding) ? { ...finding, kind: 'warning' } : finding
  return perServer.flat().map(soften)
}
