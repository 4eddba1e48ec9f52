/** What the `tail` input counts beside events. */
import type { Counter, Gauge, Metrics } from '../../../pipeline/metrics.ts'

export interface TailMetrics {
  readonly files: Gauge
  readonly openFiles: Gauge
  readonly inFlightBytes: Gauge
  readonly receivedBytes: Counter
  readonly rotations: Counter
  readonly truncations: Counter
  readonly filesLost: Counter
  readonly readErrors: Counter
  readonly redeliveries: Counter
  readonly parseFailed: Counter
  readonly linesCut: Counter
  readonly filesMaxHits: Counter
}

export function tailMetrics(metrics: Metrics): TailMetrics {
  return {
    files: metrics.gauge('files', 'Files that are followed.'),
    openFiles: metrics.gauge('open_files', 'Files that are open.'),
    inFlightBytes: metrics.gauge('in_flight_bytes', 'Memory of what is not delivered yet.'),
    receivedBytes: metrics.counter('received_bytes_total', 'Bytes read from files.'),
    rotations: metrics.counter('rotations_total', 'Files that were followed by another one.'),
    truncations: metrics.counter('truncations_total', 'Files that were emptied, or made anew.'),
    filesLost: metrics.counter('files_lost_total', 'Files that were gone before they were read.'),
    readErrors: metrics.counter('read_errors_total', 'Reads that failed, to be tried again.'),
    redeliveries: metrics.counter('redeliveries_total', 'Batches that were not taken.'),
    parseFailed: metrics.counter('parse_failed_total', 'Lines that could not be read.'),
    linesCut: metrics.counter('lines_cut_total', 'Lines longer than `line_max`.'),
    filesMaxHits: metrics.counter('limit_hits_total', 'Times a limit was reached.', {
      limit: 'files_max',
    }),
  }
}
