/** A configuration as read: plain values that remember where they were written. */
import type { Location } from './diagnostic.ts'
import type { Path } from './schema-walk.ts'

export type Tree = ScalarTree | ListTree | MapTree

export interface ScalarTree {
  readonly kind: 'scalar'
  readonly value: string | number | boolean | null
  /** It has a placeholder that could not be filled in, so nobody knows what it says. */
  readonly isUnfilled?: boolean
  readonly location: Location
}

export interface ListTree {
  readonly kind: 'list'
  readonly items: readonly Tree[]
  readonly location: Location
}

export interface MapTree {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, TreeEntry>
  readonly location: Location
}

export interface TreeEntry {
  readonly key: Location
  readonly value: Tree
}

export function emptyMap(location: Location): MapTree {
  return { kind: 'map', entries: new Map(), location }
}

/** The values alone. */
export function plainValue(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.value
  if (tree.kind === 'list') return tree.items.map(plainValue)
  return Object.fromEntries([...tree.entries].map(([key, { value }]) => [key, plainValue(value)]))
}

/**
 * Where the value (or its key) at `path` was written. Where the path leads to a default, the
 * nearest thing around it that was written.
 */
export function locate(tree: Tree, path: Path, atKey = false): Location {
  let location = headOf(tree)
  let at: Tree | undefined = tree
  for (const key of path) {
    const entry: TreeEntry | undefined = childOf(at, key)
    if (!entry) return location
    location = entry.value.kind === 'scalar' && !atKey ? entry.value.location : entry.key
    at = entry.value
  }
  return location
}

/** A whole map or list would be a screen of carets; its first character will do. */
function headOf(tree: Tree): Location {
  if (tree.kind === 'scalar') return tree.location
  return { ...tree.location, end: tree.location.start + 1 }
}

/** What was written at `path`, if anything was. */
export function treeAt(tree: Tree, path: Path): Tree | undefined {
  let at: Tree | undefined = tree
  for (const key of path) at = childOf(at, key)?.value
  return at
}

/** Paths to the values inside `tree` of which a placeholder could not be filled in. */
export function unfilledPaths(tree: Tree | undefined): Path[] {
  if (tree === undefined) return []
  if (tree.kind === 'scalar') return tree.isUnfilled ? [[]] : []
  const children: [string, Tree][] =
    tree.kind === 'list'
      ? tree.items.map((item, index) => [String(index), item])
      : [...tree.entries].map(([key, entry]) => [key, entry.value])
  return children.flatMap(([key, child]) => unfilledPaths(child).map((path) => [key, ...path]))
}

function childOf(tree: Tree | undefined, key: string): TreeEntry | undefined {
  if (tree?.kind === 'map') return tree.entries.get(key)
  const item = tree?.kind === 'list' ? tree.items[Number(key)] : undefined
  return item && { key: headOf(item), value: item }
}
