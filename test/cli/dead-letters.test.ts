/** `logboom dead-letters` on files alone, and with a collector that runs. */
import assert from 'node:assert/strict'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { CollectorProcess, type Places } from '../support/collector-process.ts'
import { ReliableSender } from '../support/reliable-sender.ts'
import { until } from '../support/wait.ts'
import { letterOf, numbered, open } from '../pipeline/dead-letters/store-fixture.ts'
import { logboom } from './program.ts'
import { temporaryFolder } from './temporary-folder.ts'

const FIRST = '20261121T085000000Z-1'
const CONFIG = `
http: { listen: "tcp://127.0.0.1:1" }
inputs: { docker: { type: forward } }
outputs: { files: { type: file, path: ./logs/all.log } }
pipeline: [{ match: "**", to: files }]
`

/** A folder with a configuration and three dead letters. */
async function prepared() {
  const folder = await temporaryFolder()
  await writeFile(join(folder.path, 'logboom.yaml'), CONFIG)
  const { store } = await open(join(folder.path, 'data/dead-letters'))
  const odd = { tag: 'app\u001b[2J', reason: 'two\nlines', sequence: 8 }
  await store.sinkFor('search').add([letterOf([{ big: 9_007_199_254_740_993n }])])
  await store.sinkFor('archive').add([letterOf([{ log: 'x' }], odd), ...numbered(9, 10)])
  await store.stop()
  const run = (...args: string[]) => logboom(['dead-letters', ...args], { cwd: folder.path })
  return { ...folder, run }
}

test('list shows one line for each, and how many there are', async () => {
  await using folder = await prepared()
  const { code, stdout, stderr } = await folder.run('list', '-c', 'logboom.yaml')
  assert.deepEqual([code, stderr], [0, '3 dead letters\n'])
  assert.deepEqual(stdout.split('\n'), [
    `${FIRST}  search  docker.web  rejected  cannot parse it`,
    '20261121T085000000Z-2  archive  app\\u001b[2J  rejected  two\\u000alines',
    '20261121T085000000Z-3  archive  docker.web  rejected  cannot parse it',
    '',
  ])
})

test('list selects, and gives the lines as they are to scripts', async () => {
  await using folder = await prepared()
  const args = [
    'list',
    '--data-dir',
    'data',
    '--json',
    '--match',
    'docker.*',
    '--output',
    'archive',
  ]
  const { code, stdout, stderr } = await folder.run(...args)
  assert.deepEqual([code, stderr], [0, ''])
  const { id, tag } = JSON.parse(stdout) as Readonly<Record<string, unknown>>
  assert.deepEqual([id, tag], ['20261121T085000000Z-3', 'docker.web'])
  const none = await folder.run('list', '--data-dir', 'data', '--until', '2026-11-21T08:49:00Z')
  assert.deepEqual([none.code, none.stderr], [0, '0 dead letters\n'])
  assert.equal((await folder.run('list', '--data-dir', 'nowhere')).stderr, '0 dead letters\n')
})

test('show has all of it, with all digits', async () => {
  await using folder = await prepared()
  const { code, stdout } = await folder.run('show', '--data-dir', 'data', FIRST)
  assert.equal(code, 0)
  assert.match(stdout, /^first reason {2}timeout$/m)
  assert.match(stdout, /^record {8}\{"big":9007199254740993\}$/m)
  const missing = await folder.run('show', '--data-dir', 'data', '20261121T085000000Z-4')
  assert.equal(missing.code, 1)
  assert.match(missing.stderr, /^logboom dead-letters: no such dead letter for 1 of 1 ids in data/)
})

test('drop without a collector drops in the files, and leaves nothing else behind', async () => {
  await using folder = await prepared()
  const drop = ['drop', '-c', 'logboom.yaml']
  const { code, stdout } = await folder.run(...drop, FIRST)
  assert.deepEqual([code, stdout], [0, '1 dead letter dropped\n'])
  const all = await folder.run(...drop, '--all', '--json')
  assert.deepEqual([all.code, all.stdout], [0, '{"dropped":2}\n'])
  assert.deepEqual(await readdir(join(folder.path, 'data')), ['dead-letters'])
  assert.deepEqual(await readdir(join(folder.path, 'data/dead-letters')), [])
})

test('replay without a collector says that it needs one', async () => {
  await using folder = await prepared()
  const { code, stderr } = await folder.run('replay', '-c', 'logboom.yaml')
  assert.equal(code, 1)
  assert.match(stderr, /cannot ask the collector at tcp:\/\/127\.0\.0\.1:1: connection refused; n/)
  assert.match(stderr, /expected a collector that runs with this configuration, at http\.listen\n$/)
})

describe('a line that makes no sense', () => {
  for (const [line, message] of [
    ['', /it is not said what to do; expected list, show, replay, drop/],
    ['lisst', /cannot "lisst" dead letters; did you mean "list"\?/],
    ['show', /the ID is missing/],
    ['show 17', /"17" is no id/],
    ['drop', /drop what\? Give IDs or options that select, or else --all/],
    ['drop --all --match x', /drop what\?/],
    ['drop --all --to files', /drop knows no --to/],
    ['list --since yesterday', /cannot read --since "yesterday"; expected a time/],
    ['list --match {a', /cannot read tag pattern/],
  ] as const)
    test(line === '' ? 'none' : line, async () => {
      const { code, stderr } = await logboom(['dead-letters', ...line.split(' ').filter(Boolean)])
      assert.equal(code, 2)
      assert.match(stderr, message)
    })
})

test('with a collector that runs: list, replay to one output, drop', async () => {
  const picky = pathToFileURL(join(import.meta.dirname, '../support/picky-output.ts')).href
  const env = { NODE_OPTIONS: `--import=${picky}` }
  const config = ({ forward, http }: Places) => `
http: { listen: "tcp://127.0.0.1:${http}" }
inputs: { docker: { type: forward, listen: "tcp://127.0.0.1:${forward}" } }
outputs: { search: { type: picky }, files: { type: file, path: "./logs/\${tag}.log" } }
pipeline: [{ match: app, to: search }, { match: "**", to: files }]
`
  await using collector = await CollectorProcess.prepare({ config, env })
  await writeFile(join(collector.folder, 'reject'), '')
  await collector.start()
  const run = (...args: string[]) =>
    logboom(['dead-letters', ...args, '-c', 'config.yaml'], {
      cwd: collector.folder,
      env: { ...process.env, ...env },
    })
  const address = { port: collector.places.forward }
  await new ReliableSender({ address, tag: 'app', window: 10 }).run(50)
  await until('all are listed', async () => (await run('list')).stderr === '50 dead letters\n')
  const { stdout } = await run('list')
  const [id = ''] = stdout.split('  ')
  assert.equal((await run('drop', id)).stdout, '1 dead letter dropped\n')
  const wrong = await run('replay', '--to', 'nowhere')
  assert.equal(wrong.code, 1)
  assert.match(wrong.stderr, /there is no output "nowhere"; expected one of search, files/)
  const replayed = await run('replay', '--to', 'files')
  const expected = 'replay done; of 49: 49 examined, 49 delivered, 0 rejected\n'
  assert.deepEqual([replayed.code, replayed.stdout], [0, expected])
  assert.equal((await collector.linesOf('app', 49)).length, 49)
  await rm(join(collector.folder, 'reject'))
  await collector.stop()
})
