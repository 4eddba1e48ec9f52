/**
 * `npm run docs`: writes docs/reference/ and config/schema.json from the sources, after checking
 * that every option is described and every configuration people may copy is valid. `-- --check`
 * writes nothing and fails if a file is stale; `npm run check` does that.
 */
import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildConfigSchema } from '../src/config/json-schema.ts'
import { registry } from '../src/registry.ts'
import { page } from './docs/markdown.ts'
import { referencePages, schemaTroubles, type Page } from './docs/pages.ts'
import { configTroubles } from './docs/yaml-blocks.ts'
import { readSources } from './tidy/source.ts'

const root = join(import.meta.dirname, '..')

function main(): void {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
  const files = readSources(root)
  const pages = [
    ...referencePages(registry, files),
    commandLinePage(),
    {
      path: 'config/schema.json',
      text: `${JSON.stringify(buildConfigSchema(registry), null, 2)}\n`,
    },
  ]
  const troubles = [...schemaTroubles(registry), ...configTroubles(registry, files)]
  if (values.check) troubles.push(...staleFiles(pages))
  else write(pages)
  for (const trouble of troubles) console.error(trouble)
  console.error(`docs: ${pages.length} files, ${troubles.length} troubles`)
  process.exitCode = troubles.length === 0 ? 0 : 1
}

/** What `--help` says, for the program and each of its commands. */
function commandLinePage(): Page {
  const help = helpOf([])
  const commands = /^Commands:\n((?: {2}.*\n)+)/m.exec(help)?.[1] ?? ''
  const names = [...commands.matchAll(/^ {2}([\w-]+)/gm)].map((match) => match[1]!)
  return {
    path: 'docs/reference/command-line.md',
    text: page(
      '# Command line',
      fenced(help),
      ...names.flatMap((name) => [`## \`logboom ${name}\``, fenced(helpOf([name]))]),
    ),
  }
}

function helpOf(command: readonly string[]): string {
  const options = { cwd: root, encoding: 'utf8', env: { ...process.env, COLUMNS: '100' } } as const
  const args = ['src/main.ts', ...command, '--help']
  const { stdout, stderr, status } = spawnSync(process.execPath, args, options)
  if (status !== 0) throw new Error(`cannot run ${args.join(' ')}: ${stderr}; expected its help`)
  return stdout.trim()
}

function fenced(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``
}

/** Generated files that differ from what is on disk, or that nothing generates any more. */
function staleFiles(pages: readonly Page[]): string[] {
  const expected = new Map(pages.map(({ path, text }) => [path, text]))
  const stale = pages.filter(({ path, text }) => readOrEmpty(path) !== text)
  return [
    ...stale.map(({ path }) => `${path} is stale; run npm run docs`),
    ...leftOver(expected).map((path) => `${path} is not generated any more; run npm run docs`),
  ]
}

function write(pages: readonly Page[]): void {
  for (const path of leftOver(new Map(pages.map(({ path }) => [path, '']))))
    rmSync(join(root, path))
  for (const { path, text } of pages) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}

function leftOver(expected: ReadonlyMap<string, string>): string[] {
  const found = globSync('docs/reference/**/*.md', { cwd: root })
  return found.map((path) => path.replaceAll('\\', '/')).filter((path) => !expected.has(path))
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

main()
