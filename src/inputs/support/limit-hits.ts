/** Counts how often a limit of an input was reached, by the name of its option. */
import type { Counter, Metrics } from '../../pipeline/metrics.ts'

export function limitHits(metrics: Metrics, limit: string): Counter {
  return metrics.counter('limit_hits_total', 'Times a limit was reached.', { limit })
}
