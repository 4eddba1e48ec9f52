/**
 * The contract between the pipeline and its components (inputs, filters, outputs).
 *
 * A component is a plain object made by `defineInput`, `defineFilter` or `defineOutput`. It lives
 * through four steps: validate (its schema) → create (no side effects) → start → stop(deadline).
 * Clock, timers, logger and metrics come from the context, never from globals.
 */
import type { Static, TSchema } from 'typebox'
import type { Batch, Outcome } from './batch.ts'
import type { Clock, Timers } from './clock.ts'
import type { ChunkOutput } from './delivery/chunk.ts'
import type { ListeningSockets } from './listening.ts'
import type { Logger } from './logger.ts'
import type { MemoryAccount } from './memory-budget.ts'
import type { Metrics } from './metrics.ts'
import type { Finding, ProbeContext } from './probe.ts'

export interface ComponentContext {
  /** The name the component has in the configuration. */
  readonly name: string
  /** Folder for state that must survive a restart; create it on first use. */
  readonly dataDir: string
  readonly clock: Clock
  readonly timers: Timers
  readonly logger: Logger
  /** Already labelled with the component's kind, name and type. */
  readonly metrics: Metrics
  /** Of the process's `memory_max`, for what it holds of events; it closes it when it stops. */
  readonly memory: MemoryAccount
}

export interface InputContext extends ComponentContext {
  /** What it listens on is borrowed from here, so that a reload refuses no connection. */
  readonly sockets: ListeningSockets
  /**
   * Hands a batch to the pipeline. Settles once every matched output has taken it; never rejects.
   * Batches of one caller are processed in the order of the calls.
   */
  deliver(batch: Batch): Promise<Outcome>
  /** Counts events that arrived but could not become entries (`invalid_time`, `not_a_map` …). */
  drop(tag: string, count: number, reason: string): void
  /**
   * Counts events of a batch that was answered `retry` and whose sender cannot send again. Logged
   * as an error: this is lost data.
   */
  lose(tag: string, count: number, reason: string): void
  /** Says that nothing more comes with this `Batch.origin`; call it after its last `deliver`. */
  closed(origin: object): void
}

export interface FilterContext extends ComponentContext {
  /**
   * Continues a batch that the filter held back or made, at the step after this filter, in order
   * with what `process` passed on for the same tag. `released` is how many held events it is made
   * of (default: `batch.count`). Settles like `InputContext.deliver`; after `retry` those events
   * are held as before.
   */
  emit(batch: Batch, released?: number): Promise<Outcome>
  /** Counts held events found on disk at start, left there by an earlier run. */
  restored(tag: string, count: number): void
}

export type OutputContext = ComponentContext

export interface Lifecycle {
  /** Opens sockets and files. Must not wait for a remote peer. */
  start(): Promise<void>
  /**
   * Finishes what is in hand, then closes. Idempotent, works after a failed `start`, and ends soon
   * after `deadline` fires even if the work is not done.
   */
  stop(deadline: AbortSignal): Promise<void>
}

export interface Input extends Lifecycle {
  /** Where it listens, with the real ports, once started: `tcp://127.0.0.1:24224`. */
  readonly addresses: readonly string[]
  /**
   * Of an input whose source has an end, at which the collector is to stop: resolves once all of
   * it is delivered. Never, if it is stopped before.
   */
  readonly finished?: Promise<void>
}

/** Events that a filter cannot make anything of, and why. */
export interface Failed {
  readonly batch: Batch
  readonly reason: string
}

/** What a filter makes of a batch. */
export interface Filtered {
  /** What goes on to the next step now, or null for nothing. */
  readonly batch: Batch | null
  /** Goes on behind `batch`, in this order: what has got other tags, or stands between such. */
  readonly more?: readonly Batch[]
  /** Events of the processed batch that are kept back, to be passed on later. */
  readonly held: number
  /** Events held earlier that are now part of `batch`; held again if its outcome is `retry`. */
  readonly released?: number
  /**
   * Events of the processed batch that are thrown away, and why. If the outcome is `retry` they go
   * back with the others, since their sender brings the whole batch again.
   */
  readonly dropped?: { readonly count: number; readonly reason: string }
  /**
   * Events of the processed batch that leave it for where the step's `on_error` leads to, see
   * `FilterDefinition.failureTarget`. They have its tag.
   */
  readonly failed?: readonly Failed[]
  /** Called once when `batch` and `more` have settled downstream. */
  readonly settled?: (outcome: Outcome) => void
}

