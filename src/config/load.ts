/**
 * From a configuration file to a validated `Config`, or to everything that is wrong with it:
 *
 *     text ─ include.ts, yaml-tree.ts ─▶ tree ─ components.ts ─▶ Config, claims ─ resources.ts
 *                                         └──── outline.ts ──▶ Outline ───────── references.ts
 *
 * Everything is looked at, whatever was found before; but a place gets one message, and what is
 * not known (stand-ins.ts, outline.ts) is not held against what refers to it.
 */
import { dirname, resolve } from 'node:path'
import { checkComponents } from './components.ts'
import type { Diagnostic, SourceFile } from './diagnostic.ts'
import { elsewhere, hasErrors, inReadingOrder } from './diagnostic.ts'
import { readSource, readSourceFile, type Environment } from './include.ts'
import type { Config, Registry } from './model.ts'
import { readOutline } from './outline.ts'
import { checkReferences } from './references.ts'
import { checkResources } from './resources.ts'

export interface LoadOptions {
  readonly registry: Registry
  /** Environment variables for `${env:…}`. */
  readonly env: Environment
  /** Texts that stand in for those of `${file:…}`, by path; for tests. */
  readonly files?: Readonly<Record<string, string>>
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
export function loadConfig({ from, registry, env, files }: LoadOptions): Loaded {
  const isFile = 'file' in from
  const source = isFile ? readSourceFile(from.file) : from
  const folder = isFile ? dirname(resolve(from.file)) : process.cwd()
  const { tree, problems, lost } = readSource(source, folder, env, files)
  const { config, problems: faults, claims } = checkComponents(tree, registry)
  const stages = [
    problems,
    faults,
    checkReferences(tree, readOutline(tree, registry, lost)),
    checkResources(tree, claims),
  ]
  const found = stages.reduce<Diagnostic[]>((all, more) => [...all, ...elsewhere(more, all)], [])
  const diagnostics = inReadingOrder(found)
  return hasErrors(diagnostics) ? { diagnostics } : { config, diagnostics }
}
