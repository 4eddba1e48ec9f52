/**
 * What the HTTP server may see of the collector. The collector implements it; the routes only
 * read, so nothing that comes in over HTTP can change what happens to events.
 */
import type { LedgerSnapshot } from '../pipeline/ledger-counts.ts'
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

export interface Readiness {
  readonly ready: boolean
  /** Why not, one sentence each; empty when ready. */
  readonly reasons: readonly string[]
}

export interface CollectorView {
  readonly version: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** The configuration file, or null when running without one. */
  readonly configPath: string | null
  readonly dataDir: string
  components(): readonly ComponentView[]
  ledger(): LedgerSnapshot
  metrics(): readonly Sample[]
  readiness(): Readiness
}
