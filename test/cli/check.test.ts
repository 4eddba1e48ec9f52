/** `logboom check` and `logboom config`, with the components there really are. */
import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { logboom, type Answer } from './program.ts'
import { temporaryFolder } from './temporary-folder.ts'

type Env = Readonly<Record<string, string>>

async function withConfig(text: string, args: readonly string[], env: Env = {}): Promise<Answer> {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'logboom.yaml'), text)
  const answer = await logboom([...args, '-c', 'logboom.yaml'], {
    cwd: folder.path,
    env: { ...process.env, ...env },
  })
  assert.deepEqual(await readdir(folder.path), ['logboom.yaml'])
  return answer
}

const secured = `
http: { listen: tcp://127.0.0.1:0 }
inputs:
  docker:
    type: forward
    listen: tcp://127.0.0.1:\${env:PORT}
    security: { shared_key: "\${env:KEY}" }
outputs:
  files: { type: file, path: "./logs/\${tag}.log" }
pipeline:
  - match: "**"
    to: files
`

test('check: a valid configuration', async () => {
  const env = { PORT: '0', KEY: 'hidden' }
  const { code, stdout, stderr } = await withConfig(secured, ['check'], env)
  assert.deepEqual([code, stdout, stderr], [0, 'logboom.yaml is valid\n', ''])
})

test('check: the built-in configuration is valid', async () => {
  const { code, stdout, stderr } = await logboom(['check'])
  assert.deepEqual([code, stdout, stderr], [0, 'the built-in configuration is valid\n', ''])
})

test('check: type: null without quotes is the type of that name', async () => {
  const text = secured.replace('{ type: file, path: "./logs/${tag}.log" }', '{ type: null }')
  const env = { PORT: '0', KEY: 'hidden' }
  assert.equal((await withConfig(text, ['check'], env)).stdout, 'logboom.yaml is valid\n')
})

test('check: warnings leave it valid', async () => {
  const text = secured.replace('pipeline:', '  spare: { type: "null" }\npipeline:')
  const { code, stderr } = await withConfig(text, ['check'], { PORT: '0', KEY: 'hidden' })
  assert.equal(code, 0, stderr)
  assert.match(stderr, /^logboom\.yaml:10:3: warning: output "spare" is never used/)
})

test('check: every problem in one go, secrets hidden, exit code 1', async () => {
  const text = secured.replace('type: forward', 'type: forward\n    lisen: x')
  const { code, stdout, stderr } = await withConfig(text, ['check'], { PORT: '99999', KEY: '' })
  assert.deepEqual([code, stdout], [1, ''])
  assert.match(stderr, /logboom\.yaml:6:5: error: .*unknown key "lisen"; did you mean "listen"\?/)
  assert.match(stderr, /logboom\.yaml:7:13: error: .*"tcp:\/\/127\.0\.0\.1:99999"/)
  assert.match(stderr, /\nlogboom\.yaml is not valid: \d errors\n$/)
})

test('check: a file that cannot be read', async () => {
  const { code, stdout, stderr } = await logboom(['check', '-c', 'absent.yaml'])
  assert.deepEqual([code, stdout], [1, ''])
  const expected = 'cannot read configuration absent.yaml: no such file or folder'
  assert.equal(stderr, `logboom check: ${expected}\n`)
})

test('check: a port in use is not its business', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const { code } = await withConfig(secured, ['check'], { PORT: String(port), KEY: 'hidden' })
  server.close()
  assert.equal(code, 0)
})

test('config: defaults filled in, secrets masked', async () => {
  const { code, stdout, stderr } = await withConfig(secured, ['config'], {
    PORT: '1234',
    KEY: 'hidden',
  })
  assert.deepEqual([code, stderr], [0, ''])
  assert.doesNotMatch(stdout, /hidden/)
  const printed = parse(stdout) as Record<string, Record<string, Record<string, unknown>>>
  assert.equal(printed['data_dir'], './data')
  assert.deepEqual(printed['http'], { enabled: true, listen: 'tcp://127.0.0.1:0' })
  const docker = printed['inputs']?.['docker']
  assert.equal(docker?.['listen'], 'tcp://127.0.0.1:1234')
  assert.equal((docker?.['security'] as Record<string, unknown>)['shared_key'], '***')
  assert.deepEqual(printed['pipeline'], [{ match: '**', to: ['files'] }])
})

test('config: what it prints is a valid configuration', async () => {
  const { code, stdout } = await logboom(['config'])
  assert.equal(code, 0)
  assert.equal((await withConfig(stdout, ['check'])).stdout, 'logboom.yaml is valid\n')
})
