import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { tidy } from '../../scripts/tidy.ts'
import { readSources } from '../../scripts/tidy/source.ts'

const root = join(import.meta.dirname, '../..')
const LONGEST_TYPE = 'moon_shade_of_four_signs'
/** Of the new components, below src/ and test/. */
const PLACES = [
  'inputs/moon-source',
  'pipeline/filters/moon-shade-of-four-signs',
  'outputs/moon-target',
  'outputs/moon-cloud',
]

const TESTS = PLACES.map((place) => `test/${place}.test.ts`)
const SOURCES = PLACES.map((place) => `src/${place}.ts`)

test('scaffolds components that type-check, pass their tests and are documented', async (t) => {
  const copy = await copyWithNew(t)
  run(copy, 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.json')
  run(copy, '--test', ...TESTS)
  const pagePath = join(copy, 'docs/reference/filters/moon-shade-of-four-signs.md')
  const page = await readFile(pagePath, 'utf8')
  assert.match(page, /`tags`/)
  const cloud = await readFile(join(copy, 'docs/reference/outputs/moon-cloud.md'), 'utf8')
  assert.match(cloud, /always has a buffer: on disk/)
  await writeFile(pagePath, `${page}By hand.\n`)
  const check = spawnSync(process.execPath, ['scripts/docs.ts', '--check'], { cwd: copy })
  assert.equal(check.status, 1)
  assert.match(check.stderr.toString(), /moon-shade-of-four-signs\.md is stale; run npm run docs/)
})

test('scaffolds components that need no mending before npm run check', async (t) => {
  const copy = await copyWithNew(t)
  const others = PLACES.flatMap((place) => [listBeside(place), exampleOf(place)])
  run(copy, 'node_modules/prettier/bin/prettier.cjs', '--check', ...TESTS, ...SOURCES, ...others)
  run(copy, 'node_modules/eslint/bin/eslint.js', ...TESTS, ...SOURCES)
  const troubles = tidy(readSources(copy)).filter(({ path }) => path.includes('moon'))
  assert.deepEqual(troubles, [])
})

test('refuses names that cannot be, and those that are taken', async (t) => {
  const copy = await copyOfRepository()
  t.after(() => rm(copy, { recursive: true, force: true }))
  const refuse = (...args: string[]) => {
    const options = { cwd: copy, encoding: 'utf8' } as const
    const { status, stderr } = spawnSync(process.execPath, ['scripts/new.ts', ...args], options)
    assert.equal(status, 1)
    return stderr
  }
  assert.match(refuse('input', 'CamelCase'), /not in snake_case/)
  assert.match(refuse('input', '../../etc'), /not in snake_case/)
  assert.match(refuse('input', 'gelf', '--chunked'), /cannot make input gelf chunked; expected/)
  assert.match(refuse('codec', 'gelf'), /expected npm run new -- input\|filter\|output NAME/)
  run(copy, 'scripts/new.ts', 'input', 'moon_light', '--no-docs')
  assert.match(refuse('input', 'moon_light', '--no-docs'), /src\/inputs\/moon-light\.ts exists/)
  assert.match(refuse('input', 'forward'), /src\/inputs\/forward exists; expected a new name/)
  assert.match(refuse('output', 'file'), /src\/outputs\/file exists/)
  assert.match(refuse('filter', 'join_parts'), /src\/pipeline\/filters\/join-parts exists/)
  assert.match(refuse('output', 'null_output'), /src\/outputs\/index\.ts has a nullOutput/)
  assert.match(refuse('input', 'await'), /await is a word of JavaScript/)
  assert.match(refuse('input', 'm'.repeat(25)), /25 letters; expected 24 at most/)
})

async function copyWithNew(t: TestContext): Promise<string> {
  const copy = await copyOfRepository()
  t.after(() => rm(copy, { recursive: true, force: true }))
  run(copy, 'scripts/new.ts', 'input', 'moon_source', '--no-docs')
  run(copy, 'scripts/new.ts', 'filter', LONGEST_TYPE, '--no-docs')
  run(copy, 'scripts/new.ts', 'output', 'moon_target', '--no-docs')
  run(copy, 'scripts/new.ts', 'output', 'moon_cloud', '--chunked')
  // In place of that of the repository, whose files are more than the new ones need.
  await writeFile(join(copy, 'tsconfig.json'), await tsconfigFor(TESTS))
  return copy
}

async function copyOfRepository(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'logboom-new-'))
  const folders = ['src', 'scripts', 'config', 'docs', 'test/drivers', 'test/support']
  const rules = ['.prettierrc.json', '.prettierignore', 'eslint.config.js']
  for (const path of [...folders, ...rules, 'package.json', 'tsconfig.json']) {
    await cp(join(root, path), join(copy, path), { recursive: true })
  }
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

function listBeside(place: string): string {
  return `src/${dirname(place)}/index.ts`
}

function exampleOf(place: string): string {
  return `config/examples/${basename(place)}.yaml`
}

async function tsconfigFor(tests: readonly string[]): Promise<string> {
  const whole = JSON.parse(await readFile(join(root, 'tsconfig.json'), 'utf8')) as object
  return JSON.stringify({ ...whole, include: [], files: tests })
}

function run(cwd: string, ...args: string[]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' })
  assert.equal(status, 0, `${args.join(' ')}\n${stdout}\n${stderr}`)
}
