/**
 * Reads YAML 1.2 into a tree that knows its places, with anchors, aliases and merge keys resolved
 * and placeholders (interpolate.ts) filled in. The parser is the `yaml` package.
 */
import { isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml'
import type { Document, Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import type { Diagnostic, Location, SourceFile } from './diagnostic.ts'
import { hasPlaceholder, interpolate, type Surroundings } from './interpolate.ts'
import type { MapTree, ScalarTree, Tree, TreeEntry } from './tree.ts'

/** Aliases make a small file a huge value ("billion laughs"); what they unfold to is bounded. */
const NODES_MAX = 100_000
const DEPTH_MAX = 100

export interface YamlTree {
  /** Undefined if the text is no YAML at all, or empty. */
  readonly tree?: Tree
  readonly problems: readonly Diagnostic[]
  readonly lost: Lost
}

/** What problems left out of a tree: nothing, values of keys that are there, or whole keys. */
export type Lost = 'nothing' | 'values' | 'names'

/** The larger of two losses. */
export function lostInAll(one: Lost, other: Lost): Lost {
  if (one === 'names' || other === 'names') return 'names'
  return one === 'values' ? one : other
}

export function readYaml(source: SourceFile, surroundings: Surroundings): YamlTree {
  const document = parseDocument(source.text, { prettyErrors: false, uniqueKeys: false })
  const faults = [...document.errors, ...document.warnings]
  const fault = faults[0]
  // What the parser says after its first stumble is mostly about the stumble.
  if (fault) return { problems: [syntaxProblem(source, fault.message, fault.pos)], lost: 'names' }
  if (document.contents === null) return { problems: [], lost: 'nothing' }
  const builder = new TreeBuilder(source, document, surroundings)
  try {
    const tree = builder.build(document.contents, 0)
    return { tree, problems: builder.problems, lost: builder.lost }
  } catch (error) {
    if (error instanceof TooLarge)
      return { problems: [...builder.problems, error.problem], lost: 'names' }
    throw error
  }
}

class TooLarge extends Error {
  readonly problem: Diagnostic

  constructor(message: string, location: Location) {
    super(message)
    this.problem = { severity: 'error', message, location }
  }
}

class TreeBuilder {
  readonly problems: Diagnostic[] = []
  lost: Lost = 'nothing'
  readonly #source: SourceFile
  readonly #document: Document
  readonly #surroundings: Surroundings
  /** The nodes around the one being built. */
  readonly #open = new Set<Node>()
  #nodes = 0

  constructor(source: SourceFile, document: Document, surroundings: Surroundings) {
    this.#source = source
    this.#document = document
    this.#surroundings = surroundings
  }

  build(node: Node, depth: number): Tree {
    this.#limit(node, depth)
    this.#open.add(node)
    const tree = this.#built(node, depth)
    this.#open.delete(node)
    return tree
  }

  #built(node: Node, depth: number): Tree {
    const location = this.#location(node)
    if (isAlias(node)) return this.#alias(node.source, node.resolve(this.#document), node, depth)
    if (isMap(node)) return this.#map(node, depth)
    if (isSeq(node)) {
      const { items: nodes } = node as YAMLSeq<Node | null>
      const items = nodes.map((item) => this.#child(item, location, depth))
      return { kind: 'list', items, location }
    }
    return this.#scalar(node)
  }

  #alias(name: string, target: Node | undefined, node: Node, depth: number): Tree {
    if (target && !this.#open.has(target)) return this.build(target, depth + 1)
    const cause = target ? 'it leads back to itself' : `no anchor &${name} before it`
    this.#problem(`cannot resolve alias *${name}: ${cause}`, node)
    return { kind: 'scalar', value: null, location: this.#location(node) }
  }

  #child(node: Node | null, around: Location, depth: number): Tree {
    if (node === null || node === undefined)
      return { kind: 'scalar', value: null, location: around }
    return this.build(node, depth + 1)
  }

  #map(node: YAMLMap, depth: number): MapTree {
    const entries = new Map<string, TreeEntry>()
    const merged: Tree[] = []
    for (const pair of node.items as Pair<Node | null, Node | null>[]) {
      const { key } = pair
      if (!isScalar(key)) {
        this.#problem('cannot use this as a key; expected a plain name', key ?? node)
        this.lost = 'names'
        continue
      }
      const location = this.#location(key)
      const value = this.#child(pair.value, location, depth)
      if (key.value === '<<' && key.type === 'PLAIN') merged.push(value)
      else if (!this.#add(entries, String(key.source ?? key.value), { key: location, value }))
        this.lost = lostInAll(this.lost, depth === 0 ? 'names' : 'values')
    }
    for (const value of merged) this.#merge(entries, value)
    return { kind: 'map', entries, location: this.#location(node) }
  }

  /** Whether it could. */
  #add(entries: Map<string, TreeEntry>, name: string, entry: TreeEntry): boolean {
    const first = entries.get(name)
    if (!first) {
      entries.set(name, entry)
      return true
    }
    this.problems.push({
      severity: 'error',
      message: `duplicate key "${name}"; expected each key once`,
      location: entry.key,
      note: { message: 'it is first written here', location: first.key },
    })
    return false
  }

  /** `<<: *base` or `<<: [*one, *two]`; what is written in the map itself wins, then the first. */
  #merge(entries: Map<string, TreeEntry>, value: Tree): void {
    if (value.kind === 'list') {
      for (const item of value.items) this.#merge(entries, item)
      return
    }
    if (value.kind === 'scalar') {
      const message = 'cannot merge this with <<; expected an alias of a map, or a list of them'
      this.problems.push({ severity: 'error', message, location: value.location })
      this.lost = 'names'
      return
    }
    for (const [name, entry] of value.entries) if (!entries.has(name)) entries.set(name, entry)
  }

  #scalar(node: Scalar): ScalarTree {
    const location = this.#location(node)
    const value = node.value as ScalarTree['value']
    if (typeof value !== 'string' || !hasPlaceholder(value))
      return { kind: 'scalar', value, location }
    try {
      const text = interpolate(value, this.#surroundings)
      const isPlain = node.type === 'PLAIN' && node.tag === undefined
      return { kind: 'scalar', value: isPlain ? this.#resolvedAgain(text) : text, location }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      this.problems.push({ severity: 'error', message, location })
      return { kind: 'scalar', value, isUnfilled: true, location }
    }
  }

  /** `${env:PORT}` without quotes may stand for a number, exactly as if it had been written out. */
  #resolvedAgain(text: string): ScalarTree['value'] {
    for (const tag of this.#document.schema.tags) {
      if (tag.collection !== undefined || tag.default !== true || text === '') continue
      if (!('test' in tag) || tag.test?.test(text) !== true) continue
      const resolved = tag.resolve(text, () => undefined, {})
      return (isScalar(resolved) ? resolved.value : resolved) as ScalarTree['value']
    }
    return text
  }

  #limit(node: Node, depth: number): void {
    this.#nodes++
    if (this.#nodes > NODES_MAX)
      throw new TooLarge(
        `cannot read this configuration: its aliases unfold to more than ${NODES_MAX} values`,
        this.#location(node),
      )
    if (depth > DEPTH_MAX)
      throw new TooLarge(
        `cannot read this configuration: it is nested deeper than ${DEPTH_MAX} levels`,
        this.#location(node),
      )
  }

  #problem(message: string, node: Node): void {
    this.problems.push({ severity: 'error', message, location: this.#location(node) })
  }

  #location(node: Node): Location {
    const [start, end] = node.range ?? [0, 0]
    return { source: this.#source, start, end }
  }
}

function syntaxProblem(source: SourceFile, fault: string, [start, end]: [number, number]) {
  const line = source.text.slice(source.text.lastIndexOf('\n', start - 1) + 1).split('\n', 1)[0]
  const inFlow = /[{[].*[^"']\$\{/.test(line ?? '')
  const advice = inFlow ? '; a value with ${…} inside { } or [ ] needs quotes' : ''
  const message = `cannot read YAML: ${fault[0]?.toLowerCase()}${fault.slice(1)}${advice}`
  const severity = 'error' as const
  return { severity, message, location: { source, start, end: Math.min(end, start + 80) } }
}
