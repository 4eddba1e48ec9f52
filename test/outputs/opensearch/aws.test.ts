/** Requests signed for Amazon's services, checked by another implementation than made them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { opensearch } from '../../../src/outputs/opensearch/index.ts'
import { chunkOf, runChunkedOutput } from '../../drivers/run-chunked-output.ts'
import { type Asking, AuthFront } from '../../support/auth-front.ts'
import { type Signer, signatureFault } from '../../support/aws-signature.ts'
import { batchOf } from '../../support/entries.ts'
import { FakeElasticsearch } from '../../support/fake-elasticsearch.ts'

const KEYS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
} as const
const SIGNER: Signer = { ...KEYS, region: 'eu-central-1', service: 'es' }
const KEYS_YAML = `access_key_id: ${KEYS.accessKeyId}, secret_access_key: ${KEYS.secretAccessKey}`

test('the checker accepts what is in Amazon’s test suite, and nothing else', () => {
  const scope = 'AKIDEXAMPLE/20150830/us-east-1/service/aws4_request'
  const asking = (signature: string): Asking => ({
    ...{ method: 'GET', path: '/', body: Buffer.alloc(0) },
    headers: {
      host: 'example.amazonaws.com',
      'x-amz-date': '20150830T123600Z',
      authorization:
        `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-date, ` +
        `Signature=${signature}`,
    },
  })
  const vanilla = '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'
  const signer = { ...KEYS, region: 'us-east-1', service: 'service' }
  assert.equal(signatureFault(asking(vanilla), signer), null)
  assert.match(signatureFault(asking(vanilla.replace('5', '6')), signer)!, /another signature/)
})

for (const compress of ['none', 'gzip'])
  for (const service of ['es', 'aoss'])
    test(`signs for ${service}, with compress: ${compress}`, async () => {
      await using fake = await openSearch()
      const faults: string[] = []
      const admits = (asking: Asking) => {
        const fault = signatureFault(asking, { ...SIGNER, service })
        if (fault !== null) faults.push(fault)
        return fault === null
      }
      await using front = await AuthFront.start(fake.url, { admits })
      const aws = `aws: { region: eu-central-1, service: ${service}, ${KEYS_YAML} }`
      // Names and queries that are to be encoded.
      const more = `index: lögs-web\npipeline: "a b"\nsetup: "off"\ncompress: ${compress}`
      const run = await runChunkedOutput(opensearch, `url: ${front.url}\n${aws}\n${more}`)
      const answer = await run.deliver(chunkOf([batchOf('t', { log: 'grüße' })]))
      assert.deepEqual(faults, [])
      assert.deepEqual(answer, { kind: 'delivered' })
      assert.equal(fake.documents.size, 1)
      await run.stopAndCheckCompliance()
    })

test('takes credentials from the environment, and says what is missing', async (t) => {
  await using fake = await openSearch()
  const tokens = new Set<unknown>()
  const admits = (asking: Asking) => {
    tokens.add(asking.headers['x-amz-security-token'])
    return signatureFault(asking, SIGNER) === null
  }
  await using front = await AuthFront.start(fake.url, { admits })
  const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']
  const before = names.map((name) => process.env[name])
  t.after(() => names.forEach((name, index) => set(name, before[index])))
  for (const name of names) set(name, undefined)
  const yaml = `url: ${front.url}\naws: { region: eu-central-1 }`
  const run = await runChunkedOutput(opensearch, yaml)
  const chunk = chunkOf([batchOf('t', { n: 1 })])
  const without = await run.deliver(chunk)
  assert.match('reason' in without ? without.reason : '', /no credentials; expected .*AWS_/)
  set('AWS_ACCESS_KEY_ID', KEYS.accessKeyId)
  set('AWS_SECRET_ACCESS_KEY', KEYS.secretAccessKey)
  set('AWS_SESSION_TOKEN', 'for a while')
  assert.deepEqual(await run.deliver(chunk), { kind: 'delivered' })
  assert.deepEqual([...tokens], ['for a while'])
  await run.stopAndCheckCompliance()
})

function set(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}

async function openSearch(): Promise<FakeElasticsearch> {
  const fake = await FakeElasticsearch.start()
  const version = { number: '3.0.0', distribution: 'opensearch' }
  fake.info = { status: 200, body: JSON.stringify({ version }) }
  return fake
}
