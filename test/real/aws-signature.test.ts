/** Signatures of requests, ours and the tests' checker's, beside those that botocore makes. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { opensearch } from '../../src/outputs/opensearch/index.ts'
import { chunkOf, runChunkedOutput } from '../drivers/run-chunked-output.ts'
import { type Asking, AuthFront } from '../support/auth-front.ts'
import { type Signer, signatureFault } from '../support/aws-signature.ts'
import { run, runWell } from '../support/child.ts'
import { batchOf } from '../support/entries.ts'
import { FakeElasticsearch } from '../support/fake-elasticsearch.ts'
import { requireTool, skipOrFail } from '../support/tool.ts'

const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a/secret+with/signs=' } as const
const TIME = '20261121T085000Z'

/** Signs what its argument lists, at the time that each has; prints the header's values. */
const BOTOCORE = `
import base64, json, sys
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
for asked in json.loads(sys.argv[1]):
    keys = Credentials(asked['key'], asked['secret'])
    auth = SigV4Auth(keys, asked['service'], asked['region'])
    url = 'http://' + asked['headers']['host'] + asked['path']
    body = base64.b64decode(asked['body'])
    request = AWSRequest(asked['method'], url, headers=asked['headers'], data=body)
    request.context['timestamp'] = asked['headers']['x-amz-date']
    canonical = auth.canonical_request(request)
    signature = auth.signature(auth.string_to_sign(request, canonical), request)
    signed = auth.signed_headers(auth.headers_to_sign(request))
    print('AWS4-HMAC-SHA256 Credential=%s, SignedHeaders=%s, Signature=%s'
          % (auth.scope(request), signed, signature))
`

test('the checker of the tests agrees with botocore', async (t) => {
  const python = await pythonWithBotocore(t)
  if (python === null) return
  const signer = signerFor('es')
  const askings = [
    askingOf('GET', '/'),
    askingOf(
      'POST',
      '/l%C3%B6gs-web/_bulk?filter_path=errors%2Citems.%2A&pipeline=a%20b',
      'grüße\n',
    ),
    askingOf('PUT', '/_index_template/a%2Ab%28c%29?x=~&x=1&empty=', '{"a":" b  c "}'),
    askingOf('HEAD', '/a/b%20c/%25'),
  ]
  const signatures = await signaturesOf(python, askings, signer)
  for (const [index, asking] of askings.entries()) {
    const authorization = signatures[index]!
    const signed = { ...asking, headers: { ...asking.headers, authorization } }
    assert.equal(signatureFault(signed, signer), null, asking.path)
    const other = { ...signed, body: Buffer.from('another body') }
    assert.match(signatureFault(other, signer)!, /another signature/)
  }
})

for (const service of ['es', 'aoss'])
  test(`botocore signs the requests of an output for ${service} alike`, async (t) => {
    const python = await pythonWithBotocore(t)
    if (python === null) return
    const askings: Asking[] = []
    const admits = (asking: Asking) => askings.push(asking) > 0
    await using fake = await FakeElasticsearch.start()
    const version = { number: '3.0.0', distribution: 'opensearch' }
    fake.info = { status: 200, body: JSON.stringify({ version }) }
    await using front = await AuthFront.start(fake.url, { admits })
    const aws =
      `aws: { region: eu-central-1, service: ${service}, access_key_id: ${KEYS.accessKeyId}, ` +
      `secret_access_key: "${KEYS.secretAccessKey}" }`
    const more = 'index: lögs-web\npipeline: "a b"\nrouting: "ü/+"\ncompress: gzip'
    const output = await runChunkedOutput(opensearch, `url: ${front.url}\n${aws}\n${more}`)
    const answer = await output.deliver(chunkOf([batchOf('t', { log: 'grüße' })]))
    assert.deepEqual(answer, { kind: 'delivered' })
    await output.stopAndCheckCompliance()
    assert.ok(askings.some(({ path }) => path.includes('_bulk')))
    const expected = await signaturesOf(python, askings, signerFor(service))
    askings.forEach(({ method, path, headers }, index) =>
      assert.equal(headers.authorization, expected[index], `${method} ${path}`),
    )
  })

async function pythonWithBotocore(t: TestContext): Promise<string | null> {
  const python = requireTool(t, 'python3')
  if (!python) return null
  const { code } = await run(python, ['-c', 'import botocore.auth'])
  if (code === 0) return python
  skipOrFail(t, 'needs the Python package botocore')
  return null
}

function signerFor(service: string): Signer {
  return { ...KEYS, region: 'eu-central-1', service }
}

function askingOf(method: string, path: string, body = ''): Asking {
  const headers = { host: 'search.example.com', 'x-amz-date': TIME, 'content-type': 'text/x' }
  return { method, path, headers, body: Buffer.from(body) }
}

/** Of the headers that were signed, all that an asking has if it is not signed yet. */
async function signaturesOf(
  python: string,
  askings: readonly Asking[],
  { accessKeyId, secretAccessKey, ...scope }: Signer,
): Promise<string[]> {
  const asked = askings.map(({ method, path, headers, body }) => ({
    ...{ method, path, ...scope, key: accessKeyId, secret: secretAccessKey },
    headers: Object.fromEntries(signedNames(headers).map((name) => [name, headers[name]])),
    body: body.toString('base64'),
  }))
  const output = await runWell(python, ['-c', BOTOCORE, JSON.stringify(asked)])
  return output.trim().split('\n')
}

function signedNames(headers: Asking['headers']): string[] {
  const names = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1]
  return names === undefined ? Object.keys(headers) : names.split(';')
}
