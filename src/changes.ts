/** What a reload has changed, and what it left alone. */
import { isDeepStrictEqual } from 'node:util'
import type { Assembly } from './assembly.ts'
import type { Config } from './config/model.ts'
import type { AnyPart } from './parts.ts'

/** Components as `output files`; one that changed is stopped and started. */
export interface Changes {
  readonly started: readonly string[]
  readonly stopped: readonly string[]
  readonly kept: readonly string[]
  /** What else was taken over: `http`, `log`, `memory_max`. */
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

function changedSettings(before: Config, after: Config): string[] {
  const keys = ['http', 'log', 'memory_max'] as const
  return keys.filter((key) => !isDeepStrictEqual(before[key], after[key]))
}

function partsOf({ inputs, filters, outputs }: Assembly): AnyPart[] {
  return [...inputs, ...filters, ...outputs]
}
