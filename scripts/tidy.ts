/**
 * `npm run tidy`: sizes, import direction, names and banned patterns that ESLint does not check.
 * `-- --long` also lists the files above the size to aim for. The rules are in scripts/tidy/.
 */
import { join } from 'node:path'
import { componentParts } from './tidy/components.ts'
import { applyExceptions } from './tidy/exceptions.ts'
import { importCycles, importDirection } from './tidy/imports.ts'
import { fileRules } from './tidy/rules.ts'
import { isTypeScript, readSources, type Finding, type SourceFile } from './tidy/source.ts'

const FILE_LINES_AIM = 200

/** All findings, exceptions applied, in the order of the files. */
export function tidy(files: readonly SourceFile[]): Finding[] {
  const findings = [
    ...files.flatMap((file) => [...fileRules, importDirection].flatMap((rule) => rule(file))),
    ...importCycles(files.filter(isTypeScript)),
    ...componentParts(files),
  ]
  return applyExceptions(findings).sort((a, b) => compare(a.path, b.path) || a.line - b.line)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function listLong(files: readonly SourceFile[]): void {
  for (const { path, text } of files) {
    const count = text.split('\n').length - 1
    if (path.endsWith('.ts') && count > FILE_LINES_AIM) console.log(`${path}: ${count} lines`)
  }
}

function main(): void {
  const files = readSources(join(import.meta.dirname, '..'))
  if (process.argv.includes('--long')) listLong(files)
  const findings = tidy(files)
  for (const { path, line, rule, message } of findings) {
    console.error(`${path}${line === 0 ? '' : `:${line}`}: ${rule}: ${message}`)
  }
  console.error(`tidy: ${findings.length} findings in ${files.length} files`)
  process.exitCode = findings.length === 0 ? 0 : 1
}

if (import.meta.main) main()
