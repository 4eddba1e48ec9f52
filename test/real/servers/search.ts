/** The language of searches against real servers: each finds the documents it should. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SearchedServer } from '../../../src/cli/search/server.ts'
import { parseQuery } from '../../../src/search/query/parser.ts'
import { readSearchAnswer } from '../../../src/search/server/answer.ts'
import { searchBody } from '../../../src/search/server/search-body.ts'
import { requireServer, SERVERS } from '../../support/servers/require-server.ts'
import { RealServer } from '../../support/servers/real-server.ts'

const DOCUMENTS: Readonly<Record<string, object>> = {
  a: { log: 'Connection refused by db-1', container: 'web1', status: 500, labels: { app: 'shop' } },
  b: { log: 'connection accepted', container: 'web2', status: 200, level: 'info' },
  c: { message: 'Refused: C:\\temp\\x* (ERROR)', container: 'db', status: 404 },
  d: { log: 'refused a connection', container: 'web1', labels: { app: 'shop', 'app.kind': 'x' } },
}
/** More than `index.max_result_window`, 10,000. */
const ONE_TIME = 12_000
const FILLED_AT_ONCE = 2_000
const CONNECTION = { time_field: '@timestamp', request_timeout: '60s', answer_max: '64MiB' }
const TIMES = ['00:00.000000001', '00:00.000000002', '00:01.5', '00:02']

const FOUND: readonly (readonly [string, string])[] = [
  ['', 'abcd'],
  ['refused', 'acd'],
  ['REFUSED', 'acd'],
  ['"connection refused"', 'a'],
  ['db-1', 'a'],
  ['conn*', 'abd'],
  ['CONN*', 'abd'],
  ['x\\*', 'c'],
  ['container:web1', 'ad'],
  ['container:web', ''],
  ['container:web*', 'abd'],
  ['container:web?', 'abd'],
  ['refused AND container:web1', 'ad'],
  ['container:(web1 OR db) -refused', ''],
  ['accepted OR error', 'bc'],
  ['NOT level:*', 'acd'],
  ['status:>=404', 'ac'],
  ['status:[200 TO 404}', 'b'],
  ['status:500', 'a'],
  ['status:none', ''],
  ['labels.app:shop', 'ad'],
  ['labels.app.kind:x', 'd'],
  ['log:"refused a"', 'd'],
  ['time:>2026-11-26T10:00:00.000000001Z', 'bcd'],
  ['nothing_has_this:1', ''],
]

for (const name of SERVERS) {
  describe(name, () => {
    test('every search finds what it should', async (t) => {
      const installation = await requireServer(t, name)
      if (!installation) return
      await using server = await RealServer.start(installation)
      await fill(server, installation.product === 'opensearch' ? 'flat_object' : 'flattened')
      for (const [text, expected] of FOUND) {
        const body = searchBody({ query: parseQuery(text), order: 'newest' })
        const answer = readSearchAnswer(JSON.stringify(await server.json('POST', '/_search', body)))
        const ids = answer.hits.map(({ id }) => id.replace('logs/', ''))
        assert.equal(ids.reverse().join(''), expected, `what ${text} finds`)
        assert.equal(answer.failedShards, 0, answer.failure ?? '')
      }
    })

    test('more than a server returns at once has each event once', async (t) => {
      const installation = await requireServer(t, name)
      if (!installation) return
      await using server = await RealServer.start(installation)
      await fillWithOneTime(server, ONE_TIME)
      const options = { url: server.url, index: 'logs', ...CONNECTION }
      const { product: type } = installation
      const searched = new SearchedServer('es', { type, options })
      const body = searchBody({ query: parseQuery(''), order: 'newest' })
      const numbers: unknown[] = []
      for await (const { hits } of searched.pages(body, ONE_TIME - 1))
        numbers.push(...hits.map(({ source }) => source['number']))
      await searched.close()
      assert.deepEqual([numbers.length, new Set(numbers).size], [ONE_TIME - 1, ONE_TIME - 1])
      const stats = JSON.stringify(await server.json('GET', '/_nodes/stats/indices/search'))
      assert.match(stats, /"open_contexts":0/)
    })
  })
}

async function fillWithOneTime(server: RealServer, count: number): Promise<void> {
  const properties = { '@timestamp': { type: 'date_nanos' } }
  await server.json('PUT', '/logs', { mappings: { properties } })
  for (let first = 0; first < count; first += FILLED_AT_ONCE) {
    const lines = Array.from({ length: FILLED_AT_ONCE }, (_, index) => [
      { create: { _index: 'logs' } },
      { '@timestamp': '2026-11-26T10:00:00Z', number: first + index },
    ])
    const body = lines.flat().map((line) => `${JSON.stringify(line)}\n`)
    const { errors } = await server.json('POST', '/_bulk?refresh=true', body.join(''))
    assert.equal(errors, false)
  }
}

async function fill(server: RealServer, labels: string): Promise<void> {
  const words = { type: 'text' }
  await server.json('PUT', '/logs', {
    mappings: {
      properties: {
        ...{ log: words, message: words, labels: { type: labels } },
        '@timestamp': { type: 'date_nanos' },
      },
      dynamic_templates: [{ text: { match_mapping_type: 'string', mapping: { type: 'keyword' } } }],
    },
  })
  const lines = Object.entries(DOCUMENTS).flatMap(([_id, document], index) => [
    { create: { _index: 'logs', _id } },
    { '@timestamp': `2026-11-26T10:${TIMES[index]!}Z`, ...document },
  ])
  const body = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  const { errors } = await server.json('POST', '/_bulk?refresh=true', body)
  assert.equal(errors, false)
}
