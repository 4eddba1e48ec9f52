/** `logboom run` as a process: its banner, and how it says that it cannot start. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Running } from '../support/child.ts'
import { until } from '../support/wait.ts'
import { logboom } from './program.ts'
import { temporaryFolder } from './temporary-folder.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

const config = (port: number, more = '') => `
http: { listen: tcp://127.0.0.1:0 }
inputs: { docker: { type: forward, listen: tcp://127.0.0.1:${port} } }
outputs: { nowhere: { type: "null" } }
pipeline: [{ match: "**", to: nowhere }]
${more}`

async function saysOf(process: Running, text: string): Promise<void> {
  await until(`it says ${text}`, () => {
    if (!process.alive) throw new Error(`it has ended:\n${process.output}`)
    return process.output.includes(text)
  })
}

test('runs, shows the real ports, takes a record of logboom send, and stops in order', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'logboom.yaml'), config(0))
  const process_ = new Running(process.execPath, [MAIN, 'run', '-c', 'logboom.yaml'], {
    cwd: folder.path,
  })
  try {
    await saysOf(process_, 'Try it:')
    assert.match(process_.output, /^logboom \S+ is ready \(logboom\.yaml\)$/m)
    const [address] = /tcp:\/\/127\.0\.0\.1:[1-9]\d+/.exec(process_.output)!
    assert.equal((await logboom(['send', '-a', address, 'app', 'a=b'])).code, 0)
    process_.signal('SIGHUP')
    await saysOf(process_, '"msg":"reloaded"')
  } finally {
    assert.deepEqual(await process_.end(), { code: 0, signal: null }, process_.output)
  }
  assert.match(process_.output, /"msg":"stopped"/)
})

test('a stop that cannot finish in time ends with 3', async () => {
  await using folder = await temporaryFolder()
  const blocked = config(0, 'stop_timeout: 100ms').replace(
    'type: "null"',
    'type: file, path: "./${tag}.log"',
  )
  await writeFile(join(folder.path, 'logboom.yaml'), blocked)
  await mkdir(join(folder.path, 'app.log'))
  const process_ = new Running(process.execPath, [MAIN, 'run', '-c', 'logboom.yaml'], {
    cwd: folder.path,
  })
  try {
    await saysOf(process_, 'Try it:')
    const [address] = /tcp:\/\/127\.0\.0\.1:[1-9]\d+/.exec(process_.output)!
    const sent = await logboom(['send', '-a', address, '--timeout', '200ms', 'app', 'a=b'])
    assert.equal(sent.code, 1)
  } finally {
    assert.deepEqual(await process_.end(), { code: 3, signal: null }, process_.output)
  }
})

test('with format json everything it says is JSON', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'logboom.yaml'), config(0, 'log: { format: json }'))
  const process_ = new Running(process.execPath, [MAIN, 'run', '-c', 'logboom.yaml'], {
    cwd: folder.path,
  })
  try {
    await saysOf(process_, '"msg":"ready"')
  } finally {
    await process_.end()
  }
  const lines = process_.output.trim().split('\n')
  for (const line of lines) assert.equal(typeof JSON.parse(line), 'object')
})

test('a port that is taken: one clear line, exit code 1', async () => {
  await using folder = await temporaryFolder()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await writeFile(join(folder.path, 'logboom.yaml'), config(port))
  const { code, stdout, stderr } = await logboom(['run', '-c', 'logboom.yaml'], {
    cwd: folder.path,
  })
  server.close()
  assert.deepEqual([code, stdout], [1, ''])
  const expected = `logboom: cannot listen on tcp://127.0.0.1:${port}: address already in use`
  assert.ok(stderr.trimEnd().split('\n').at(-1)!.startsWith(expected), stderr)
  assert.doesNotMatch(stderr, /^\s+at /m)
})

test('a second one on the same data_dir: one clear line, exit code 1', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'logboom.yaml'), config(0))
  const args = ['run', '-c', 'logboom.yaml']
  const first = new Running(process.execPath, [MAIN, ...args], { cwd: folder.path })
  try {
    await saysOf(first, 'Try it:')
    const { code, stderr } = await logboom(args, { cwd: folder.path })
    assert.equal(code, 1)
    assert.match(stderr, /^logboom: cannot use data_dir \.\/data: another collector is using it/m)
    assert.ok(first.alive)
  } finally {
    assert.deepEqual(await first.end(), { code: 0, signal: null }, first.output)
  }
})

test('a configuration that is not valid: its problems, exit code 1, nothing opened', async () => {
  await using folder = await temporaryFolder()
  await writeFile(
    join(folder.path, 'logboom.yaml'),
    config(0).replace('to: nowhere', 'to: nowehre'),
  )
  const { code, stdout, stderr } = await logboom(['run', '-c', 'logboom.yaml'], {
    cwd: folder.path,
  })
  assert.deepEqual([code, stdout], [1, ''])
  assert.match(stderr, /no output is named "nowehre"; did you mean "nowhere"\?/)
  assert.match(stderr, /\nlogboom\.yaml is not valid: 1 error\n$/)
})

test('an error nobody handled is logged as a bug and ends the process with 70', async () => {
  for (const fault of ['throw', 'Promise.reject']) {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 'logboom.yaml'), config(0))
    const planted = `process.on('SIGUSR2', () => { ${fault} (new Error('planted')) })`
    const hook = `--import=data:text/javascript,${encodeURIComponent(planted)}`
    const args = [hook, MAIN, 'run', '-c', 'logboom.yaml']
    const process_ = new Running(process.execPath, args, { cwd: folder.path })
    try {
      await saysOf(process_, 'Try it:')
      process_.signal('SIGUSR2')
      assert.deepEqual(await process_.exit, { code: 70, signal: null })
      assert.match(process_.output, /"error":"planted".*"msg":"BUG: an error nobody handled/)
      assert.match(process_.output, /"msg":"stopped"/)
    } finally {
      await process_.end()
    }
  }
})
