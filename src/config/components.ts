/** Checks the components and steps of a configuration, each with the schema of its type. */
import type { TSchema } from 'typebox'
import type { Fault } from '../pipeline/component.ts'
import { type BufferedConfig, NEED_BUFFER, outputCommonSchema } from './buffer-schema.ts'
import { chunkConfigOf, chunkKeyFaults, withPlaceholders } from './chunk-keys.ts'
import { type Diagnostic, elsewhere, type Location } from './diagnostic.ts'
import { type Definition, examine } from './examine.ts'
import { idleOptions } from './idle-options.ts'
import type {
  Config,
  HttpConfig,
  InputConfig,
  Options,
  OutputConfig,
  Registry,
  Step,
} from './model.ts'
import { hint } from './nearest.ts'
import type { Claim } from './resources.ts'
import type { Path } from './schema-walk.ts'
import { intervalFaults } from './retry-intervals.ts'
import { stepKind } from './step-kind.ts'
import {
  FREE_KEY_PREFIX,
  filterCommonSchema,
  inputCommonSchema,
  matchSchema,
  topLevelSchema,
} from './top-level.ts'
import { locate, plainValue, type Tree, treeAt, unfilledPaths } from './tree.ts'
import { type Problem, validateConfig } from './validate.ts'
import { zeroLimitsOfAll, zeroLimitsOfOutput } from './zero-limits.ts'

interface Component {
  readonly type: string
  readonly common: Options
  readonly options: Options
}

export interface Checked {
  /** Only fit for use if there are no problems. */
  readonly config: Config
  readonly problems: readonly Diagnostic[]
  /** What components use that no other may, as far as it is known. */
  readonly claims: readonly Claim[]
}

type PlainMap = Record<string, unknown>

export function checkComponents(tree: Tree, registry: Registry): Checked {
  const checker = new Checker(tree)
  const config = checker.check(registry)
  return { config, problems: checker.problems, claims: checker.claims }
}

class Checker {
  readonly problems: Diagnostic[] = []
  readonly claims: Claim[] = []
  readonly #tree: Tree

  constructor(tree: Tree) {
    this.#tree = tree
  }

  /** The result is only whole if no problems were found. */
  check(registry: Registry): Config {
    const written = Object.entries(plainValue(this.#tree) as PlainMap)
    const root = Object.fromEntries(written.filter(([key]) => !key.startsWith(FREE_KEY_PREFIX)))
    const { value, problems } = validateConfig(topLevelSchema, root)
    this.#report([], '', problems ?? zeroLimitsOfAll(value).map(atValue))
    this.#claimPage(root)
    const settings = value ?? validateConfig(topLevelSchema, {}).value!
    return {
      data_dir: settings.data_dir,
      http: settings.http,
      log: settings.log,
      stop_timeout: settings.stop_timeout,
      memory_max: settings.memory_max,
      dead_letters: settings.dead_letters,
      inputs: this.#named(root, 'inputs', (path, item) => this.#input(path, item, registry)),
      outputs: this.#named(root, 'outputs', (path, item) => this.#output(path, item, registry)),
      pipeline: this.#steps(['pipeline'], root['pipeline'], registry),
      labels: this.#named(root, 'labels', (path, item) => this.#steps(path, item, registry)),
    }
  }

  #claimPage(root: PlainMap): void {
    const definition = { type: 'http', configSchema: topLevelSchema, resources: pageAddress }
    const { resources } = examine(definition, root, unfilledPaths(this.#tree))
    this.#claim('the HTTP page', ['http', 'listen'], resources)
  }

  #claim(owner: string, path: Path, resources: readonly string[]): void {
    this.claims.push(...resources.map((resource) => ({ owner, path, resource })))
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
      claimedBy: 'listen',
    })
    const label = common['label']
    return typeof label === 'string' ? { ...rest, label: label.slice(1) } : rest
  }

