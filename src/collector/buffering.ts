/** Builds the buffer that stands before an output, from its configuration. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type BufferedConfig, outputCommonSchema } from '../config/buffer-schema.ts'
import { readChunkKeys } from '../config/chunk-keys.ts'
import { durationInMs, sizeInBytes } from '../config/units.ts'
import { withDefaults } from '../config/defaults.ts'
import { DiskStore, type Fsync } from '../pipeline/buffers/disk/disk-store.ts'
import type { FileAccess } from '../pipeline/files/file-access.ts'
import { LeftoverFirst } from '../pipeline/buffers/leftover-first.ts'
import { MemoryStore } from '../pipeline/buffers/memory-store.ts'
import { OutputBuffer } from '../pipeline/buffers/output-buffer.ts'
import type { ChunkedOutput, ComponentContext, Output } from '../pipeline/component.ts'
import { type DeliveryHabit, USUAL_HABIT } from '../pipeline/delivery/chunk.ts'
import type { DeadLetterSink } from '../pipeline/delivery/dead-letter.ts'
import {
  type ChunkLimit,
  defaultLookAhead,
  type DeliverySettings,
  type GiveUpAfter,
} from '../pipeline/delivery/settings.ts'
import type { Ledger } from '../pipeline/ledger.ts'

/** A buffer on disk is deleted in pieces of that size. */
const SEGMENT_BYTES = 16 * 1024 * 1024
/** Two of the largest writes: one that is being delivered, and one that waits. */
const RECENT_BYTES = 8 * 1024 * 1024

interface BufferingOptions {
  /** Undefined for an output without a buffer. */
  readonly config: BufferedConfig | undefined
  readonly output: Output | ChunkedOutput
  readonly context: ComponentContext
  readonly dataDir: string
  readonly files: FileAccess
  readonly deadLetters: DeadLetterSink
  readonly ledger: Ledger
}

/**
 * Known by the output's name, so that it survives what else changes about the output. What a buffer
 * on disk has left is delivered also if the output has none there any more; one that has none at
 * all gets one in memory for that, which takes an event when the output has it, as without. Until
 * the output is made anew: an empty one costs little. Undefined for an output that needs none.
 */
export function createBuffer(options: BufferingOptions): OutputBuffer | undefined {
  const { context, dataDir } = options
  const hasLeftover = existsSync(bufferFolder(dataDir, context.name))
  const config = options.config ?? (hasLeftover ? memoryDefaults() : undefined)
  if (!config) return undefined
  const maxBytes = sizeInBytes(config.buffer.max_bytes)
  return new OutputBuffer({
    ...options,
    ...context,
    ...createStore({ ...options, config }, hasLeftover),
    maxBytes,
    whenFull: config.buffer.when_full,
    settings: settingsOf(config, maxBytes, habitOf(options.output)),
    random: Math.random,
  })
}

function memoryDefaults(): BufferedConfig {
  return withDefaults(outputCommonSchema, { buffer: { type: 'memory' } }) as BufferedConfig
}

function bufferFolder(dataDir: string, output: string): string {
  return join(dataDir, 'buffers', output)
}

type ConfiguredOptions = BufferingOptions & { readonly config: BufferedConfig }

function createStore(options: ConfiguredOptions, hasLeftover: boolean) {
  const { config, context } = options
  if (config.buffer.type === 'disk') return { store: createDiskStore(options) }
  const memory = new MemoryStore(context.clock)
  if (!hasLeftover) return { store: memory }
  const { logger } = context
  const store = new LeftoverFirst({ leftover: createDiskStore(options), memory, logger })
  // Its senders are not to suffer for what came before.
  return { store, bounded: memory }
}

function createDiskStore({ config, context, dataDir, files }: ConfiguredOptions): DiskStore {
  return new DiskStore({
    ...context,
    folder: bufferFolder(dataDir, context.name),
    fsync: fsyncOf(config.buffer.fsync),
    compression: config.buffer.compress === 'none' ? null : config.buffer.compress,
    // Whoever throws away does not wait as well.
    maxBytes: config.buffer.when_full === 'block' ? sizeInBytes(config.buffer.max_bytes) : Infinity,
    segmentBytes: SEGMENT_BYTES,
    recentBytes: RECENT_BYTES,
    access: files,
  })
}

function habitOf(output: Output | ChunkedOutput): DeliveryHabit {
  return ('habit' in output ? output.habit : undefined) ?? USUAL_HABIT
}

function settingsOf(
  { buffer, retry, delivery }: BufferedConfig,
  maxBytes: number,
  habit: DeliveryHabit,
) {
  const chunk: ChunkLimit = {
    bytes: sizeInBytes(buffer.chunk.max_bytes),
    events: buffer.chunk.max_events,
    ageMs: durationInMs(buffer.chunk.max_age),
  }
  const concurrency = delivery.concurrency ?? habit.concurrency
  const { bytes, events } = defaultLookAhead(chunk, concurrency)
  const settings: DeliverySettings = {
    chunk,
    keys: readChunkKeys(buffer.chunk),
    concurrency,
    gatherMs: habit.gatherMs,
    isOrdered: delivery.ordered ?? habit.isOrdered,
    // What is thrown away when it is full must not all be on its way.
    lookAhead: { bytes: Math.min(bytes, maxBytes / 2), events },
    timeoutMs: durationInMs(delivery.timeout),
    backoff: {
      firstMs: Math.max(1, durationInMs(retry.first_interval)),
      maxMs: Math.max(1, durationInMs(retry.max_interval)),
    },
    giveUpAfter: giveUpAfterOf(retry.give_up_after),
    breakerFailures: retry.pause_after,
  }
  return settings
}

function fsyncOf(text: string): Fsync {
  return text === 'always' || text === 'never' ? text : { everyMs: durationInMs(text) }
}

function giveUpAfterOf(value: string | number): GiveUpAfter {
  if (typeof value === 'number') return { kind: 'count', failures: value }
  return value === 'forever' ? { kind: 'forever' } : { kind: 'duration', ms: durationInMs(value) }
}
