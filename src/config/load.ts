/**
 * From a configuration file to a validated `Config`, or to everything that is wrong with it:
 *
 *     text ─ include.ts, yaml-tree.ts ─▶ tree ─ components.ts ─▶ Config
 *     Config ─ references.ts, resources.ts ─▶ what its parts say of each other
 */
import { dirname, resolve } from 'node:path'
import { checkComponents } from './components.ts'
import type { Diagnostic, SourceFile } from './diagnostic.ts'
import { hasErrors, inReadingOrder } from './diagnostic.ts'
import { readSource, readSourceFile, type Environment } from './include.ts'
import type { Config, Registry } from './model.ts'
import { checkReferences } from './references.ts'
import { checkResources } from './resources.ts'

export interface LoadOptions {
  readonly registry: Registry
  /** Environment variables for `${env:…}`. */
  readonly env: Environment
  /** A file, or a text with a name for it; relative includes start at the working folder then. */
  readonly from: { readonly file: string } | SourceFile
}

export type Loaded =
  | { readonly config: Config; readonly diagnostics: readonly Diagnostic[] }
  | { readonly config?: undefined; readonly diagnostics: readonly Diagnostic[] }

/**
 * A config comes with warnings at most. Reads files and nothing else: no socket is opened, no file
 * made. Throws only if `file` itself cannot be read.
 */
export function loadConfig({ from, registry, env }: LoadOptions): Loaded {
  const isFile = 'file' in from
  const source = isFile ? readSourceFile(from.file) : from
  const folder = isFile ? dirname(resolve(from.file)) : process.cwd()
  const { tree, problems } = readSource(source, folder, env)
  const checked = checkComponents(tree, registry)
  // A placeholder that could not be filled in is no use either, but that need not be said twice.
  const shape = [...problems, ...elsewhere(checked.problems, problems)]
  const { config } = checked
  const isReadable = problems.length === 0 && checked.hasAllSteps
  const references = isReadable ? elsewhere(checkReferences(tree, config), shape) : []
  if (hasErrors(shape)) return { diagnostics: inReadingOrder([...shape, ...references]) }
  const diagnostics = inReadingOrder([...references, ...checkResources(tree, config, registry)])
  return hasErrors(diagnostics) ? { diagnostics } : { config, diagnostics }
}

/** Those of `found` that are not about a place of which something is `known`. */
function elsewhere(found: readonly Diagnostic[], known: readonly Diagnostic[]): Diagnostic[] {
  return found.filter((one) => !known.some((other) => isSamePlace(other, one)))
}

function isSamePlace(a: Diagnostic, b: Diagnostic): boolean {
  return a.location?.source === b.location?.source && a.location?.start === b.location?.start
}
