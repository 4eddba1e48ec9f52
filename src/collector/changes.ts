/** What a reload has changed, and what it left alone. */
import { isDeepStrictEqual } from 'node:util'
import type { Assembly } from './assembly.ts'
import type { Config } from '../config/model.ts'
import type { AnyPart } from './parts.ts'

/** Components as `output files`; one that changed is stopped and started. */
export interface Changes {
  readonly started: readonly string[]
  readonly stopped: readonly string[]
  readonly kept: readonly string[]
  /** What else was taken over, by its name in the configuration. */
  readonly settings: readonly string[]
}

export function changesBetween(before: Assembly, after: Assembly): Changes {
  const [was, is] = [partsOf(before), partsOf(after)]
  const nameOf = ({ kind, name }: AnyPart) => `${kind} ${name}`
  return {
    started: is.filter((part) => !was.includes(part)).map(nameOf),
    stopped: was.filter((part) => !is.includes(part)).map(nameOf),
    kept: is.filter((part) => was.includes(part)).map(nameOf),
    settings: changedSettings(before.config, after.config),
  }
}

/** All that is not a component; `data_dir` cannot change. */
const SETTINGS = ['dead_letters', 'http', 'log', 'memory_max', 'stop_timeout'] as const

function changedSettings(before: Config, after: Config): string[] {
  return SETTINGS.filter((key) => !isDeepStrictEqual(before[key], after[key]))
}

function partsOf({ inputs, filters, outputs }: Assembly): AnyPart[] {
  return [...inputs, ...filters, ...outputs]
}
