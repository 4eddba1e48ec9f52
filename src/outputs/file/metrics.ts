/** The output's own metrics. */
import type { Counter, Gauge, Metrics } from '../../pipeline/metrics.ts'

export interface FileMetrics {
  readonly openFiles: Gauge
  readonly pendingBytes: Gauge
  readonly writtenBytes: Counter
  readonly rotations: Counter
  readonly compressedFiles: Counter
  readonly deletedFiles: Counter
  writeErrors(code: string): Counter
}

export function fileMetrics(metrics: Metrics): FileMetrics {
  return {
    openFiles: metrics.gauge('open_files', 'Files open for writing.'),
    pendingBytes: metrics.gauge('pending_bytes', 'Bytes taken and not written yet.'),
    writtenBytes: metrics.counter('written_bytes_total', 'Bytes written to files.'),
    rotations: metrics.counter('rotations_total', 'Files rotated.'),
    compressedFiles: metrics.counter('compressed_files_total', 'Rotated files compressed.'),
    deletedFiles: metrics.counter('deleted_files_total', 'Rotated files deleted by keep.'),
    writeErrors: (code) =>
      metrics.counter('write_errors_total', 'Failed file operations, each tried again.', { code }),
  }
}
