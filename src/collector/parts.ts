/** The components of an assembly, each with what it was made from. */
import type { FilterStep, InputConfig, OutputConfig } from '../config/model.ts'
import type { OutputBuffer } from '../pipeline/buffers/output-buffer.ts'
import type { ChunkedOutput, Filter, Input, Lifecycle, Output } from '../pipeline/component.ts'
import type { FailurePort } from '../pipeline/failure-port.ts'
import type { FilterSink } from '../pipeline/filter-sink.ts'
import type { GatedPort } from '../pipeline/gate.ts'

export type Kind = 'input' | 'filter' | 'output'

/** A component and what it was made from. */
interface Part<Made extends Lifecycle, From> {
  readonly kind: Kind
  readonly name: string
  readonly config: From
  readonly component: Made
  /** From the beginning of its start to that of its stop. */
  isRunning: boolean
}

/** What of an output concerns those who run it; batches go the way of the pipeline. */
type RunningOutput = Lifecycle & Pick<Output, 'problem' | 'reopen'>

export interface OutputPart extends Part<RunningOutput, OutputConfig> {
  readonly output: Output | ChunkedOutput
  readonly buffer: OutputBuffer | undefined
  /** Of one with a `secondary` or `on_error`. */
  readonly failures: FailurePort | undefined
}

export interface InputPart extends Part<Input, InputConfig> {
  readonly port: GatedPort
}

export interface FilterPart extends Part<Filter, FilterStep> {
  /** Below `data_dir/filters`. */
  readonly folder: string
  readonly sink: FilterSink
}

export type AnyPart = InputPart | FilterPart | OutputPart
