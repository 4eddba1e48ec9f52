import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FIELDS_NAME } from '../../../../../src/outputs/support/bulk/setup/desired.ts'
import {
  ensureSetup,
  planSetup,
  type SetupReport,
} from '../../../../../src/outputs/support/bulk/setup/ensure.ts'
import type { SetupOptions } from '../../../../../src/outputs/support/bulk/setup/options.ts'
import { SetupPostponed } from '../../../../../src/outputs/support/bulk/setup/store.ts'
import type { ServerRequest, Transport } from '../../../../../src/outputs/support/bulk/transport.ts'

const FIELDS_PATH = `/_component_template/${FIELDS_NAME}`
const TEMPLATE_PATH = '/_index_template/logboom-logs-docker-any'
const POLICY_PATH = '/_plugins/_ism/policies/logboom-logs-docker-any'
const DAY_MS = 86_400_000

const OPTIONS: SetupOptions = {
  product: 'elasticsearch',
  isDataStream: true,
  pattern: 'logs-docker-*',
  retentionMs: null,
  timeField: '@timestamp',
  tagField: 'tag',
}

type Reply = readonly [status: number, body: object]

/** Keeps what is put, as the servers do, unless a test answers in its place. */
class FakeServer implements Transport {
  readonly kept = new Map<string, Record<string, unknown>>()
  readonly requests: string[] = []
  answer: (request: ServerRequest) => Reply | undefined = () => undefined

  async request(request: ServerRequest) {
    const query = new URLSearchParams(request.query).toString()
    this.requests.push(`${request.method} ${request.path}${query && `?${query}`}`)
    const [status, body] = this.answer(request) ?? this.#usual(request)
    return { status, headers: {}, node: 'node', body: Buffer.from(JSON.stringify(body)) }
  }

  get puts(): string[] {
    return this.requests.filter((line) => line.startsWith('PUT'))
  }

  renew() {}
  async close() {}

  #usual({ method, path, body }: ServerRequest): Reply {
    if (method === 'PUT') {
      this.kept.set(path, JSON.parse(body as string) as Record<string, unknown>)
      return [200, {}]
    }
    const kept = this.kept.get(path)
    if (!kept) return [404, { error: { reason: 'not found' } }]
    if (path.startsWith('/_plugins')) return [200, { _seq_no: 7, _primary_term: 2, ...kept }]
    if (path.startsWith('/_ilm')) return [200, { name: kept }]
    const [list, key] = path.startsWith('/_c')
      ? (['component_templates', 'component_template'] as const)
      : (['index_templates', 'index_template'] as const)
    return [200, { [list]: [{ name: 'x', [key]: kept }] }]
  }
}

const ensure = (server: FakeServer, options: Partial<SetupOptions> = {}) =>
  ensureSetup(server, { ...OPTIONS, ...options }, new AbortController().signal)

const NONE = { done: [], warnings: [] }
const changesOf = ({ done, warnings }: SetupReport) => ({ done, warnings })

