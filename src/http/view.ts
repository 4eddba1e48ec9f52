/**
 * What the HTTP server may see of the collector, which implements it. The routes only read, but for
 * those that reload the configuration file, and replay or drop dead letters.
 */
import type { LedgerOfAllRuns } from '../pipeline/ledger-history.ts'
import type { BufferState } from '../pipeline/buffers/output-buffer.ts'
import type { LedgerSnapshot } from '../pipeline/ledger-counts.ts'
import type { DeadLettersView } from '../pipeline/dead-letters/dead-letters.ts'
import type { Taps } from '../pipeline/taps/taps.ts'
import type { Sample } from '../pipeline/metrics.ts'

export type ComponentKind = 'input' | 'filter' | 'output'

export interface ComponentView {
  readonly kind: ComponentKind
  /** The name it has in the configuration; unique within its kind. */
  readonly name: string
  readonly type: string
  /** The label (sub-pipeline) a filter stands in, without its `@`; null for the main pipeline. */
  readonly label: string | null
  /** Its configuration with secrets masked. */
  readonly config: Readonly<Record<string, unknown>>
  /** Where an input listens, with the real ports; empty for the other kinds. */
  readonly addresses: readonly string[]
  /** Why an output or filter cannot take batches at the moment, or null. */
  readonly problem: string | null
}

/** The buffer of an output, for those that have one. */
export interface BufferView extends BufferState {
  readonly output: string
  readonly problem: string | null
}

/** A buffer on disk whose output is not configured any more. */
export interface OrphanBuffer {
  /** The output's. */
  readonly name: string
  readonly path: string
  readonly bytes: number
}

export interface Readiness {
  readonly ready: boolean
  /** Why not, one sentence each; empty when ready. */
  readonly reasons: readonly string[]
}

/** What became of a reload. */
export type ReloadResult =
  | {
      readonly outcome: 'reloaded'
      /** Components by kind and name, `output files`; one that changed was stopped and started. */
      readonly started: readonly string[]
      readonly stopped: readonly string[]
      readonly kept: readonly string[]
      /** What else was taken over: `http`, `log`. */
      readonly settings: readonly string[]
    }
  /** The file is not a configuration; the former one goes on. */
  | { readonly outcome: 'invalid'; readonly diagnostics: string }
  /** Something could not be stopped or started; the former configuration goes on. */
  | { readonly outcome: 'failed'; readonly reason: string }

export interface CollectorView {
  readonly version: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** The configuration file, or null when running without one. */
  readonly configPath: string | null
  readonly dataDir: string
  components(): readonly ComponentView[]
  buffers(): readonly BufferView[]
  /** As found at the start or the last reload. */
  readonly orphanBuffers: readonly OrphanBuffer[]
  ledger(): LedgerSnapshot
  /** What this run and all before it on the same data folder have counted. */
  ledgerOfAllRuns(): LedgerOfAllRuns
  metrics(): readonly Sample[]
  readiness(): Readiness
  /** Reads the configuration file again; null where there is nothing to read. Never rejects. */
  readonly reload: (() => Promise<ReloadResult>) | null
  /** Null where nothing keeps any. */
  readonly deadLetters: DeadLettersView | null
  /** Null where nobody can look at what passes. */
  readonly taps: Taps | null
}
