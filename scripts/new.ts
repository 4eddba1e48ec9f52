/**
 * `npm run new -- input NAME` (or `filter`, `output`): a component that works, with its test and
 * an example configuration, listed with the others and documented. Shaped by scripts/templates/.
 * `--chunked` makes an output that always stands behind a buffer, as those for the network do;
 * `--no-docs` leaves the reference as it is.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { Script } from 'node:vm'
import { format, resolveConfig } from 'prettier'

const root = join(import.meta.dirname, '..')
const USAGE =
  'npm run new -- input|filter|output NAME [--chunked], NAME as in a configuration: my_input'

/** With more, the import of a filter's test would not fit into a line. */
const TYPE_LENGTH_MAX = 24

type Kind = 'input' | 'filter' | 'output'

const FOLDERS: Readonly<Record<Kind, string>> = {
  input: 'inputs',
  filter: 'pipeline/filters',
  output: 'outputs',
}

interface Names {
  readonly kind: Kind
  /** The name of its templates. */
  readonly template: string
  /** `my_input`, as in a configuration. */
  readonly type: string
  /** `my-input`, as in file names. */
  readonly stem: string
  /** `myInput`, the exported definition. */
  readonly constant: string
  /** `MyInput`, the beginning of the class's name. */
  readonly className: string
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { docs: { type: 'boolean', default: true }, chunked: { type: 'boolean' } },
    allowNegative: true,
  })
  const [kind, type, ...rest] = positionals
  if (!isKind(kind) || type === undefined || rest.length > 0) fail(`expected ${USAGE}`)
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(type)) {
    fail(`cannot name a component ${type}: not in snake_case; expected ${USAGE}`)
  }
  if (type.length > TYPE_LENGTH_MAX) {
    const cause = `${type.length} letters; expected ${TYPE_LENGTH_MAX} at most`
    fail(`cannot name a component ${type}: ${cause}`)
  }
  const isChunked = values.chunked === true
  if (isChunked && kind !== 'output') fail(`cannot make ${kind} ${type} chunked; expected output`)
  const names = namesOf(kind, type, isChunked)
  const files = scaffold(names)
  const list = `src/${FOLDERS[kind]}/index.ts`
  const listText = readFileSync(join(root, list), 'utf8')
  const trouble = takenBy(names, [...files.keys()], listText)
  if (trouble !== undefined) fail(`cannot make ${kind} ${type}: ${trouble}; expected a new name`)
  files.set(list, withComponent(listText, names))
  for (const [path, text] of files) await write(path, text)
  if (values.docs) writeDocs()
  console.log(`made ${[...files.keys()].join(', ')}`)
  console.log('now: npm test, npm run check, and make it do what it is for')
}

function writeDocs(): void {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/docs.ts')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (status !== 0) fail('the files are made, but npm run docs failed; expected it to pass')
}

/** What a new component of these names would break, if anything. */
function takenBy({ kind, stem, constant }: Names, files: readonly string[], listText: string) {
  // A component may be a folder, and so may its tests.
  const folders = [`src/${FOLDERS[kind]}/${stem}`, `test/${FOLDERS[kind]}/${stem}`]
  const path = [...files, ...folders].find((each) => existsSync(join(root, each)))
  if (path !== undefined) return `${path} exists`
  const code = listText.replaceAll(/\/\*.*?\*\/|\/\/.*/gs, '')
  if (new RegExp(`(const |[{[,]\\s*)${constant}\\b`).test(code))
    return `src/${FOLDERS[kind]}/index.ts has a ${constant} already`
  return isReserved(constant) ? `${constant} is a word of JavaScript` : undefined
}

function isReserved(name: string): boolean {
  try {
    return !new Script(`'use strict'; async () => { const ${name} = 0 }`)
  } catch (error) {
    if (error instanceof SyntaxError) return true
    throw error
  }
}

function namesOf(kind: Kind, type: string, isChunked: boolean): Names {
  const className = type.split('_').map(capital).join('')
  const constant = className.charAt(0).toLowerCase() + className.slice(1)
  const template = isChunked ? 'chunked-output' : kind
  return { kind, template, type, stem: type.replaceAll('_', '-'), constant, className }
}

/** The new files by their path, filled in. */
function scaffold(names: Names): Map<string, string> {
  const { kind, stem } = names
  const folder = FOLDERS[kind]
  const up = folder.includes('/') ? '../../' : '../'
  const source = filledIn(`${names.template}.ts`, names).replaceAll('../../src/', up)
  const own = folder.startsWith('pipeline/') ? source.replaceAll(`${up}pipeline/`, '../') : source
  const tests = filledIn(`${names.template}.test.ts`, names)
    .replaceAll('../../test/', up)
    .replaceAll(`'./${names.template}.ts'`, `'${up}../src/${folder}/${stem}.ts'`)
  return new Map([
    [`src/${folder}/${stem}.ts`, own],
    [`test/${folder}/${stem}.test.ts`, tests],
    [`config/examples/${stem}.yaml`, exampleConfig(names)],
    [`config/examples/${stem}.test.yaml`, EXAMPLE_TEST],
  ])
}

function filledIn(name: string, { type, stem, constant, className }: Names): string {
  return readFileSync(join(root, 'scripts/templates', name), 'utf8')
    .replaceAll('template_name', type)
    .replaceAll('template-name', stem)
    .replaceAll('templateName', constant)
    .replaceAll('TemplateName', className)
}

function exampleConfig({ kind, type }: Names): string {
  const input = kind === 'input' ? `{ type: ${type} }` : '{ type: forward }'
  const output = kind === 'output' ? `{ type: ${type} }` : '{ type: stdout }'
  const filter = kind === 'filter' ? [`  - { filter: '**', type: ${type} }`] : []
  return [
    '# yaml-language-server: $schema=../schema.json',
    `# The ${type} ${kind}, with its defaults.`,
    'inputs:',
    `  source: ${input}`,
    'outputs:',
    `  target: ${output}`,
    'pipeline:',
    ...filter,
    "  - { match: '**', to: target }",
    '',
  ].join('\n')
}

const EXAMPLE_TEST = `tests:
  - name: an event goes where it should
    send: [{ tag: app, record: { n: 1 } }]
    expect:
      target: [{ tag: app, record: { n: 1 } }]
`

/** The text of an index.ts with the component imported and listed last. */
function withComponent(text: string, { kind, stem, constant }: Names): string {
  const list = new RegExp(`(export const ${kind}s: [^=]*= \\[)([^\\]]*)\\]`).exec(text)
  const lastImport = text.lastIndexOf('\nimport ')
  if (!list || lastImport < 0) fail(`cannot add to the list of ${kind}s; expected export const`)
  const afterImport = text.indexOf('\n', text.indexOf(" from '", lastImport)) + 1
  const items = list[2]!.split(',').map((item) => item.trim())
  const listed = [...items.filter((item) => item !== ''), constant]
  return (
    text.slice(0, afterImport) +
    `import { ${constant} } from './${stem}.ts'\n` +
    text.slice(afterImport).replace(list[0], `${list[1]!}${listed.join(', ')}]`)
  )
}

/** Formatted, because names make lines longer and shorter. */
async function write(path: string, text: string): Promise<void> {
  const absolute = join(root, path)
  mkdirSync(dirname(absolute), { recursive: true })
  const options = await resolveConfig(absolute)
  writeFileSync(absolute, await format(text, { ...options, filepath: absolute }))
}

function isKind(text: string | undefined): text is Kind {
  return text !== undefined && Object.hasOwn(FOLDERS, text)
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}

await main()