describe('ensureSetup', () => {
  it('makes what is not there, once', async () => {
    const server = new FakeServer()
    const { done, warnings } = await ensure(server)
    assert.equal(done.length, 2)
    assert.deepEqual(warnings, [])
    assert.deepEqual(server.puts, [`PUT ${FIELDS_PATH}`, `PUT ${TEMPLATE_PATH}`])
    const same = [
      'component template logboom-fields',
      'index template logboom-logs-docker-any for logs-docker-*',
    ]
    assert.deepEqual(await ensure(server), { done: [], same, warnings: [] })
    assert.equal(server.puts.length, 2)
  })

  it('ranks the templates of outputs whose names overlap by how narrow they are', async () => {
    const priorities: unknown[] = []
    for (const pattern of ['logs-*', 'logs-*-a', 'logs-app-*', 'logs-app*', 'logs-app']) {
      const server = new FakeServer()
      await ensure(server, { pattern })
      const [, template] = [...server.kept].find(([path]) => path.startsWith('/_index_template'))!
      priorities.push(template['priority'])
    }
    assert.deepEqual(priorities, [255, 257, 259, 258, 259])
  })

  it('changes what is ours when the options differ', async () => {
    const server = new FakeServer()
    await ensure(server)
    const { done } = await ensure(server, { retentionMs: 30 * DAY_MS })
    assert.match(done.join(), /^updated the index template/)
    const { template } = server.kept.get(TEMPLATE_PATH)!
    assert.deepEqual(template, { lifecycle: { data_retention: '30d' } })
    assert.equal(server.puts.at(-1), 'PUT /_data_stream/logs-docker-*/_lifecycle')
  })

  it("leaves alone what is somebody else's, or newer", async () => {
    const server = new FakeServer()
    await ensure(server)
    server.kept.set(TEMPLATE_PATH, { index_patterns: ['theirs'] })
    const { _meta } = server.kept.get(FIELDS_PATH)!
    server.kept.set(FIELDS_PATH, { _meta: { ...(_meta as object), version: 99, hash: 'x' } })
    const { done, warnings } = await ensure(server)
    assert.deepEqual(done, [])
    assert.match(warnings.join('; '), /of a later version.*; .*somebody else's/)
    assert.equal(server.puts.length, 2)
  })

  it('leaves out what the server does not know, and says so', async () => {
    const server = new FakeServer()
    const setting = 'index.mapping.total_fields.ignore_dynamic_beyond_limit'
    server.answer = ({ method, body }) => {
      if (method !== 'PUT') return undefined
      const text = String(body)
      const unknown = ['match_only_text', setting].find((word) => text.includes(word))
      if (unknown === 'match_only_text') {
        const reason = `No handler for type [${unknown}] declared on field [log]`
        return [400, { error: { reason } }]
      }
      const reason = `unknown setting [${setting}] please check`
      return unknown === undefined ? undefined : [400, { error: { reason } }]
    }
    const { done, warnings } = await ensure(server)
    assert.equal(done.length, 2)
    assert.match(warnings.join(), /without the type match_only_text.*, the setting index\.mapping/)
    assert.equal(JSON.stringify(server.kept.get(FIELDS_PATH)).includes('match_only'), false)
    // The hash is that of what was meant, so it is not tried again and again.
    assert.deepEqual(changesOf(await ensure(server)), NONE)
  })

  it('goes on where the server has no such API, or refuses', async () => {
    const server = new FakeServer()
    server.answer = ({ path }) => {
      if (path.startsWith('/_ilm')) return [400, { error: 'no handler found for uri [/_ilm/x]' }]
      return path === TEMPLATE_PATH ? [403, { error: { reason: 'not allowed' } }] : undefined
    }
    const { done, warnings } = await ensure(server, { isDataStream: false, retentionMs: DAY_MS })
    assert.equal(done.length, 1)
    assert.match(warnings[0]!, /no API for the lifecycle policy/)
    assert.match(warnings[1]!, /refuses the index template .*: 403, not allowed/)
  })

  it('makes no index template of fields that are not there', async () => {
    const server = new FakeServer()
    server.answer = ({ path }) => (path === FIELDS_PATH ? [403, {}] : undefined)
    await ensure(server)
    assert.deepEqual(server.puts, [])
  })

  it('is tried again when the server cannot now, or does not know who asks', async () => {
    for (const status of [401, 429, 503]) {
      const server = new FakeServer()
      server.answer = ({ method }) => (method === 'PUT' ? [status, {}] : undefined)
      await assert.rejects(ensure(server), SetupPostponed)
    }
  })

  it('gives OpenSearch a policy, and replaces the state it has seen', async () => {
    const server = new FakeServer()
    const options = { product: 'opensearch', retentionMs: 2 * DAY_MS } as const
    await ensure(server, options)
    assert.match(JSON.stringify(server.kept.get(POLICY_PATH)), /"min_index_age":"2d"/)
    assert.deepEqual(changesOf(await ensure(server, options)), NONE)
    await ensure(server, { ...options, retentionMs: DAY_MS / 2 })
    assert.equal(server.puts.at(-1), `PUT ${POLICY_PATH}?if_seq_no=7&if_primary_term=2`)
    assert.match(JSON.stringify(server.kept.get(POLICY_PATH)), /"min_index_age":"12h"/)
  })

  it('gives Elasticsearch a policy for indices that are no data stream', async () => {
    const server = new FakeServer()
    await ensure(server, { isDataStream: false, retentionMs: DAY_MS })
    const { template } = server.kept.get(TEMPLATE_PATH)!
    const settings = { 'index.lifecycle.name': 'logboom-logs-docker-any' }
    assert.deepEqual(template, { settings })
    const again = await ensure(server, { isDataStream: false, retentionMs: DAY_MS })
    assert.deepEqual(changesOf(again), NONE)
  })
})

describe('planSetup', () => {
  it('says what would be made, and writes nothing', async () => {
    const server = new FakeServer()
    const { done } = await planSetup(server, OPTIONS, new AbortController().signal)
    assert.deepEqual(done, [
      'create the component template logboom-fields',
      'create the index template logboom-logs-docker-any for logs-docker-*',
    ])
    assert.deepEqual(server.puts, [])
  })

  it('says what is as it should be, and what would be changed', async () => {
    const server = new FakeServer()
    await ensure(server)
    const options = { ...OPTIONS, retentionMs: DAY_MS }
    const { done, same } = await planSetup(server, options, new AbortController().signal)
    assert.deepEqual(same, ['component template logboom-fields'])
    assert.match(done.join(), /^update the index template logboom-logs-docker-any/)
    assert.equal(server.puts.length, 2)
  })
})
