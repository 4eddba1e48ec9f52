/** Checks the components and steps of a configuration, each with the schema of its type. */
import type { TSchema } from 'typebox'
import type { Fault } from '../pipeline/component.ts'
import type { Diagnostic } from './diagnostic.ts'
import type { Config, InputConfig, Options, OutputConfig, Registry, Step } from './model.ts'
import { hint } from './nearest.ts'
import type { Path } from './schema-walk.ts'
import {
  FREE_KEY_PREFIX,
  filterCommonSchema,
  inputCommonSchema,
  matchSchema,
  topLevelSchema,
} from './top-level.ts'
import { locate, plainValue, type Tree } from './tree.ts'
import { type Problem, validateConfig } from './validate.ts'

interface Definition {
  readonly type: string
  readonly configSchema: TSchema
  faults?(config: Options): readonly Fault[]
}

interface Component {
  readonly type: string
  readonly common: Options
  readonly options: Options
}

export interface Checked {
  /** Only fit for use if there are no problems. */
  readonly config: Config
  readonly problems: readonly Diagnostic[]
  /** Every step could be read, so that what steps say of each other can be checked as well. */
  readonly hasAllSteps: boolean
}

type PlainMap = Record<string, unknown>

export function checkComponents(tree: Tree, registry: Registry): Checked {
  const checker = new Checker(tree)
  const config = checker.check(registry)
  return { config, problems: checker.problems, hasAllSteps: checker.hasAllSteps }
}

class Checker {
  readonly problems: Diagnostic[] = []
  hasAllSteps = true
  readonly #tree: Tree

  constructor(tree: Tree) {
    this.#tree = tree
  }

