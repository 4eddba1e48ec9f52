/** `logboom run --tap`. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { logboom } from './program.ts'
import { temporaryFolder } from './temporary-folder.ts'

const CONFIG = `
http: { enabled: false }
inputs: { app: { type: stdin, tag: app } }
outputs: { nowhere: { type: 'null' } }
pipeline:
  - { filter: '**', type: grep, drop: log == "two" }
  - { match: '**', to: nowhere }
`

test('prints what passes, and nothing else, on standard output', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'logboom.yaml'), CONFIG)
  const args = ['run', '-c', 'logboom.yaml', '--tap', 'app', '--tap-point', 'after:grep']
  const { code, stdout } = await logboom(args, { cwd: folder.path, input: 'one\ntwo\nthree\n' })
  assert.equal(code, 0)
  const lines = stdout.trimEnd().split('\n')
  const events = lines.map((line) => JSON.parse(line) as { point: string; event: object })
  assert.deepEqual(
    events.map(({ point, event }) => [point, (event as { log: string }).log]),
    [
      ['after:grep', 'one'],
      ['after:grep', 'three'],
    ],
  )
})

test('says what is wrong with a point or pattern', async () => {
  const messageOf = async (...args: string[]) => {
    const { code, stderr } = await logboom(['run', ...args])
    assert.equal(code, 2)
    return stderr
  }
  assert.match(await messageOf('--tap-point', 'output'), /--tap-point needs --tap PATTERN/)
  assert.match(await messageOf('--tap', '**', '--tap-point', 'x'), /unknown point "x"; expected/)
  assert.match(await messageOf('--tap', '{'), /cannot read tag pattern/)
})

test('says which points there are if one is not', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'logboom.yaml'), CONFIG)
  const args = ['run', '-c', 'logboom.yaml', '--tap', '**', '--tap-point', 'after:nope']
  const { code, stdout, stderr } = await logboom(args, { cwd: folder.path, input: 'one\n' })
  assert.equal(code, 2)
  assert.equal(stdout, '')
  assert.match(stderr, /unknown point "after:nope"; expected one of: after, after:grep/)
})
