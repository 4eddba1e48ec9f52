/** Programs that others wrote, as senders: curl by HTTP, pino through a pipe. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { CollectorProcess, simpleConfig, type Places } from '../support/collector-process.ts'
import { requireTool } from '../support/tool.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const httpConfig = (places: Places) => simpleConfig(places).replace('type: forward', 'type: http')

test('curl: a record, a form, a file of compressed NDJSON', async (t) => {
  if (!requireTool(t, 'curl')) return
  await using collector = await CollectorProcess.start({ config: httpConfig })
  const url = `http://127.0.0.1:${collector.places.forward}/app/web`
  const curl = (...args: string[]) =>
    execFileSync('curl', ['-sS', '--fail', ...args, url]).toString()
  assert.equal(curl('-d', '{"n":1}'), '{"accepted":1}')
  assert.equal(curl('--data-urlencode', 'json={"n":2}'), '{"accepted":1}')
  const path = join(collector.folder, 'lines.ndjson.gz')
  const lines = Array.from({ length: 50_000 }, (_, index) => `{"n":${index + 3}}\n`).join('')
  writeFileSync(path, gzipSync(lines))
  const type = ['-H', 'Content-Type: application/x-ndjson', '-H', 'Content-Encoding: gzip']
  assert.equal(curl('-X', 'POST', ...type, '-T', path), '{"accepted":50000}')
  await collector.stop()
  const written = readFileSync(join(collector.logs, 'app.web.log'), 'utf8').trimEnd().split('\n')
  const numbers = written.map((line) => (JSON.parse(line) as { n: number }).n)
  assert.deepEqual(
    numbers,
    Array.from({ length: 50_002 }, (_, index) => index + 1),
  )
})

test('pino through a pipe, with its own times', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'logboom-pino-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const config = `
data_dir: ./data
http: { enabled: false }
inputs: { app: { type: stdin, tag: app, format: { type: json, time: {} } } }
outputs: { files: { type: file, path: "./logs/app.log" } }
pipeline: [{ match: "**", to: files }]
`
  writeFileSync(join(folder, 'config.yaml'), config)
  const pino = import.meta.resolve('pino')
  const print = `import pino from '${pino}'
    const log = pino()
    for (let n = 0; n < 100; n++) log.info({ n }, 'hello')`
  const flags = ['--input-type=module', '-e', print]
  const app = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] })
  const collector = spawn(process.execPath, [MAIN, 'run', '-c', 'config.yaml'], {
    cwd: folder,
    stdio: [app.stdout, 'ignore', 'ignore'],
  })
  assert.deepEqual(await once(collector, 'close'), [0, null])
  const written = readFileSync(join(folder, 'logs/app.log'), 'utf8').trimEnd().split('\n')
  const records = written.map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.deepEqual(
    records.map(({ n, msg, level }) => [n, msg, level]),
    Array.from({ length: 100 }, (_, n) => [n, 'hello', 30]),
  )
  assert.match(String(records[0]!['time']), /^\d{4}-\d\d-\d\dT.*\.\d{3}0*Z$/)
  assert.equal(records[0]!['_time'], undefined)
})
