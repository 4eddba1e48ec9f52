import assert from 'node:assert/strict'
import dns, { type LookupAddress } from 'node:dns'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { urlOfCloudId } from '../../../src/outputs/elasticsearch/cloud-id.ts'
import { elasticsearch } from '../../../src/outputs/elasticsearch/index.ts'
import { chunkOf, runChunkedOutput } from '../../drivers/run-chunked-output.ts'
import { type Asking, AuthFront } from '../../support/auth-front.ts'
import { makeAuthority, makeCertificate } from '../../support/certificates.ts'
import { batchOf } from '../../support/entries.ts'
import { FakeElasticsearch } from '../../support/fake-elasticsearch.ts'

const idOf = (text: string) => `logs:${Buffer.from(text).toString('base64')}`

const addresses: readonly (readonly [string, string | null])[] = [
  // As in Elastic's documentation of the id.
  [
    'staging:dXMtZWFzdC0xLmF3cy5mb3VuZC5pbyRjZWM2ZjI2MWE3NGJmMjRjZTMzYmI4ODExYjg0Mjk0ZiRjNmMyY2E2ZDA0MjI0OWFmMGNjN2Q3YTllOTYyNTc0Mw==',
    'https://cec6f261a74bf24ce33bb8811b84294f.us-east-1.aws.found.io',
  ],
  [idOf('cloud.example.org:9243$es$kibana'), 'https://es.cloud.example.org:9243'],
  [idOf('cloud.example.org$es'), 'https://es.cloud.example.org'],
  [idOf('cloud.example.org'), null],
  [idOf('cloud.example.org$'), null],
  [idOf('cloud.example.org/evil?$es'), null],
  ['https://cloud.example.org', null],
  ['', null],
]

for (const [id, url] of addresses)
  test(`the address in ${JSON.stringify(id)}`, () => assert.equal(urlOfCloudId(id), url))

test('refuses what is no cloud id with the configuration', async () => {
  await assert.rejects(runChunkedOutput(elasticsearch, 'cloud_id: nonsense'), /no cloud id/)
})

test('delivers to the deployment of a cloud id, with TLS as told', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'logboom-cloud-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const authority = makeAuthority('cloud')
  writeFileSync(join(folder, 'ca.pem'), authority.pem)
  const hosts = ['deployment.cloud.example.org']
  const certificate = makeCertificate(authority, 'deployment', { hosts })
  await using fake = await FakeElasticsearch.start()
  const admits = ({ headers }: Asking) => headers.authorization === 'ApiKey a2V5'
  await using front = await AuthFront.start(fake.url, { certificate, admits })
  const asked = resolveAllHere(t.mock)
  const id = idOf(`cloud.example.org:${front.port}$deployment$kibana`)
  const yaml = `cloud_id: "${id}"\nauth: { api_key: a2V5 }\ntls: { ca: ${folder}/ca.pem }`
  const run = await runChunkedOutput(elasticsearch, yaml)
  assert.deepEqual(await run.deliver(chunkOf([batchOf('t', { n: 1 })])), { kind: 'delivered' })
  assert.deepEqual([...asked], hosts)
  assert.equal(fake.documents.size, 1)
  await run.stopAndCheckCompliance()
})

type Answer = (error: Error | null, found: string | LookupAddress[], family?: number) => void

/** Every name is this machine's; answers the names that were asked for. */
function resolveAllHere(mock: TestContext['mock']): Set<string> {
  const asked = new Set<string>()
  mock.method(dns, 'lookup', (host: string, options: { all?: boolean }, answer: Answer) => {
    asked.add(host)
    if (options.all) answer(null, [{ address: '127.0.0.1', family: 4 }])
    else answer(null, '127.0.0.1', 4)
  })
  return asked
}
