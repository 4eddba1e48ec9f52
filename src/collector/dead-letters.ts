/**
 * Dead letters of a collector: the store in its data folder, and the ways by which they are
 * replayed. They come like the events of an input that is called `dead_letters`.
 */
import { join } from 'node:path'
import type { Assembly } from './assembly.ts'
import type { Config } from '../config/model.ts'
import { durationInMs, sizeInBytes } from '../config/units.ts'
import type { Batch, Outcome } from '../pipeline/batch.ts'
import { systemClock, systemTimers } from '../pipeline/clock.ts'
import { DeadLetters } from '../pipeline/dead-letters/dead-letters.ts'
import { type Bounds, DeadLetterStore } from '../pipeline/dead-letters/store.ts'
import type { FileAccess } from '../pipeline/files/file-access.ts'
import type { Gate } from '../pipeline/gate.ts'
import type { Ledger } from '../pipeline/ledger.ts'
import type { Logger } from '../pipeline/logger.ts'
import type { MetricsRegistry } from '../pipeline/metrics.ts'
import { Pipeline } from '../pipeline/pipeline.ts'
import type { NamedOutput } from '../pipeline/sink.ts'

/** In the ledger, among the inputs. */
const INPUT = 'dead_letters'

export interface StoreSurroundings {
  readonly logger: Logger
  readonly metrics: MetricsRegistry
  readonly files: FileAccess
}

export interface ReplayWays {
  /** The one that is at work. */
  readonly assembly: () => Assembly
  readonly gate: Gate
  readonly ledger: Ledger
  readonly logger: Logger
}

export function deadLetterFolder(dataDir: string): string {
  return join(dataDir, 'dead-letters')
}

export function boundsOf({ dead_letters }: Pick<Config, 'dead_letters'>): Bounds {
  return {
    maxBytes: sizeInBytes(dead_letters.max_bytes),
    maxAgeMs: durationInMs(dead_letters.max_age),
  }
}

export function createDeadLetterStore(
  config: Pick<Config, 'data_dir' | 'dead_letters'>,
  { logger, metrics, files }: StoreSurroundings,
): DeadLetterStore {
  return new DeadLetterStore({
    folder: deadLetterFolder(config.data_dir),
    bounds: boundsOf(config),
    access: files,
    clock: systemClock,
    timers: systemTimers,
    logger,
    metrics: metrics.scope('', {}),
  })
}

export function createDeadLetters(store: DeadLetterStore, ways: ReplayWays): DeadLetters {
  const { gate, logger } = ways
  return new DeadLetters({
    store,
    // The way is looked up once the gate is open: a reload may have changed it.
    deliver: (batch, to) => {
      if (gate.isOpen) return deliverNow(batch, to, ways)
      return new Promise((resolve) => {
        gate.wait(() => resolve(deliverNow(batch, to, ways)))
      })
    },
    clock: systemClock,
    timers: systemTimers,
    logger,
  })
}

function deliverNow(batch: Batch, to: string | undefined, ways: ReplayWays): Promise<Outcome> {
  const assembly = ways.assembly()
  if (to === undefined) return assembly.pipeline.forInput(INPUT).deliver(batch)
  const target = outputOf(assembly, to)
  // It was there when the replay began. What is rejected stays.
  if (!target) return Promise.resolve('rejected')
  return pipelineTo(target, ways).forInput(INPUT).deliver(batch)
}

function outputOf({ outputs }: Assembly, name: string): NamedOutput | undefined {
  const part = outputs.find((candidate) => candidate.name === name)
  if (!part) return undefined
  const { buffer, output } = part
  if (buffer) return { name, buffer }
  return 'deliver' in output ? { name, output } : undefined
}

function pipelineTo(target: NamedOutput, { ledger, logger }: ReplayWays): Pipeline {
  const steps = [{ kind: 'match' as const, matches: () => true, outputs: [target], labels: [] }]
  return new Pipeline({ steps, labels: {}, ledger, logger })
}
