/**
 * The names, labels and steps of a configuration, as far as they can be read: unlike a `Config` it
 * can be had of one with errors. What is undefined in it is not known, which is not the same as
 * absent, and nothing can be said of it.
 */
import type { Registry } from './model.ts'
import { nearest } from './nearest.ts'
import type { Path } from './schema-walk.ts'
import { stepKind, type StepKind } from './step-kind.ts'
import { FREE_KEY_PREFIX, topLevelSchema } from './top-level.ts'
import type { MapTree, Tree, TreeEntry } from './tree.ts'
import type { Lost } from './yaml-tree.ts'

export interface Outline {
  readonly inputs: readonly InputOutline[] | undefined
  readonly outputs: readonly string[] | undefined
  /** Where what an output does not get goes on: its `secondary` and `on_error`. */
  readonly failures: readonly FailureOutline[]
  /** Names without the `@`. */
  readonly labels: readonly string[] | undefined
  /** `pipeline`, then the labels; of those that are known. */
  readonly pipelines: readonly PipelineOutline[]
  /** Nothing is missing that may lead to an output or label. */
  readonly hasAllTargets: boolean
}

export interface InputOutline {
  /** The label as written, null if it has none. */
  readonly label: Target | null | undefined
}

export interface FailureOutline extends Named {
  readonly output: string
}

export interface PipelineOutline {
  readonly path: Path
  /** The label it is, without the `@`. */
  readonly label?: string
  readonly steps: readonly StepOutline[]
}

export interface StepOutline {
  readonly path: Path
  readonly kind: StepKind['kind']
  readonly pattern: Named | undefined
  readonly targets: readonly Target[]
}

export interface Named {
  /** As written: `files`, `@errors`, `docker.**`. */
  readonly name: string
  readonly path: Path
}

export type Target = Named

type Entries = ReadonlyMap<string, TreeEntry>

export function readOutline(tree: MapTree, registry: Registry, lost: Lost): Outline {
  return new OutlineReader(tree, registry, lost).read()
}

class OutlineReader {
  readonly #root: MapTree
  readonly #registry: Registry
  readonly #hasAllNames: boolean
  #hasAllTargets: boolean

  constructor(root: MapTree, registry: Registry, lost: Lost) {
    this.#root = root
    this.#registry = registry
    this.#hasAllNames = lost !== 'names'
    this.#hasAllTargets = lost === 'nothing'
  }

  read(): Outline {
    const [inputs, outputs, labels] = ['inputs', 'outputs', 'labels'].map((key) => this.#group(key))
    const inputOutlines = [...(inputs ?? [])].map(([name, entry]) => this.#input(name, entry.value))
    const pipelines = [this.#pipeline(), ...[...(labels ?? [])].map((entry) => this.#label(entry))]
    const known = <Item>(group: Entries | undefined, items: readonly Item[]) =>
      group && this.#hasAllNames ? items : undefined
    return {
      inputs: known(inputs, inputOutlines),
      outputs: known(outputs, [...(outputs?.keys() ?? [])]),
      failures: [...(outputs ?? [])].flatMap(([name, { value }]) => this.#failures(name, value)),
      labels: known(labels, [...(labels?.keys() ?? [])]),
      pipelines: pipelines.filter((pipeline) => pipeline !== undefined),
      hasAllTargets: this.#hasAllTargets && labels !== undefined && inputs !== undefined,
    }
  }

  #group(key: string): Entries | undefined {
    const value = this.#root.entries.get(key)?.value
    if (value?.kind === 'map') return value.entries
    return value === undefined && !this.#isMisspelt(key) ? new Map() : undefined
  }

  /** Whether another key of the top level was probably meant for this one. */
  #isMisspelt(key: string): boolean {
    const known = Object.keys(topLevelSchema.properties)
    return [...this.#root.entries.keys()].some(
      (written) =>
        !known.includes(written) &&
        !written.startsWith(FREE_KEY_PREFIX) &&
        nearest(written, known) === key,
    )
  }

  #input(name: string, tree: Tree): InputOutline {
    const label = this.#labelOf(['inputs', name, 'label'], tree)
    if (label === undefined) this.#hasAllTargets = false
    return { label }
  }

  #failures(output: string, tree: Tree): FailureOutline[] {
    const entries: Entries = tree.kind === 'map' ? tree.entries : new Map()
    return ['secondary', 'on_error'].flatMap((key) => {
      if (!entries.has(key)) return []
      const name = textOf(entries.get(key)?.value)
      if (name === undefined) this.#hasAllTargets = false
      return name === undefined ? [] : [{ output, name, path: ['outputs', output, key] }]
    })
  }

  #labelOf(path: Path, tree: Tree): Target | null | undefined {
    if (tree.kind !== 'map') return undefined
    const label = tree.entries.get('label')
    if (!label) return this.#isLabelMisspelt(tree) ? undefined : null
    const name = textOf(label.value)
    return name !== undefined && /^@./.test(name) ? { name, path } : undefined
  }

  #isLabelMisspelt({ entries }: MapTree): boolean {
    const type = textOf(entries.get('type')?.value)
    const definition = this.#registry.inputs.find((candidate) => candidate.type === type)
    const { properties } = (definition?.configSchema ?? {}) as { properties?: object }
    const known = ['type', 'label', ...Object.keys(properties ?? {})]
    return [...entries.keys()].some(
      (key) => !known.includes(key) && nearest(key, known) === 'label',
    )
  }

  #pipeline(): PipelineOutline | undefined {
    const isAbsent = !this.#root.entries.has('pipeline') && !this.#isMisspelt('pipeline')
    if (isAbsent) return { path: ['pipeline'], steps: [] }
    const steps = this.#steps(['pipeline'], this.#root.entries.get('pipeline')?.value)
    return steps && { path: ['pipeline'], steps }
  }

  #label([label, { value }]: [string, TreeEntry]): PipelineOutline | undefined {
    const path = ['labels', label]
    const steps = this.#steps(path, value)
    return steps && { path, label, steps }
  }

  #steps(path: Path, tree: Tree | undefined): StepOutline[] | undefined {
    if (tree?.kind === 'list')
      return tree.items.map((item, index) => this.#step([...path, String(index)], item))
    this.#hasAllTargets = false
    return undefined
  }

  #step(path: Path, tree: Tree): StepOutline {
    const entries: Entries = tree.kind === 'map' ? tree.entries : new Map()
    const { kind, key } = stepKind([...entries.keys()])
    const name = key === undefined ? undefined : textOf(entries.get(key)?.value)
    const pattern = name === undefined ? undefined : { name, path: [...path, key!] }
    const leading = kind === 'filter' ? 'on_error' : 'to'
    const to = entries.get(leading)?.value
    const found = to ? this.#targets([...path, leading], to) : []
    // A filter's may be a word of its own: `dead_letter`.
    const targets = kind === 'filter' ? found.filter(({ name }) => name.startsWith('@')) : found
    if (kind !== 'filter' && targets.length === 0) this.#hasAllTargets = false
    return { path, kind, pattern, targets }
  }

  #targets(path: Path, tree: Tree): Target[] {
    const items = tree.kind === 'list' ? tree.items : [tree]
    return items.flatMap((item, index) => {
      const name = textOf(item)
      if (name !== undefined) return [{ name, path: [...path, String(index)] }]
      this.#hasAllTargets = false
      return []
    })
  }
}

function textOf(tree: Tree | undefined): string | undefined {
  if (tree?.kind !== 'scalar' || tree.isUnfilled) return undefined
  return typeof tree.value === 'string' ? tree.value : undefined
}
