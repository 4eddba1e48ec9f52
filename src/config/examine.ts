/** All that is wrong with the options of one component, and what they claim. */
import type { TSchema } from 'typebox'
import type { Fault } from '../pipeline/component.ts'
import type { Options } from './model.ts'
import type { Path } from './schema-walk.ts'
import { commonTo, standIns } from './stand-ins.ts'
import { type Problem, validateConfig } from './validate.ts'

export interface Definition {
  readonly type: string
  readonly configSchema: TSchema
  faults?(config: Options): readonly Fault[]
  resources?(config: Options): readonly string[]
}

export interface Examined {
  /** With defaults; undefined if they do not fit the schema. */
  readonly options: Options | undefined
  /** What the schema says. */
  readonly problems: readonly Problem[]
  /** What the component says, as far as it does not hang on options that are not known. */
  readonly faults: readonly Problem[]
  readonly resources: readonly string[]
}

/**
 * Options that are wrong, or `unfilled`, do not hide what is wrong with the others. `commonKeys`
 * may stand beside them.
 */
export function examine(
  definition: Definition,
  own: unknown,
  unfilled: readonly Path[],
  commonKeys: readonly string[] = [],
): Examined {
  const { configSchema } = definition
  const { value, problems = [] } = validateConfig(configSchema, own, commonKeys)
  const options = value as Options | undefined
  const faultsOf = (config: Options) => definition.faults?.(config) ?? []
  const resourcesOf = (config: Options) => definition.resources?.(config) ?? []
  const variants = (wrong: readonly Path[]) => standIns(configSchema, own, wrong) as Options[]
  const isKnown = options !== undefined && unfilled.length === 0
  const faults = isKnown ? faultsOf(options) : commonTo(variants(unfilled).map(faultsOf))
  const described = faults.map((fault) => ({ ...fault, atKey: false }))
  if (isKnown && faults.length === 0)
    return { options, problems, faults: described, resources: resourcesOf(options) }
  const wrong = [...unfilled, ...faults.map((fault) => fault.path)]
  const sound = variants(wrong).filter((config) => faultsOf(config).length === 0)
  return { options, problems, faults: described, resources: commonTo(sound.map(resourcesOf)) }
}
