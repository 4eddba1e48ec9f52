/** What waits in front of each output and how its delivery goes: `/api/buffers` and metrics. */
import type { Sample } from '../pipeline/metrics.ts'
import type { BufferView, OrphanBuffer } from './view.ts'

export interface BufferAnswer {
  readonly output: string
  readonly bytes: number
  readonly max_bytes: number
  readonly events: number
  /** Of those, what waits in files of a buffer on disk that the output had before. */
  readonly leftover_bytes: number
  readonly leftover_events: number
  /** Since the oldest came in; null if nothing waits. */
  readonly oldest_age_seconds: number | null
  /** Events sent again, for each attempt, since the start. */
  readonly retries: number
  /** Events lost to damage of its files, as far as known, since the start. */
  readonly events_damaged: number
  /** Bytes of its files that were damaged and had events, nobody knows how many. */
  readonly damaged_bytes: number
  readonly chunks_in_flight: number
  readonly chunks_waiting: number
  /** Failed attempts in a row. */
  readonly failures: number
  /** `closed` when all is well, `open` while nothing is sent, `half_open` for the next try. */
  readonly circuit: BufferView['breaker']
  /** RFC 3339; null if nothing waits for a time. */
  readonly next_try: string | null
  /** Null once an attempt has succeeded. */
  readonly last_failure: { readonly at: string; readonly reason: string } | null
  /** Events that are to be dead letters and cannot be kept as such yet. */
  readonly dead_letters_waiting: number
  /** Why it is not well, or null. */
  readonly problem: string | null
}

export interface OrphanAnswer {
  readonly output: string
  readonly path: string
  readonly bytes: number
}

export function orphanAnswers(orphans: readonly OrphanBuffer[]): OrphanAnswer[] {
  return orphans.map(({ name, path, bytes }) => ({ output: name, path, bytes }))
}

export const ORPHAN_GAUGE = {
  name: 'orphan_buffer_bytes',
  help: 'Bytes of buffer files left by an output that is not configured any more.',
} as const

/** Without the prefix that all metrics have. */
export function orphanSamples(orphans: readonly OrphanBuffer[]): Sample[] {
  return orphans.map(({ name: output, bytes: value }) => {
    return { ...ORPHAN_GAUGE, kind: 'gauge', labels: { output }, value }
  })
}

/** `now` in milliseconds since 1970. */
export function bufferAnswers(views: readonly BufferView[], now: number): BufferAnswer[] {
  return views.map((view) => ({
    output: view.output,
    bytes: view.bytes,
    max_bytes: view.maxBytes,
    events: view.events,
    leftover_bytes: view.leftover.bytes,
    leftover_events: view.leftover.events,
    oldest_age_seconds: ageSeconds(view, now),
    retries: view.retries,
    events_damaged: view.damaged,
    damaged_bytes: view.damagedBytes,
    chunks_in_flight: view.chunksInFlight,
    chunks_waiting: view.chunksWaiting,
    failures: view.failures,
    circuit: view.breaker,
    next_try: view.nextTryAt === null ? null : timeText(view.nextTryAt),
    last_failure: view.lastFailure && {
      at: timeText(view.lastFailure.at),
      reason: view.lastFailure.reason,
    },
    dead_letters_waiting: view.deadLettersWaiting,
    problem: view.problem,
  }))
}

/** Name, meaning and value. */
export const BUFFER_GAUGES: readonly [string, string, (view: BufferView, now: number) => number][] =
  [
    [
      'output_buffer_max_bytes',
      'Most bytes of entries that may wait in the buffer.',
      ({ maxBytes }) => maxBytes,
    ],
    [
      'output_buffer_leftover_bytes',
      'Of what waits, bytes in files of a buffer on disk that the output had before.',
      ({ leftover }) => leftover.bytes,
    ],
    [
      'output_buffer_oldest_age_seconds',
      'How long the oldest event has waited in the buffer; 0 if none waits.',
      (view, now) => ageSeconds(view, now) ?? 0,
    ],
    [
      'output_buffer_failures',
      'Attempts to deliver that failed in a row.',
      ({ failures }) => failures,
    ],
    [
      'output_buffer_circuit_open',
      '1 while an output that keeps failing is sent nothing but a try now and then.',
      ({ breaker }) => (breaker === 'closed' ? 0 : 1),
    ],
  ]

/** Without the prefix that all metrics have. */
export function bufferSamples(views: readonly BufferView[], now: number): Sample[] {
  return views.flatMap((view) =>
    BUFFER_GAUGES.map(([name, help, valueOf]) => ({
      name,
      help,
      kind: 'gauge' as const,
      labels: { output: view.output },
      value: valueOf(view, now),
    })),
  )
}

function ageSeconds({ oldestAt }: BufferView, now: number): number | null {
  return oldestAt === null ? null : Math.max(0, now - oldestAt) / 1000
}

function timeText(at: number): string {
  return new Date(at).toISOString()
}
