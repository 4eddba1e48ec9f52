/** Both outputs through a front that asks for TLS, certificates or credentials. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { elasticsearch } from '../../../../src/outputs/elasticsearch/index.ts'
import { opensearch } from '../../../../src/outputs/opensearch/index.ts'
import {
  type ChunkedOutputRun,
  chunkOf,
  runChunkedOutput,
} from '../../../drivers/run-chunked-output.ts'
import { AuthFront, type FrontOptions } from '../../../support/auth-front.ts'
import {
  type Certificate,
  keyPem,
  makeAuthority,
  makeCertificate,
} from '../../../support/certificates.ts'
import { batchOf } from '../../../support/entries.ts'
import { FakeElasticsearch } from '../../../support/fake-elasticsearch.ts'
import { freePort } from '../../../support/free-port.ts'

const DELIVERED = { kind: 'delivered' }
const CHUNK = chunkOf([batchOf('t', { n: 1 })])
type Product = 'elasticsearch' | 'opensearch'

const folder = mkdtempSync(join(tmpdir(), 'logboom-connections-'))
after(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

function filesOf(certificate: Certificate): string {
  const { name, pem } = certificate
  const key = file(`${name}.key`, keyPem(certificate))
  return `certificate: ${file(`${name}.pem`, pem)}, key: ${key}`
}

const authority = makeAuthority('authority')
const stranger = makeAuthority('stranger')
const ca = file('ca.pem', authority.pem)
const certificate = makeCertificate(authority, 'server')
const expired = makeCertificate(authority, 'expired', { until: '210101000000Z' })
const elsewhere = makeCertificate(authority, 'elsewhere', { hosts: ['es.example.org'] })
const ours = filesOf(makeCertificate(authority, 'client'))
const foreign = filesOf(makeCertificate(stranger, 'foreign'))

async function fakeOf(product: Product): Promise<FakeElasticsearch> {
  const fake = await FakeElasticsearch.start()
  const version = { number: '3.0.0', distribution: 'opensearch' }
  if (product === 'opensearch') fake.info = { status: 200, body: JSON.stringify({ version }) }
  return fake
}

const good: readonly (readonly [string, FrontOptions, string])[] = [
  ['a private authority', { certificate }, `tls: { ca: ${ca} }`],
  [
    'another name in the certificate, if told so',
    { certificate: elsewhere },
    `tls: { ca: ${ca}, server_name: es.example.org }`,
  ],
  ['any certificate, if told so', { certificate: expired }, 'tls: { verify: false }'],
  [
    'a certificate of its own',
    { certificate, clientAuthority: authority },
    `tls: { ca: ${ca}, ${ours} }`,
  ],
  ['an API key', asking('ApiKey a2V5'), 'auth: { api_key: a2V5 }'],
  ['a token', asking('Bearer token'), 'auth: { bearer_token: token }'],
  [
    'a user, both not ASCII',
    asking(`Basic ${Buffer.from('jürgen:pä:ss').toString('base64')}`),
    'auth: { username: jürgen, password: "pä:ss" }',
  ],
]

const bad: readonly (readonly [string, FrontOptions, string, RegExp])[] = [
  ['an unknown authority', { certificate }, '', /not signed by an authority .*: see tls\.ca \(/],
  [
    'the wrong authority',
    { certificate },
    `tls: { ca: ${file('other.pem', stranger.pem)} }`,
    /not signed by an authority .*: see tls\.ca \(/,
  ],
  [
    'another name',
    { certificate: elsewhere },
    `tls: { ca: ${ca} }`,
    /its certificate is for another name \(.*127\.0\.0\.1/,
  ],
  ['an expired certificate', { certificate: expired }, `tls: { ca: ${ca} }`, /has expired/],
  ['no credentials', asking('ApiKey a2V5'), '', /401: .*unable to authenticate/],
]

function start(product: Product, yaml: string): Promise<ChunkedOutputRun> {
  return product === 'opensearch'
    ? runChunkedOutput(opensearch, yaml)
    : runChunkedOutput(elasticsearch, yaml)
}

function asking(authorization: string): FrontOptions {
  return { admits: ({ headers }) => headers.authorization === authorization }
}

for (const product of ['elasticsearch', 'opensearch'] as const) {
  describe(product, () => {
    for (const [what, options, yaml] of good) {
      test(`delivers with ${what}`, async () => {
        await using fake = await fakeOf(product)
        await using front = await AuthFront.start(fake.url, options)
        const run = await start(product, `url: ${front.url}\n${yaml}`)
        assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
        assert.equal(fake.documents.size, 1)
        assert.equal(front.refused, 0)
        await run.stopAndCheckCompliance()
      })
    }

    for (const [what, options, yaml, reason] of bad) {
      test(`holds what it has, with ${what}, and says why`, async () => {
        await using fake = await fakeOf(product)
        await using front = await AuthFront.start(fake.url, options)
        const run = await start(product, `url: ${front.url}\n${yaml}`)
        const answer = await run.deliver(CHUNK)
        assert.equal(answer.kind, 'hold', JSON.stringify(answer))
        assert.match('reason' in answer ? answer.reason : '', reason)
        assert.match('reason' in answer ? answer.reason : '', /^https?:\/\/127\.0\.0\.1:\d+/)
        assert.equal(fake.documents.size, 0)
        await run.stopAndCheckCompliance()
      })
    }

    for (const [what, yaml] of [
      ['none', ''],
      ['one it does not know', `, ${foreign}`],
    ]) {
      test(`says that a server may want a certificate of ours, with ${what}`, async () => {
        await using fake = await fakeOf(product)
        const options = { certificate, clientAuthority: authority }
        await using front = await AuthFront.start(fake.url, options)
        const run = await start(product, `url: ${front.url}\ntls: { ca: ${ca}${yaml} }`)
        const answer = await run.deliver(CHUNK)
        // A server may say what it refuses; Node's closes the connection.
        assert.ok(['hold', 'retry'].includes(answer.kind), answer.kind)
        assert.match('reason' in answer ? answer.reason : '', /see tls\.certificate/)
        assert.equal(fake.documents.size, 0)
        await run.stopAndCheckCompliance()
      })
    }

    test('says that a server may want TLS', async () => {
      await using fake = await fakeOf(product)
      await using front = await AuthFront.start(fake.url, { certificate })
      const run = await start(product, `url: ${front.url.replace('https:', 'http:')}`)
      const answer = await run.deliver(CHUNK)
      assert.match('reason' in answer ? answer.reason : '', /expects TLS, the address begins with/)
      await run.stopAndCheckCompliance()
    })

    test('reads certificates again once a server has refused them', async () => {
      await using fake = await fakeOf(product)
      await using front = await AuthFront.start(fake.url, { certificate })
      const path = file('renewed.pem', stranger.pem)
      const run = await start(product, `url: ${front.url}\ntls: { ca: ${path} }`)
      assert.equal((await run.deliver(CHUNK)).kind, 'hold')
      writeFileSync(path, authority.pem)
      assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
      await run.stopAndCheckCompliance()
    })

    test('delivers all to the node that is left, with one dead and one hanging', async () => {
      await using hanging = await fakeOf(product)
      await using good = await fakeOf(product)
      hanging.behave = () => undefined
      const dead = `http://127.0.0.1:${await freePort()}`
      const urls = `urls: ['${dead}', '${hanging.url}', '${good.url}']`
      const run = await start(product, `${urls}\nrequest_timeout: 300ms`)
      const kinds: string[] = []
      for (let sequence = 0; sequence < 6; sequence++) {
        const chunk = chunkOf([batchOf('t', { n: sequence })], sequence)
        kinds.push((await run.deliver(chunk)).kind)
      }
      // The one that hangs is found out by a request that times out, and left out from then on.
      const left = kinds.filter((kind) => kind !== 'delivered')
      assert.ok(left.length <= 2, kinds.join())
      assert.deepEqual(kinds.slice(3), ['delivered', 'delivered', 'delivered'])
      assert.equal(good.documents.size, 6 - left.length)
      await run.stopAndCheckCompliance()
    })

    test('reads a password again from its file', async () => {
      await using fake = await fakeOf(product)
      const basic = `Basic ${Buffer.from('logs:right').toString('base64')}`
      await using front = await AuthFront.start(fake.url, asking(basic))
      const path = file('password', 'wrong\n')
      const auth = `auth: { username: logs, password_file: ${path} }`
      const run = await start(product, `url: ${front.url}\n${auth}`)
      assert.equal((await run.deliver(CHUNK)).kind, 'hold')
      rmSync(path)
      const without = await run.deliver(CHUNK)
      assert.match('reason' in without ? without.reason : '', /cannot read auth\.password_file/)
      writeFileSync(path, 'right\n')
      assert.deepEqual(await run.deliver(CHUNK), DELIVERED)
      await run.stopAndCheckCompliance()
    })
  })
}
