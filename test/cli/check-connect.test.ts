/** `logboom check --connect` against servers that answer as a test says. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { forward } from '../../src/inputs/forward/index.ts'
import { runInput } from '../drivers/run-input.ts'
import { AuthFront } from '../support/auth-front.ts'
import { writeCertificates } from '../support/certificates.ts'
import { failed, FakeElasticsearch } from '../support/fake-elasticsearch.ts'
import { freePort } from '../support/free-port.ts'
import { type Answer, logboom } from './program.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** What is said of outputs, each a line of YAML after its name. */
async function checked(outputs: readonly string[], more: readonly string[] = []): Promise<Answer> {
  await using folder = await temporaryFolder()
  const names = outputs.map((_, index) => `o${index}`)
  const text = `
inputs: { docker: { type: forward, listen: "tcp://127.0.0.1:0" } }
outputs:
${outputs.map((options, index) => `  o${index}: ${options}`).join('\n')}
pipeline: [{ match: "**", to: [${names.join(', ')}] }]
`
  await writeFile(join(folder.path, 'logboom.yaml'), text)
  const args = ['check', '-c', 'logboom.yaml', '--connect', ...more]
  return await logboom(args, { cwd: folder.path })
}

const linesOf = ({ stdout }: Answer) => stdout.trimEnd().split('\n').slice(1)

/** One with no templates, that would refuse the write it is asked for. */
async function emptyServer(): Promise<FakeElasticsearch> {
  const fake = await FakeElasticsearch.start()
  for (const path of [
    '/_component_template/logboom-fields',
    '/_index_template/logboom-logs-generic-default',
  ])
    fake.pages.set(`GET ${path}`, { status: 404, body: '{}' })
  fake.pages.set('POST /_security/user/_has_privileges', { status: 400, body: '{}' })
  fake.behave = ({ answer }) => answer([failed(404, 'index_not_found_exception', 'no alias')])
  return fake
}

function rights(write: boolean, templates: boolean): { status: number; body: string } {
  const index = { 'logs-generic-default': { create_doc: write, auto_configure: true } }
  const cluster = { monitor: true, manage_index_templates: templates }
  return { status: 200, body: JSON.stringify({ has_all_requested: false, index, cluster }) }
}

test('says who answers, what would be set up, and that documents may be written', async () => {
  await using fake = await emptyServer()
  const answer = await checked([`{ type: elasticsearch, url: "${fake.url}" }`])
  assert.deepEqual(linesOf(answer), [
    'output o0 (elasticsearch)',
    `  ok       ${fake.url} is Elasticsearch 9.9.9`,
    '  would    create the component template logboom-fields',
    '  would    create the index template logboom-logs-generic-default for logs-generic-default',
    '  ok       documents may be written to logs-generic-default, as far as the server says',
  ])
  assert.deepEqual([answer.code, answer.stderr], [0, ''])
  assert.deepEqual(
    fake.asked.filter((line) => !line.startsWith('GET ')),
    ['POST /_security/user/_has_privileges'],
  )
  const [attempt] = fake.requests
  assert.equal(attempt!.query.get('require_alias'), 'true')
  assert.equal(fake.documents.size, 0)
})

test('says which rights are missing, where the server knows', async () => {
  await using fake = await emptyServer()
  const name = 'POST /_security/user/_has_privileges'
  fake.pages.set(name, rights(true, true))
  const url = `{ type: elasticsearch, url: "${fake.url}" }`
  const enough = await checked([url])
  const suffice = 'create_doc, auto_configure, monitor, manage_index_templates'
  assert.equal(linesOf(enough).at(-1), `  ok       the credentials suffice: ${suffice}`)
  fake.pages.set(name, rights(true, false))
  const less = await checked([url])
  assert.equal(linesOf(less).at(-1), '  warning  they have no manage_index_templates')
  assert.equal(less.code, 0)
  fake.pages.set(name, rights(false, true))
  const none = await checked([url])
  const missing = 'the credentials have no create_doc on logs-generic-default'
  assert.equal(linesOf(none).at(-1), `  problem  ${missing}`)
  assert.equal(none.code, 1)
  assert.equal(fake.requests.length, 0, 'nothing is tried where the server says it')
})

test('shows what refuses the credentials or the write', async () => {
  await using fake = await emptyServer()
  fake.behave = ({ answer }) => answer([failed(403, 'security_exception', 'not allowed')])
  await using front = await AuthFront.start(fake.url, { admits: () => false })
  const answer = await checked([
    `{ type: elasticsearch, url: "${fake.url}", setup: "off" }`,
    `{ type: elasticsearch, url: "${front.url}" }`,
  ])
  assert.deepEqual(linesOf(answer), [
    'output o0 (elasticsearch)',
    `  ok       ${fake.url} is Elasticsearch 9.9.9`,
    '  ok       nothing is set up: `setup: off`',
    '  problem  the credentials may not write to logs-generic-default: not allowed',
    'output o1 (elasticsearch)',
    `  problem  ${front.url}/ answers 401: security_exception: unable to authenticate the user`,
  ])
  assert.equal(answer.code, 1)
})

test('a node that does not answer is a warning beside one that does', async () => {
  await using fake = await emptyServer()
  const nobody = `http://127.0.0.1:${await freePort()}`
  const answer = await checked([
    `{ type: elasticsearch, urls: ["${nobody}", "${fake.url}"], setup: "off" }`,
    `{ type: opensearch, url: "${fake.url}" }`,
  ])
  const lines = linesOf(answer)
  assert.match(lines[1]!, /^ {2}warning {2}http:\/\/127\.0\.0\.1:\d+\/?: connect ECONNREFUSED/)
  assert.match(lines[2]!, /^ {2}ok .* is Elasticsearch 9\.9\.9$/)
  assert.match(lines.at(-1)!, /^ {2}problem .* is elasticsearch 9\.9\.9; expected opensearch/)
  assert.equal(answer.code, 1)
})

test('connects to forward servers, and says what TLS finds wrong', async () => {
  await using folder = await temporaryFolder()
  writeCertificates(folder.path)
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => join(folder.path, name))
  const security = 'security: { shared_key: secret, self_hostname: server }'
  const ours = security.replace('server', 'client')
  const tls = `tls: { certificate: ${cert}, key: ${key} }`
  await using input = await runInput(forward, `listen: tls://127.0.0.1:0\n${tls}\n${security}`)
  const to = `type: forward, servers: "${input.address()}"`
  const answer = await checked([
    `{ ${to}, tls: { ca: ${ca} }, ${ours} }`,
    `{ ${to}, ${ours} }`,
    `{ ${to}, tls: { verify: false }, ${ours.replace('secret', 'wrong')} }`,
    '{ type: "null" }',
  ])
  const lines = linesOf(answer)
  assert.equal(
    lines[1],
    `  ok       ${input.address()} can be connected to, and the handshake succeeds`,
  )
  assert.match(lines[3]!, /^ {2}problem .*TLS failed: .*see tls\.ca/)
  assert.match(lines[5]!, /^ {2}problem .*shared.?key/i)
  assert.equal(lines.length, 6)
  assert.equal(answer.code, 1)
  assert.equal(input.entries.length, 0)
})

test('has nothing to do without servers', async () => {
  const answer = await checked(['{ type: "null" }'])
  assert.deepEqual(linesOf(answer), ['no output connects to a server'])
  assert.equal(answer.code, 0)
  assert.equal((await checked(['{ type: "null" }'], ['--conect'])).code, 2)
})
