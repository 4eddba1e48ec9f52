/** What npm would publish, installed into an empty folder and used from there. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { test } from 'node:test'
import { Running, runWell } from '../support/child.ts'
import { freePort } from '../support/free-port.ts'
import { requireTool } from '../support/tool.ts'
import { until } from '../support/wait.ts'

const root = join(import.meta.dirname, '../..')

/** The installed program finds this Node.js by its name, as it would any other. */
const env = {
  ...process.env,
  PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
  NODE_ENV: 'production',
}

test('the package installs, runs and brings its types', { timeout: 180_000 }, async (t) => {
  const npm = requireTool(t, 'npm')
  if (npm === undefined) return
  const folder = await mkdtemp(join(tmpdir(), 'logboom-package-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const installed = await installPackage(npm, folder)
  await checkContents(join(installed, 'node_modules/logboom'))
  const logboom = join(installed, 'node_modules/.bin/logboom')
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Version
  assert.equal(await runWell(logboom, ['--version'], { env, cwd: folder }), `${version}\n`)
  assert.match(await runWell(logboom, ['config'], { env, cwd: folder }), /join_parts/)
  await checkTypes(installed)
  await checkRun(logboom, installed)
})

interface Version {
  readonly version: string
}

async function installPackage(npm: string, folder: string): Promise<string> {
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error']
  const pack = ['pack', '--pack-destination', folder, ...quiet]
  await runWell(npm, pack, { cwd: root, env: { ...env, NODE_ENV: '' } })
  const [tarball] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'))
  assert.ok(tarball, 'npm pack made no file')
  const empty = join(folder, 'empty')
  await mkdir(empty)
  await writeFile(join(empty, 'package.json'), '{ "type": "module" }')
  const install = ['install', '--prefer-offline', '--ignore-scripts', ...quiet]
  await runWell(npm, [...install, join(folder, tarball)], { cwd: empty, env })
  return empty
}

async function checkContents(folder: string): Promise<void> {
  const found = await readdir(folder)
  for (const name of ['LICENSE', 'README.md', 'package.json', 'dist', 'config']) {
    assert.ok(found.includes(name), `${name} is missing`)
  }
  assert.deepEqual(
    found.filter((name) => ['src', 'test', 'scripts', 'docs', 'bench'].includes(name)),
    [],
  )
}

/** A component written against the package's types is checked against them. */
async function checkTypes(folder: string): Promise<void> {
  const lines = [
    "import { defineOutput, type Batch } from 'logboom'",
    "const batch: Batch = { tag: 'a', entries: new Uint8Array(), count: 1 }",
    '// @ts-expect-error: a tag is a text',
    'const wrong: Batch = { ...batch, tag: 1 }',
    'console.log(typeof defineOutput, wrong.count)',
    '',
  ]
  await writeFile(join(folder, 'component.ts'), lines.join('\n'))
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--skipLibCheck']
  const node = ['--typeRoots', join(root, 'node_modules/@types'), '--types', 'node']
  const args = [tsc, ...options, ...node, '--ignoreConfig', 'component.ts']
  await runWell(process.execPath, args, { cwd: folder })
  const printed = await runWell(process.execPath, ['component.ts'], { cwd: folder })
  assert.equal(printed, 'function 1\n')
}

/** An event comes in over the network and stands in a file that is rotated and compressed. */
async function checkRun(logboom: string, folder: string): Promise<void> {
  const [forward, http] = [await freePort(), await freePort()]
  const config = [
    `http: { listen: "tcp://127.0.0.1:${http}" }`,
    `inputs: { docker: { type: forward, listen: "tcp://127.0.0.1:${forward}" } }`,
    'outputs:',
    '  files: { type: file, path: "./logs/${tag}.log", rotate: { size: 100B }, compress: zstd }',
    'pipeline: [{ filter: "**", type: join_parts }, { match: "**", to: files }]',
  ]
  await writeFile(join(folder, 'logboom.yaml'), config.join('\n'))
  const running = new Running(logboom, ['run', '-c', 'logboom.yaml'], { cwd: folder, env })
  try {
    await until('the packaged collector is ready', () => isReady(http, running))
    await send(forward, ['first line', 'second line', 'third line'])
    // The worker that compresses is a file of its own, which a bundle can lose.
    const compressed = async () => (await names(join(folder, 'logs'))).find(isCompressed)
    await until('a rotated file is compressed', compressed)
  } finally {
    await running.end()
  }
  assert.deepEqual(await running.exit, { code: 0, signal: null }, running.output)
}

async function isReady(port: number, running: Running): Promise<boolean> {
  if (!running.alive) throw new Error(`it ended:\n${running.output}`)
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok
  } catch (_notYet) {
    return false
  }
}

/** As JSON, which the forward input takes too: `[tag, time, record]`. */
function send(port: number, texts: readonly string[]): Promise<void> {
  const lines = texts.map((log) => JSON.stringify(['app', 1, { log: log.padEnd(90, '.') }]))
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(lines.join('\n')))
    socket.once('error', reject)
    socket.once('close', () => resolve())
  })
}

async function names(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (_notYet) {
    return []
  }
}

function isCompressed(name: string): boolean {
  return name.endsWith('.zst')
}
