/**
 * Reads a configuration file and those it includes into one tree. `include:` is a path or a list of
 * paths, relative to the file it stands in, with `*`, `**`, `?` and `{a,b}`. Maps are put together,
 * lists of steps are appended after those of the including file, a name written twice is an error.
 */
import { globSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { causeOf } from './cause.ts'
import type { Diagnostic, Location, SourceFile } from './diagnostic.ts'
import type { Surroundings } from './interpolate.ts'
import type { MapTree, Tree, TreeEntry } from './tree.ts'
import { emptyMap } from './tree.ts'
import { lostInAll, readYaml, type Lost } from './yaml-tree.ts'

export interface ReadTree {
  readonly tree: MapTree
  readonly problems: readonly Diagnostic[]
  readonly lost: Lost
}

export type Environment = Surroundings['env']

/** Reads `source` and its includes; relative paths start at `folder`. */
export function readSource(
  source: SourceFile,
  folder: string,
  env: Environment,
  files?: Surroundings['files'],
): ReadTree {
  const reader = new Reader(env, files)
  const tree = reader.read(source, folder)
  return { tree, problems: reader.problems, lost: reader.lost }
}

/** The file's text. Throws `cannot read configuration …` with the cause. */
export function readSourceFile(path: string): SourceFile {
  try {
    return { name: realpathSync(path), text: readFileSync(path, 'utf8') }
  } catch (error) {
    throw new Error(`cannot read configuration ${path}: ${causeOf(error)}`, { cause: error })
  }
}

class Reader {
  readonly problems: Diagnostic[] = []
  lost: Lost = 'nothing'
  readonly #env: Environment
  readonly #files: Surroundings['files']
  /** Where each file was included; its own start for the first. */
  readonly #included = new Map<string, Location>()

  constructor(env: Environment, files: Surroundings['files']) {
    this.#env = env
    this.#files = files
  }

  read(source: SourceFile, folder: string, from?: Location): MapTree {
    const start = { source, start: 0, end: 1 }
    this.#included.set(source.name, from ?? start)
    const { tree, problems, lost } = readYaml(source, {
      env: this.#env,
      folder,
      files: this.#files,
    })
    this.problems.push(...problems)
    this.lost = lostInAll(this.lost, lost)
    if (tree?.kind !== 'map') {
      const empty = tree === undefined || (tree.kind === 'scalar' && tree.value === null)
      const message = 'cannot read this configuration; expected a map of keys and values'
      if (!empty) this.#problem('names', message, start)
      return emptyMap(start)
    }
    return this.#withIncludes(tree, folder)
  }

  #withIncludes(tree: MapTree, folder: string): MapTree {
    const include = tree.entries.get('include')
    if (!include) return tree
    const entries = new Map(tree.entries)
    entries.delete('include')
    for (const { path, location } of this.#paths(include, folder)) {
      const included = this.#readIncluded(path, location)
      if (included) this.#mergeFile(entries, included)
    }
    return { ...tree, entries }
  }

  #readIncluded(path: string, location: Location): MapTree | undefined {
    try {
      const source = readSourceFile(path)
      const earlier = this.#included.get(source.name)
      if (!earlier) return this.read(source, dirname(path), location)
      const note = { message: 'it is already read here', location: earlier }
      this.#problem('nothing', `cannot include ${path} a second time`, location, note)
    } catch (error) {
      this.#problem('names', error instanceof Error ? error.message : String(error), location)
    }
    return undefined
  }

  #paths({ value }: TreeEntry, folder: string): { path: string; location: Location }[] {
    const items = value.kind === 'list' ? value.items : [value]
    return items.flatMap((item) => {
      const { location } = item
      if (item.kind === 'scalar' && typeof item.value === 'string')
        return matchingFiles(item.value, folder).map((path) => ({ path, location }))
      const message = 'cannot include this; expected a path, or a list of paths'
      this.#problem('names', message, location)
      return []
    })
  }

  #mergeFile(entries: Map<string, TreeEntry>, file: MapTree): void {
    for (const [name, entry] of file.entries) {
      const first = entries.get(name)
      const merged = first ? this.#merged(name, first, entry) : entry
      if (merged) entries.set(name, merged)
    }
  }

  #merged(name: string, first: TreeEntry, second: TreeEntry): TreeEntry | undefined {
    const value = this.#mergedValue(first.value, second.value)
    if (value) return { key: first.key, value }
    this.#duplicate('names', name, first, second)
    return undefined
  }

  #mergedValue(first: Tree, second: Tree): Tree | undefined {
    if (first.kind === 'list' && second.kind === 'list')
      return { ...first, items: [...first.items, ...second.items] }
    if (first.kind !== 'map' || second.kind !== 'map') return undefined
    const entries = new Map(first.entries)
    for (const [name, entry] of second.entries) {
      const earlier = entries.get(name)
      if (earlier) this.#duplicate('values', name, earlier, entry)
      else entries.set(name, entry)
    }
    return { ...first, entries }
  }

  #duplicate(lost: Lost, name: string, first: TreeEntry, second: TreeEntry): void {
    const note = { message: 'it is first written here', location: first.key }
    const message = `duplicate name "${name}"; expected each name once in all files`
    this.#problem(lost, message, second.key, note)
  }

  #problem(lost: Lost, message: string, location: Location, note?: Diagnostic['note']): void {
    this.problems.push({ severity: 'error', message, location, ...(note && { note }) })
    this.lost = lostInAll(this.lost, lost)
  }
}

/** A path without wildcards must exist; a pattern may fit nothing, as an empty folder does. */
function matchingFiles(pattern: string, folder: string): string[] {
  if (!/[*?{[]/.test(pattern)) return [resolve(folder, pattern)]
  return globSync(pattern, { cwd: folder })
    .map((path) => resolve(folder, path))
    .sort()
}
