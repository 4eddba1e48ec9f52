/** `some-app | logboom run`: everything the app has printed is written when both have ended. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CollectorProcess, simpleConfig } from '../support/collector-process.ts'
import { until } from '../support/wait.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const CONFIG = `
data_dir: ./data
http: { enabled: false }
inputs:
  app: { type: stdin, tag: app }
outputs:
  files: { type: file, path: "./logs/\${tag}.log" }
pipeline:
  - match: "**"
    to: files
`

test('a pipe that ends ends the collector, with all of it delivered', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'logboom-stdin-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'config.yaml'), CONFIG)
  const count = 100_000
  const print = `for (let i = 0; i < ${count}; i++) console.log('line ' + i)`
  const app = spawn(process.execPath, ['-e', print], { stdio: ['ignore', 'pipe', 'inherit'] })
  const collector = spawn(process.execPath, [MAIN, 'run', '-c', 'config.yaml'], {
    cwd: folder,
    stdio: [app.stdout, 'pipe', 'pipe'],
  })
  let log = ''
  collector.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const [code] = (await once(collector, 'close')) as [number]
  assert.equal(code, 0, log)
  const lines = readFileSync(join(folder, 'logs/app.log'), 'utf8').trimEnd().split('\n')
  assert.equal(lines.length, count)
  const last = JSON.parse(lines.at(-1)!) as { log: string }
  assert.equal(last.log, `line ${count - 1}`)
  assert.match(log, /an input has come to its end/)
})

test('it waits for an output that is away until that has it all', async (t) => {
  const receiver = await CollectorProcess.prepare({ config: simpleConfig })
  t.after(() => receiver[Symbol.asyncDispose]())
  const folder = mkdtempSync(join(tmpdir(), 'logboom-stdin-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const peer = `  peer:
    type: forward
    servers: ["tcp://127.0.0.1:${receiver.places.forward}"]
    failed_wait: 100ms
    retry: { max_interval: 200ms }
`
  const config = CONFIG.replace(/ {2}files: .*\n/, peer).replace('to: files', 'to: peer')
  writeFileSync(join(folder, 'config.yaml'), config)
  const collector = spawn(process.execPath, [MAIN, 'run', '-c', 'config.yaml'], { cwd: folder })
  t.after(() => collector.kill('SIGKILL'))
  let log = ''
  collector.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const closed = once(collector, 'close')
  collector.stdin.end('one\ntwo\n')
  await until('it waits', () => log.includes('waiting until all of it is delivered'))
  await receiver.start()
  assert.deepEqual((await closed)[0], 0, log)
  const lines = await receiver.linesOf('app', 2)
  assert.deepEqual(
    lines.map(({ log: text }) => text),
    ['one', 'two'],
  )
  await receiver.stop()
})

test('without a configuration, with --stdin', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'logboom-stdin-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const collector = spawn(process.execPath, [MAIN, 'run', '--stdin'], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let log = ''
  collector.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  collector.stdin.end('one\ntwo')
  const [code] = (await once(collector, 'close')) as [number]
  assert.equal(code, 0, log)
  const lines = readFileSync(join(folder, 'logs/stdin.log'), 'utf8').trimEnd().split('\n')
  const logs = lines.map((line) => (JSON.parse(line) as { log: string }).log)
  assert.deepEqual(logs, ['one', 'two'])
})

test('--stdin is not for a configuration', async () => {
  const collector = spawn(process.execPath, [MAIN, 'run', '--stdin', '-c', 'x.yaml'])
  let log = ''
  collector.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const [code] = (await once(collector, 'close')) as [number]
  assert.equal(code, 2)
  assert.match(log, /--stdin is without -c/)
})
