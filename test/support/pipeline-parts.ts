/** Steps, filters and outputs for tests of the pipeline itself. */
import type { Batch, Outcome } from '../../src/pipeline/batch.ts'
import type { Filter, Output } from '../../src/pipeline/component.ts'
import type { FilterPort } from '../../src/pipeline/filter-sink.ts'
import { Ledger } from '../../src/pipeline/ledger.ts'
import {
  type FilterStep,
  type MatchStep,
  Pipeline,
  type PipelineOptions,
} from '../../src/pipeline/pipeline.ts'
import { compileTagPattern } from '../../src/pipeline/tag-pattern.ts'
import { KeptLog } from '../drivers/context.ts'

export function batch(tag: string, count = 1): Batch {
  return { tag, count, entries: new Uint8Array(count) }
}

/** Answers with `answer`, and keeps what it was given. */
export class FakeOutput implements Output {
  readonly problem = null
  readonly name: string
  readonly batches: Batch[] = []
  answer: (batch: Batch) => Promise<Outcome> = () => Promise.resolve('delivered')

  constructor(name: string) {
    this.name = name
  }

  get tags(): string[] {
    return this.batches.map(({ tag }) => tag)
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  deliver(batch: Batch): Promise<Outcome> {
    this.batches.push(batch)
    return this.answer(batch)
  }
}

export function match(pattern: string, ...to: (FakeOutput | string)[]): MatchStep {
  return {
    kind: 'match',
    matches: compileTagPattern(pattern),
    outputs: to.filter((target) => typeof target !== 'string').map(named),
    labels: to.filter((target) => typeof target === 'string'),
  }
}

type Process = Filter['process']

/** A `process` that uses what the pipeline gives the filter. */
interface PortedProcess {
  readonly make: (port: FilterPort) => Process
}

export function filter(
  pattern: string,
  name: string,
  process: Process | PortedProcess,
  lifecycle: Partial<Pick<Filter, 'start' | 'stop' | 'closed'>> = {},
): FilterStep {
  return {
    kind: 'filter',
    name,
    matches: compileTagPattern(pattern),
    create: (port) => ({
      problem: null,
      start: async () => undefined,
      stop: async () => undefined,
      process: typeof process === 'function' ? process : process.make(port),
      ...lifecycle,
    }),
  }
}

export function withPort(make: (port: FilterPort) => Process): PortedProcess {
  return { make }
}

export function pipelineOf(options: Partial<PipelineOptions>) {
  const [ledger, logger] = [new Ledger(), new KeptLog()]
  const pipeline = new Pipeline({ steps: [], labels: {}, ledger, logger, ...options })
  return { pipeline, ledger, logger, input: pipeline.forInput('in') }
}

function named(output: FakeOutput) {
  return { name: output.name, output }
}