  /** The result is only whole if no problems were found. */
  check(registry: Registry): Config {
    const written = Object.entries(plainValue(this.#tree) as PlainMap)
    const root = Object.fromEntries(written.filter(([key]) => !key.startsWith(FREE_KEY_PREFIX)))
    const { value, problems } = validateConfig(topLevelSchema, root)
    this.#report([], '', problems ?? [])
    const settings = value ?? validateConfig(topLevelSchema, {}).value!
    return {
      data_dir: settings.data_dir,
      http: settings.http,
      log: settings.log,
      stop_timeout: settings.stop_timeout,
      inputs: this.#named(root, 'inputs', (path, item) => this.#input(path, item, registry)),
      outputs: this.#named(root, 'outputs', (path, item) => this.#output(path, item, registry)),
      pipeline: this.#steps(['pipeline'], root['pipeline'], registry),
      labels: this.#named(root, 'labels', (path, item) => this.#steps(path, item, registry)),
    }
  }

  #named<Item>(root: PlainMap, kind: string, check: (path: Path, item: unknown) => Item) {
    const group = root[kind]
    const entries = isPlainMap(group) ? Object.entries(group) : []
    return Object.fromEntries(entries.map(([name, item]) => [name, check([kind, name], item)]))
  }

  #input(path: Path, item: unknown, registry: Registry): InputConfig {
    const { common, ...rest } = this.#component(path, item, {
      kind: 'input',
      definitions: registry.inputs,
      commonSchema: inputCommonSchema,
    })
    const label = common['label']
    return typeof label === 'string' ? { ...rest, label: label.slice(1) } : rest
  }

  #output(path: Path, item: unknown, registry: Registry): OutputConfig {
    const { type, options } = this.#component(path, item, {
      kind: 'output',
      definitions: registry.outputs,
    })
    return { type, options }
  }

  #steps(path: Path, items: unknown, registry: Registry): Step[] {
    if (!Array.isArray(items)) return []
    const steps = items.flatMap((item: unknown, index) => {
      const step = this.#step([...path, String(index)], item, registry)
      return step ? [step] : []
    })
    if (steps.length < items.length) this.hasAllSteps = false
    return steps
  }

  #step(path: Path, item: unknown, registry: Registry): Step | undefined {
    const isMap = isPlainMap(item)
    const [isFilter, isMatch] = [isMap && 'filter' in item, isMap && 'match' in item]
    if (isFilter === isMatch) {
      const found = isFilter ? 'both "filter" and "match"' : 'neither "filter" nor "match"'
      const message = `cannot use ${aboutOf(path)}: it has ${found}; expected one of them`
      this.#report(path, '', [{ path: [], message, atKey: true }])
      return undefined
    }
    return isMatch ? this.#match(path, item) : this.#filter(path, item, registry)
  }

  #match(path: Path, item: unknown): Step | undefined {
    const { value, problems } = validateConfig(matchSchema, item)
    this.#report(path, '', problems ?? [])
    if (!value) return undefined
    return { match: value.match, to: typeof value.to === 'string' ? [value.to] : value.to }
  }

  #filter(path: Path, item: unknown, registry: Registry): Step {
    const { type, common, options } = this.#component(path, item, {
      kind: 'filter',
      definitions: registry.filters,
      commonSchema: filterCommonSchema,
    })
    return { filter: String(common['filter']), type, options }
  }

  /** Splits `type` and the common keys from a component's own options and checks both. */
  #component(path: Path, item: unknown, { kind, definitions, commonSchema }: Expected): Component {
    const nothing = { type: '', common: {}, options: {} }
    if (!isPlainMap(item)) return this.#refuse(path, `expected a map with the ${kind}'s type`)
    const definition = this.#definition(path, item, kind, definitions)
    if (!definition) return nothing
    const entries = Object.entries(item).filter(([key]) => key !== 'type')
    const commonKeys = Object.keys((commonSchema as CommonSchema | undefined)?.properties ?? {})
    const isCommon = ([key]: [string, unknown]) => commonKeys.includes(key)
    const common = Object.fromEntries(entries.filter(isCommon))
    const own = entries.filter((entry) => !isCommon(entry))
    const about = `${aboutOf(path)} (${definition.type}): `
    if (commonSchema) this.#report(path, about, validateConfig(commonSchema, common).problems ?? [])
    const { value, problems } = validateConfig(definition.configSchema, Object.fromEntries(own))
    const faults = value === undefined ? [] : (definition.faults?.(value as Options) ?? [])
    this.#report(path, about, problems ?? faults.map((fault) => ({ ...fault, atKey: false })))
    return { type: definition.type, common, options: (value ?? {}) as Options }
  }

  #definition(path: Path, item: PlainMap, kind: string, definitions: readonly Definition[]) {
    const types = definitions.map((definition) => definition.type)
    // An unquoted `type: null` is YAML's nil; whoever writes it means the type of that name.
    const type = item['type'] === null ? 'null' : item['type']
    const definition = definitions.find((candidate) => candidate.type === type)
    if (definition) return definition
    if (typeof type === 'string') {
      const known = `the ${kind} types are: ${types.join(', ')}`
      const close = hint(type, types)
      const end = close.startsWith('; did') ? `${close} (${known})` : `; ${known}`
      this.#report([...path, 'type'], '', [
        { path: [], message: `unknown ${kind} type "${type}"${end}`, atKey: false },
      ])
      return undefined
    }
    this.#refuse(path, `expected "type" with one of: ${types.join(', ')}`)
    return undefined
  }

  #refuse(path: Path, expected: string): Component {
    const message = `cannot use ${aboutOf(path)}; ${expected}`
    this.#report(path, '', [{ path: [], message, atKey: true }])
    return { type: '', common: {}, options: {} }
  }

  #report(path: Path, about: string, problems: readonly Problem[]): void {
    for (const problem of problems) {
      const location = locate(this.#tree, [...path, ...problem.path], problem.atKey)
      this.problems.push({ severity: 'error', message: about + problem.message, location })
    }
  }
}

interface Expected {
  readonly kind: 'input' | 'output' | 'filter'
  readonly definitions: readonly Definition[]
  readonly commonSchema?: TSchema
}

interface CommonSchema {
  readonly properties?: Readonly<Record<string, unknown>>
}

/** `inputs.docker`, `pipeline step 2`, `labels.errors step 1`. */
function aboutOf(path: Path): string {
  const isStep = path[0] === 'pipeline' || path[0] === 'labels'
  return isStep ? `${path.slice(0, -1).join('.')} step ${Number(path.at(-1)) + 1}` : path.join('.')
}

function isPlainMap(value: unknown): value is PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
