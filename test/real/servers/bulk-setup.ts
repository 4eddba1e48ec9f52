/** What is set up on real servers: the types a document's fields get, and what is left alone. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { SetupOptions } from '../../../src/outputs/support/bulk/setup/options.ts'
import { ensureSetup } from '../../../src/outputs/support/bulk/setup/ensure.ts'
import type { Transport } from '../../../src/outputs/support/bulk/transport.ts'
import { requireServer, SERVERS } from '../../support/servers/require-server.ts'
import { RealServer } from '../../support/servers/real-server.ts'

const DOCUMENT = {
  '@timestamp': '2026-11-26T10:00:00.123456789Z',
  tag: 'docker.web1',
  log: 'hello',
  labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.project.dir': '/shop' },
  number_like: '5',
  date_like: '2026-11-26',
  long: 'x'.repeat(40_000),
  status: 200,
}

for (const name of SERVERS) {
  describe(name, () => {
    test('fields have the types they should, and conflicts are no loss', async (t) => {
      const installation = await requireServer(t, name)
      if (!installation) return
      await using server = await RealServer.start(installation)
      const { done } = await setUp(server, { retentionMs: 86_400_000 })
      assert.ok(done.length >= 2, done.join())
      const again = await setUp(server, { retentionMs: 86_400_000 })
      assert.deepEqual(again.done, [])

      const documents = [DOCUMENT, { ...DOCUMENT, status: 'none' }]
      const body = documents.map((one) => `{"create":{}}\n${JSON.stringify(one)}\n`).join('')
      const answer = await server.json('POST', '/logs-docker-web/_bulk?refresh=true', body)
      assert.equal(answer['errors'], false, JSON.stringify(answer))
      const labels = installation.product === 'opensearch' ? 'flat_object' : 'flattened'
      const types = await typesOf(server)
      assert.ok(['text', 'match_only_text'].includes(types['log']!))
      assert.deepEqual(
        [types['@timestamp'], types['tag'], types['labels'], types['number_like']],
        ['date_nanos', 'keyword', labels, 'keyword'],
      )
      assert.deepEqual([types['date_like'], types['status']], ['keyword', 'long'])
    })

    test('outputs whose names overlap have a template each', async (t) => {
      const installation = await requireServer(t, name)
      if (!installation) return
      await using server = await RealServer.start(installation)
      for (const pattern of ['logs-*', 'logs-docker-default', 'logs-docker-*']) {
        const { warnings } = await setUp(server, { pattern })
        assert.doesNotMatch(warnings.join(), /refuses/)
      }
    })

    test("somebody else's template stays, and wins or loses by its priority", async (t) => {
      const installation = await requireServer(t, name)
      if (!installation) return
      await using server = await RealServer.start(installation)
      // The one that ours has.
      const theirs = { index_patterns: ['logs-docker-*'], priority: 262, data_stream: {} }
      await server.json('PUT', '/_index_template/theirs', theirs)
      const { warnings } = await setUp(server, {})
      assert.match(warnings.join(), /refuses the index template .*priority/)
      const found = await server.json<Templates>('GET', '/_index_template')
      assert.deepEqual(
        found.index_templates.map((one) => one.name),
        ['theirs'],
      )
    })
  })
}

interface Templates {
  readonly index_templates: readonly { readonly name: string }[]
}

function setUp(server: RealServer, options: Partial<SetupOptions>) {
  const whole = {
    product: server.installation.product,
    isDataStream: true,
    pattern: 'logs-docker-*',
    retentionMs: null,
    timeField: '@timestamp',
    tagField: 'tag',
    ...options,
  }
  return ensureSetup(transportTo(server), whole, AbortSignal.timeout(60_000))
}

function transportTo(server: RealServer): Transport {
  return {
    request: async ({ method, path, body }) => {
      const sent = body === undefined ? undefined : (JSON.parse(body as string) as unknown)
      const answer = await server.request(method, path, sent)
      const text = JSON.stringify(answer.body)
      return { status: answer.status, headers: {}, node: server.url, body: Buffer.from(text) }
    },
    renew: () => undefined,
    close: async () => undefined,
  }
}

async function typesOf(server: RealServer): Promise<Record<string, string | undefined>> {
  const answer = await server.json<Record<string, Mapped>>('GET', '/logs-docker-web/_mapping')
  const { properties } = Object.values(answer)[0]!.mappings
  return Object.fromEntries(Object.entries(properties).map(([key, { type }]) => [key, type]))
}

interface Mapped {
  readonly mappings: { readonly properties: Record<string, { readonly type?: string }> }
}
