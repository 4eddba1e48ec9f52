/** The configurations people copy: blocks in the documentation, and the files in config/. */
import { hasErrors, renderDiagnostics } from '../../src/config/diagnostic.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Registry } from '../../src/config/model.ts'
import { topLevelSchema } from '../../src/config/top-level.ts'
import type { SourceFile } from '../tidy/source.ts'

/** Environment variables that every example may use. */
const EXAMPLE_ENV = new Proxy<Record<string, string>>({}, { get: (_all, name) => String(name) })

/** What the loader says about the configurations in `files`; paths are from the root. */
export function configTroubles(registry: Registry, files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    // Tests of configurations are run by the suite.
    if (file.path.endsWith('.test.yaml')) return []
    if (/^config\/.*\.yaml$/.test(file.path)) return troubles(registry, file.path, file.text)
    if (!/^(README|docs\/guide\/[^/]+)\.md$/.test(file.path)) return []
    return configBlocks(file).flatMap(({ name, text }) => troubles(registry, name, text))
  })
}

interface Block {
  /** Where it is: `README.md:42`. */
  readonly name: string
  readonly text: string
}

/**
 * Fenced `yaml` blocks with a key of ours at the left edge; others (Compose files, Kubernetes)
 * are not ours to check. A block that shows part of a configuration is marked `yaml part` and
 * skipped.
 */
export function configBlocks({ path, text }: SourceFile): Block[] {
  const keys = ['include', ...Object.keys(topLevelSchema.properties)].join('|')
  const isOurs = new RegExp(`^(${keys}):`, 'm')
  const blocks = [...text.matchAll(/^```ya?ml\n(.*?)^```$/gms)]
  return blocks
    .filter((match) => isOurs.test(match[1]!))
    .map((match) => {
      const line = text.slice(0, match.index).split('\n').length + 1
      return { name: `${path}:${line}`, text: match[1]! }
    })
}

function troubles(registry: Registry, name: string, text: string): string[] {
  const from = { name, text: text.replaceAll(/\$\{file:[^}]*\}/g, 'from-a-file') }
  const { diagnostics } = loadConfig({ registry, env: EXAMPLE_ENV, from })
  return hasErrors(diagnostics) ? [renderDiagnostics(diagnostics).trimEnd()] : []
}