  #output(path: Path, item: unknown, registry: Registry): OutputConfig {
    const chunk = chunkConfigOf(item)
    const keyFaults = chunk ? chunkKeyFaults(chunk) : []
    const { type, common, options } = this.#component(path, item, {
      kind: 'output',
      definitions: registry.outputs.map((each) =>
        chunk && keyFaults.length === 0 ? withPlaceholders(each, chunk) : each,
      ),
      commonSchema: outputCommonSchema,
      claimedBy: 'path',
    })
    this.#report(path, `${aboutOf(path)}: `, keyFaults.map(atValue))
    const definition = registry.outputs.find((each) => each.type === type)
    const meant = definition?.isChunked ? { buffer: { type: 'disk' }, ...common } : common
    if (meant['buffer'] === undefined) {
      this.#reportUnbuffered(path, Object.keys(common))
      return { type, options }
    }
    if (definition) this.#report(path, `${aboutOf(path)}: `, idleOptions(definition, common))
    const { value } = validateConfig(outputCommonSchema, meant)
    if (!value?.buffer) return { type, options }
    const buffered = value as BufferedConfig
    const faults = [...zeroLimitsOfOutput(buffered), ...intervalFaults(buffered, common)]
    this.#report(path, `${aboutOf(path)}: `, faults.map(atValue))
    return { type, options, buffered }
  }

  #reportUnbuffered(path: Path, keys: readonly string[]): void {
    const problems = NEED_BUFFER.filter((key) => keys.includes(key)).map((key) => ({
      path: [key],
      message: `cannot use "${key}" without a buffer; expected "buffer: { type: disk }" beside it`,
      atKey: true,
    }))
    this.#report(path, `${aboutOf(path)}: `, problems)
  }

  #steps(path: Path, items: unknown, registry: Registry): Step[] {
    if (!Array.isArray(items)) return []
    return items.flatMap((item: unknown, index) => {
      const step = this.#step([...path, String(index)], item, registry)
      return step ? [step] : []
    })
  }

  #step(path: Path, item: unknown, registry: Registry): Step | undefined {
    const { kind, key } = stepKind(isPlainMap(item) ? Object.keys(item) : [])
    if (!isPlainMap(item) || key === undefined || kind === 'both' || kind === 'neither') {
      const found = kind === 'both' ? 'both "filter" and "match"' : 'neither "filter" nor "match"'
      const message = `cannot use ${aboutOf(path)}: it has ${found}; expected one of them`
      this.#report(path, '', [{ path: [], message, atKey: true }])
      return undefined
    }
    const { [key]: pattern, ...rest } = item
    if (key !== kind) {
      const message = `unknown key "${key}"; did you mean "${kind}"?`
      this.#report(path, '', [{ path: [key], message, atKey: true }])
    }
    const meant = { [kind]: pattern, ...rest }
    return kind === 'match' ? this.#match(path, meant) : this.#filter(path, meant, registry)
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
    const condition = common['if']
    const step = { filter: String(common['filter']), type, options }
    return typeof condition === 'string' ? { ...step, condition } : step
  }

  /** Splits `type` and the common keys from a component's own options and checks both. */
  #component(path: Path, item: unknown, expected: Expected): Component {
    const { kind, definitions, commonSchema, claimedBy } = expected
    if (!isPlainMap(item)) return this.#refuse(path, `expected a map with the ${kind}'s type`)
    const definition = this.#definition(path, item, kind, definitions)
    const entries = Object.entries(item).filter(([key]) => key !== 'type')
    const commonKeys = Object.keys((commonSchema as CommonSchema | undefined)?.properties ?? {})
    const isCommon = ([key]: [string, unknown]) => commonKeys.includes(key)
    const common = Object.fromEntries(entries.filter(isCommon))
    const own = Object.fromEntries(entries.filter((entry) => !isCommon(entry)))
    const about = aboutOf(path) + (definition ? ` (${definition.type}): ` : ': ')
    if (commonSchema) this.#report(path, about, validateConfig(commonSchema, common).problems ?? [])
    if (!definition) return { type: '', common, options: {} }
    const options = this.#options({ path, about, own, definition, commonKeys, claimedBy })
    return { type: definition.type, common, options }
  }

  #options({ path, about, own, definition, commonKeys, claimedBy: by }: OwnOptions) {
    const unfilled = unfilledPaths(treeAt(this.#tree, path))
    const {
      options = {},
      problems,
      faults,
      resources,
    } = examine(definition, own, unfilled, commonKeys)
    this.#report(path, about, problems)
    const located = faults.map((fault) => this.#located(path, about, fault))
    this.problems.push(...elsewhere(located, this.problems))
    if (by !== undefined)
      this.#claim(`${path[0]?.slice(0, -1)} "${path[1]}"`, [...path, by], resources)
    return options
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
    this.problems.push(...problems.map((problem) => this.#located(path, about, problem)))
  }

  #located(path: Path, about: string, problem: Problem): Diagnostic {
    const whole = locate(this.#tree, [...path, ...problem.path], problem.atKey)
    const text = treeAt(this.#tree, [...path, ...problem.path])
    const location = placeIn(whole, text, problem.position)
    return { severity: 'error', message: about + problem.message, location }
  }
}

interface Expected {
  readonly kind: 'input' | 'output' | 'filter'
  readonly definitions: readonly Definition[]
  readonly commonSchema?: TSchema
  /** The option its claims come from. */
  readonly claimedBy?: string
}

interface OwnOptions {
  readonly path: Path
  readonly about: string
  readonly own: PlainMap
  readonly definition: Definition
  /** That may stand beside them. */
  readonly commonKeys: readonly string[]
  readonly claimedBy: string | undefined
}

interface CommonSchema {
  readonly properties?: Readonly<Record<string, unknown>>
}

/** The place inside a text, if it is written as it is meant: without escapes and line breaks. */
function placeIn(whole: Location, tree: Tree | undefined, position: number | undefined): Location {
  if (position === undefined || tree?.kind !== 'scalar') return whole
  const text = String(tree.value)
  const written = whole.source.text.slice(whole.start, whole.end)
  const offset = written.indexOf(text)
  if (offset < 0) return whole
  const start = whole.start + offset + position
  return { ...whole, start, end: start + 1 }
}

function pageAddress(topLevel: Options): readonly string[] {
  const { enabled, listen } = topLevel['http'] as HttpConfig
  return enabled ? [listen] : []
}

function atValue(fault: Fault): Problem {
  return { ...fault, atKey: false }
}

/** `inputs.docker`, `pipeline step 2`, `labels.errors step 1`. */
function aboutOf(path: Path): string {
  const isStep = path[0] === 'pipeline' || path[0] === 'labels'
  return isStep ? `${path.slice(0, -1).join('.')} step ${Number(path.at(-1)) + 1}` : path.join('.')
}

function isPlainMap(value: unknown): value is PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