export interface Filter extends Lifecycle {
  /** Why it holds its sources back at the moment, or null; shown by /readyz. */
  readonly problem: string | null
  /**
   * Returns the batch itself when there is nothing to do (the fast path, free of allocation), else
   * what became of it. A promise is for filters that must make held events durable first; it may
   * be called again before that settles, and what it answers goes on in the order of the calls
   * per tag. A throw or rejection is answered `retry` and logged as an error.
   */
  process(batch: Batch): Batch | Filtered | Promise<Filtered>
  /** The connection with this `Batch.origin` has ended; nothing held for it will be completed. */
  closed?(origin: object): void
  /**
   * Passes on all it holds, complete or not, because it will not be there any more (a reload);
   * settles when that was taken or not. For filters that hold events.
   */
  flush?(): Promise<void>
}

export interface Output extends Lifecycle {
  /** Why it cannot take batches at the moment (`disk full: …`), or null; shown by /readyz. */
  readonly problem: string | null
  /**
   * Takes a batch. Settles with `delivered` once it is written, `retry` if it was given up because
   * of a stop, `rejected` if it can never be written; never rejects the promise. Waiting is
   * how an output holds its sources back.
   */
  deliver(batch: Batch): Promise<Outcome>
  /** Closes its files and opens them again by name (SIGUSR1, after logrotate); ends at once. */
  reopen?(): void
}

/**
 * An output that always stands behind a buffer, which keeps what it cannot take: one for the
 * network. It is given chunks and says of each what became of it (delivery/chunk.ts).
 */
export interface ChunkedOutput extends Lifecycle, ChunkOutput {
  /** Why it cannot take chunks, if it knows so before it has tried, or null; shown by /readyz. */
  readonly problem: string | null
}

/** Something wrong with a configuration that its schema cannot say. */
export interface Fault {
  /** Keys from the component's root: `['rotate', 'every']`. */
  readonly path: readonly string[]
  readonly message: string
}

interface Definition<Schema extends TSchema> {
  /** The name in the configuration and the stem of its file, test, example and page. */
  readonly type: string
  /** One sentence for the reference, starting with a verb. */
  readonly summary: string
  readonly configSchema: Schema
  /** Every fault of a configuration that fits the schema. Part of validating: no side effects. */
  faults?(config: Static<Schema>): readonly Fault[]
}

export interface InputDefinition<Schema extends TSchema = TSchema> extends Definition<Schema> {
  /** What it claims exclusively, e.g. listen addresses; `check` finds two claims to one. */
  resources(config: Static<Schema>): readonly string[]
  create(config: Static<Schema>, context: InputContext): Input
}

/** As an `on_error`: what a filter cannot make anything of is kept for people to look at. */
export const DEAD_LETTER = 'dead_letter'

export interface FilterDefinition<Schema extends TSchema = TSchema> extends Definition<Schema> {
  /** Where `Filtered.failed` goes: `DEAD_LETTER`, or a label with its `@`; absent, to the next. */
  failureTarget?(config: Static<Schema>): string | undefined
  create(config: Static<Schema>, context: FilterContext): Filter
}

export interface OutputDefinition<Schema extends TSchema = TSchema> extends Definition<Schema> {
  /** What it claims exclusively, e.g. paths it writes; `check` finds two claims to one. */
  resources?(config: Static<Schema>): readonly string[]
  create(config: Static<Schema>, context: OutputContext): Output
  readonly isChunked?: never
  /** It waits while it cannot write and never answers `retry`, so nothing is ever given up. */
  readonly isPatient?: true
}

/** An option with placeholders that are resolved per chunk (delivery/keys/chunk-template.ts). */
export interface ChunkPlaceholders {
  /** Keys from the component's root. */
  readonly path: readonly string[]
  readonly text: string
}

export interface ChunkedOutputDefinition<
  Schema extends TSchema = TSchema,
> extends Definition<Schema> {
  readonly isChunked: true
  /** That of its own options which stands for `delivery.timeout`, if that does nothing here. */
  readonly timeoutOption?: string
  /** Its options with such placeholders; `check` says which chunk keys they lack. */
  placeholders?(config: Static<Schema>): readonly ChunkPlaceholders[]
  /** Tries its servers without changing anything (probe.ts). Never rejects. */
  probe?(this: void, config: Static<Schema>, context: ProbeContext): Promise<readonly Finding[]>
  resources?(config: Static<Schema>): readonly string[]
  create(config: Static<Schema>, context: OutputContext): ChunkedOutput
}

export type AnyOutputDefinition = OutputDefinition | ChunkedOutputDefinition

export function defineInput<Schema extends TSchema>(definition: InputDefinition<Schema>) {
  return definition
}

export function defineFilter<Schema extends TSchema>(definition: FilterDefinition<Schema>) {
  return definition
}

export function defineOutput<Schema extends TSchema>(definition: OutputDefinition<Schema>) {
  return definition
}

export function defineChunkedOutput<Schema extends TSchema>(
  definition: Omit<ChunkedOutputDefinition<Schema>, 'isChunked'>,
): ChunkedOutputDefinition<Schema> {
  return { ...definition, isChunked: true }
}
