/** `npm test` and `npm run test:real` together run every test there is, and none twice. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../..')

/** The files a script of package.json names in quotes. */
function filesOf(script: string): string[] {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>
  }
  const patterns = [...scripts[script]!.matchAll(/"([^"]+)"/g)].map(([, pattern]) => pattern!)
  return patterns.flatMap((pattern) => globSync(pattern, { cwd: root }))
}

test('no test file is left out', () => {
  const all = globSync('test/**/*.test.ts', { cwd: root }).sort()
  assert.deepEqual([...filesOf('test'), ...filesOf('test:real')].sort(), all)
  assert.deepEqual(filesOf('test:real:long'), filesOf('test:real'))
})
