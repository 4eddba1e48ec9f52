import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { componentParts } from '../../scripts/tidy/components.ts'
import { readSources } from '../../scripts/tidy/source.ts'

const root = join(import.meta.dirname, '../..')

test('scaffolds components that type-check, pass their tests and are documented', async (t) => {
  const copy = await copyOfRepository()
  t.after(() => rm(copy, { recursive: true, force: true }))
  run(copy, 'scripts/new.ts', 'input', 'moon_source', '--no-docs')
  run(copy, 'scripts/new.ts', 'filter', 'moon_shade', '--no-docs')
  run(copy, 'scripts/new.ts', 'output', 'moon_target')
  const tests = [
    'test/inputs/moon-source.test.ts',
    'test/pipeline/filters/moon-shade.test.ts',
    'test/outputs/moon-target.test.ts',
  ]
  await writeFile(join(copy, 'tsconfig.new.json'), tsconfigFor(tests))
  run(copy, 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.new.json')
  run(copy, 'node_modules/prettier/bin/prettier.cjs', '--check', 'src/*/index.ts', ...tests)
  run(copy, '--test', ...tests)
  const troubles = componentParts(readSources(copy)).filter(({ path }) => path.includes('moon'))
  assert.deepEqual(troubles, [])
  const page = await readFile(join(copy, 'docs/reference/filters/moon-shade.md'), 'utf8')
  assert.match(page, /`tags`/)
  await writeFile(join(copy, 'docs/reference/filters/moon-shade.md'), `${page}By hand.\n`)
  const check = spawnSync(process.execPath, ['scripts/docs.ts', '--check'], { cwd: copy })
  assert.equal(check.status, 1)
  assert.match(check.stderr.toString(), /moon-shade\.md is stale; run npm run docs/)
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
  assert.match(refuse('codec', 'gelf'), /expected npm run new -- input\|filter\|output NAME/)
  run(copy, 'scripts/new.ts', 'input', 'moon_light', '--no-docs')
  assert.match(refuse('input', 'moon_light', '--no-docs'), /src\/inputs\/moon-light\.ts exists/)
})

async function copyOfRepository(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'logboom-new-'))
  const folders = ['src', 'scripts', 'config', 'docs', 'test/drivers', 'test/support']
  for (const path of [...folders, 'package.json', 'tsconfig.json', '.prettierrc.json']) {
    await cp(join(root, path), join(copy, path), { recursive: true })
  }
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

function tsconfigFor(tests: readonly string[]): string {
  return JSON.stringify({ extends: './tsconfig.json', include: [], files: tests })
}

function run(cwd: string, ...args: string[]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' })
  assert.equal(status, 0, `${args.join(' ')}\n${stdout}\n${stderr}`)
}
