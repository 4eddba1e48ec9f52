/** Signals that come to `logboom run` before the collector is at work. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Running } from '../support/child.ts'
import { until } from '../support/wait.ts'
import { temporaryFolder } from './temporary-folder.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

const CONFIG = `
http: { enabled: false }
log: { format: json }
inputs: { docker: { type: forward, listen: tcp://127.0.0.1:0 } }
outputs: { nowhere: { type: "null" } }
pipeline: [{ match: "**", to: nowhere }]
`

/** The process gets `signals` at the moment it begins to load that file. */
async function runWith(signals: readonly string[], file: string): Promise<RunningHere> {
  const folder = await temporaryFolder()
  await writeFile(join(folder.path, 'logboom.yaml'), CONFIG)
  const raise = `
    import { registerHooks } from 'node:module'
    registerHooks({ load(url, context, next) {
      if (url.endsWith('${file}'))
        for (const signal of ${JSON.stringify(signals)}) process.kill(process.pid, signal)
      return next(url, context)
    } })`
  const hook = `--import=data:text/javascript,${encodeURIComponent(raise)}`
  const args = [hook, MAIN, 'run', '-c', 'logboom.yaml']
  return new RunningHere(args, folder)
}

class RunningHere extends Running implements AsyncDisposable {
  readonly #folder: AsyncDisposable

  constructor(args: readonly string[], folder: Awaited<ReturnType<typeof temporaryFolder>>) {
    super(process.execPath, args, { cwd: folder.path })
    this.#folder = folder
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end(100)
    await this.#folder[Symbol.asyncDispose]()
  }
}

for (const file of [
  '/src/cli/main.ts',
  '/src/collector/collector.ts',
  '/src/collector/transition.ts',
]) {
  test(`SIGHUP and SIGUSR1 while ${file} is loaded are done after the start`, async () => {
    await using running = await runWith(['SIGHUP', 'SIGUSR1'], file)
    await until('it has reloaded', () => {
      assert.ok(running.alive, running.output)
      return /"msg":"reloaded"/.test(running.output)
    })
    assert.match(running.output, /"msg":"ready"[^]*"msg":"reopening files"/)
    assert.deepEqual(await running.end(), { code: 0, signal: null })
  })

  for (const signal of ['SIGTERM', 'SIGINT'])
    test(`${signal} while ${file} is loaded stops in order, with nothing opened`, async () => {
      await using running = await runWith([signal], file)
      assert.deepEqual(await running.exit, { code: 0, signal: null }, running.output)
      assert.match(running.output, /"msg":"stopped"/)
      assert.doesNotMatch(running.output, /"msg":"ready"/)
    })
}

test('a second stop signal ends it at once, even while it is loaded', async () => {
  await using running = await runWith(['SIGTERM', 'SIGINT'], '/cli/main.ts')
  const { code } = await running.exit
  assert.ok(code === 130 || code === 143, `${code}: ${running.output}`)
})
