/** `logboom dead-letters` on files alone, and with a collector that runs. */
import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { CollectorProcess, type Places } from '../support/collector-process.ts'
import { Running } from '../support/child.ts'
import { ReliableSender } from '../support/reliable-sender.ts'
import { until } from '../support/wait.ts'
import { letterOf, numbered, open } from '../pipeline/dead-letters/store-fixture.ts'
import { logboom } from './program.ts'
import { temporaryFolder } from './temporary-folder.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
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

test('list says which files it cannot read, and does not end well then', async () => {
  await using folder = await prepared()
  const letters = join(folder.path, 'data/dead-letters')
  const [name] = (await readdir(letters)).filter((each) => each.endsWith('.jsonl'))
  const path = join(letters, name!)
  const lines = (await readFile(path, 'utf8')).split('\n')
  await writeFile(path, [lines[0]!.replace('{', '['), ...lines.slice(1)].join('\n'))
  await mkdir(join(letters, '20261122T085000000Z.jsonl'))
  const { code, stdout, stderr } = await folder.run('list', '--data-dir', 'data')
  assert.equal(code, 1)
  assert.equal(stdout.split('\n').length - 1, 2)
  assert.match(
    stderr,
    new RegExp(`^cannot read dead letters in \\S+/${name}: line 1 is damaged$`, 'm'),
  )
  assert.match(stderr, /^cannot read dead letters in \S+\/20261122T\S+\.jsonl: EISDIR/m)
  assert.match(stderr, /^2 dead letters$/m)
  const note = path.replace('.jsonl', '.done')
  await writeFile(note, 'not at all')
  const again = await folder.run('list', '--data-dir', 'data')
  assert.match(again.stderr, /\.done: it is damaged: what is done with is listed as well$/m)
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
    ['nonsense', /cannot "nonsense" dead letters; expected one of: list, show, replay, drop\n/],
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

describe('with a collector that runs', () => {
  const picky = pathToFileURL(join(import.meta.dirname, '../support/picky-output.ts')).href
  const env = { NODE_OPTIONS: `--import=${picky}` }
  const config = ({ forward, http }: Places) => `
http: { listen: "tcp://127.0.0.1:${http}" }
inputs: { docker: { type: forward, listen: "tcp://127.0.0.1:${forward}" } }
outputs: { search: { type: picky }, files: { type: file, path: "./logs/\${tag}.log" } }
pipeline: [{ match: app, to: search }, { match: "**", to: files }]
`

  /** It has so many dead letters. */
  async function started(count: number) {
    const collector = await CollectorProcess.prepare({ config, env })
    await writeFile(join(collector.folder, 'reject'), '')
    await collector.start()
    const options = { cwd: collector.folder, env: { ...process.env, ...env } }
    const command = (args: readonly string[]) => ['dead-letters', ...args, '-c', 'config.yaml']
    const run = (...args: string[]) => logboom(command(args), options)
    const start = (...args: string[]) =>
      new Running(process.execPath, [MAIN, ...command(args)], options)
    const address = { port: collector.places.forward }
    await new ReliableSender({ address, tag: 'app', window: 10 }).run(count)
    const all = `${count} dead letters\n`
    await until('all are listed', async () => (await run('list')).stderr === all)
    return { collector, run, start }
  }

  test('list, replay to one output, drop', async () => {
    const { run, ...parts } = await started(50)
    await using collector = parts.collector
    const [id = ''] = (await run('list')).stdout.split('  ')
    assert.equal((await run('drop', id)).stdout, '1 dead letter dropped\n')
    const wrong = await run('replay', '--to', 'nowhere')
    assert.equal(wrong.code, 1)
    assert.match(wrong.stderr, /there is no output "nowhere"; expected one of search, files/)
    const replayed = await run('replay', '--to', 'files')
    const expected = 'replay done; of 49: 49 examined, 49 taken, 0 rejected\n'
    assert.deepEqual([replayed.code, replayed.stdout], [0, expected])
    assert.equal((await collector.linesOf('app', 49)).length, 49)
    await collector.stop()
  })

  /** A replay to a file that cannot be written until `clear`. */
  async function held(count: number) {
    const { run, start, collector } = await started(count)
    const obstacle = join(collector.logs, 'app.log')
    await mkdir(obstacle, { recursive: true })
    const replay = start('replay', '--to', 'files')
    const isIn = (state: string) => async () => {
      const { replay: found } = (await collector.getJson('/api/dead-letters')) as {
        replay: { state: string } | null
      }
      return found?.state === state
    }
    await until('it runs', isIn('running'))
    const isOnItsWay = async () => (await collector.ledger()).in_flight === count
    await until('the output has all of it', isOnItsWay)
    return { collector, run, replay, isIn, clear: () => rmdir(obstacle) }
  }

  // As soon as can be: it waits three seconds, and the output tries ever more seldom.
  test('Ctrl-C stops a replay, which waits for what is on its way', async () => {
    const { replay, isIn, clear, ...parts } = await held(3)
    await using collector = parts.collector
    replay.signal('SIGINT')
    await until('it is being stopped', isIn('stopping'))
    await clear()
    assert.deepEqual(await replay.exit, { code: 1, signal: null })
    assert.equal(replay.output, 'replay stopped; of 3: 3 examined, 3 taken, 0 rejected\n')
    assert.equal((await collector.linesOf('app', 3)).length, 3)
    await collector.stop()
  })

  test('nothing is dropped while a replay runs', async () => {
    const { run, replay, clear, ...parts } = await held(3)
    await using collector = parts.collector
    assert.match((await run('drop', '--all')).stderr, /cannot drop dead letters: a replay runs\n$/)
    await clear()
    assert.deepEqual(await replay.exit, { code: 0, signal: null })
    assert.equal(replay.output, 'replay done; of 3: 3 examined, 3 taken, 0 rejected\n')
    await collector.stop()
  })
})
