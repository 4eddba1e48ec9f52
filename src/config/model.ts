/** A validated configuration, whatever it was written in, and the components it may name. */
import type { BufferedConfig } from './buffer-schema.ts'
import type {
  AnyOutputDefinition,
  FilterDefinition,
  InputDefinition,
} from '../pipeline/component.ts'

/** The component types a configuration may name. Handed in, so that config/ imports none. */
export interface Registry {
  readonly inputs: readonly InputDefinition[]
  readonly filters: readonly FilterDefinition[]
  readonly outputs: readonly AnyOutputDefinition[]
}

/** Everything a run needs; defaults are filled in, names that are referred to exist. */
export interface Config {
  readonly data_dir: string
  readonly http: HttpConfig
  readonly log: LogConfig
  /** Time an ordered stop may take, as a duration with its unit. */
  readonly stop_timeout: string
  /** A size with its unit. */
  readonly memory_max: string
  readonly dead_letters: DeadLettersConfig
  /** By name, in the order they were written. */
  readonly inputs: Readonly<Record<string, InputConfig>>
  readonly outputs: Readonly<Record<string, OutputConfig>>
  readonly pipeline: readonly Step[]
  /** Sub-pipelines by their name without the `@`. */
  readonly labels: Readonly<Record<string, readonly Step[]>>
}

export interface HttpConfig {
  readonly enabled: boolean
  readonly listen: string
}

export interface DeadLettersConfig {
  /** A size and a duration, each with its unit. */
  readonly max_bytes: string
  readonly max_age: string
}

export interface LogConfig {
  readonly level: LogLevel
  readonly format: LogFormat
}

export type LogLevel = 'error' | 'warn' | 'info' | 'debug'
/** `auto` is `pretty` on a terminal and `json` elsewhere. */
export type LogFormat = 'auto' | 'pretty' | 'json'

/** What is a component's own, checked against its schema and with its defaults. */
export type Options = Readonly<Record<string, unknown>>

export interface InputConfig {
  readonly type: string
  /** The label its events start at, without the `@`; absent, they start at the pipeline. */
  readonly label?: string
  readonly options: Options
}

export interface OutputConfig {
  readonly type: string
  readonly options: Options
  /** The buffer before it and how that is delivered; absent, nothing stands before it. */
  readonly buffered?: BufferedConfig
}

export type Step = FilterStep | MatchStep

export interface FilterStep {
  /** A tag pattern. */
  readonly filter: string
  readonly type: string
  /** Which events it works on, `if` in the file; absent, all that fit the pattern. */
  readonly condition?: string
  readonly options: Options
}

export interface MatchStep {
  /** A tag pattern. */
  readonly match: string
  /** Outputs by name, labels as `@name`; at least one. */
  readonly to: readonly string[]
}
