/**
 * Real servers under the trouble real servers have: whatever happens, each event is stored once.
 */
import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BulkRun } from '../../support/servers/bulk-run.ts'
import type { NodeSettings } from '../../support/servers/installation.ts'
import { RealServer } from '../../support/servers/real-server.ts'
import {
  IS_LONG_RUN,
  requireServer,
  type ServerName,
  SERVERS,
} from '../../support/servers/require-server.ts'
import { until } from '../../support/wait.ts'

const COUNT = 20_000
/**
 * Longer than a request may take, so that what the server takes after it goes on was sent again by
 * then. The long form has the time and the limit that a real outage would have.
 */
const PAUSE = IS_LONG_RUN
  ? { ms: 90_000, output: '' }
  : { ms: 8_000, output: 'request_timeout: 4s' }
const INDEX = '/logs-docker-default'
/** Two of one priority cannot stand beside each other: ours for this name is refused. */
const PRIORITY_OF_OURS = 270
/** Before any of ours. */
const PRIORITY_FIRST = 300

for (const name of SERVERS) {
  describe(name, () => {
    test('200,000 events arrive once each, while the server is killed and paused', async (t) => {
      await using server = await startServer(t, name)
      if (!server) return
      await using run = await BulkRun.start(server, { output: PAUSE.output })
      await run.send(0, 60_000)
      const rest = run.send(60_000, 200_000)
      await server.kill()
      await sleep(1_000)
      await server.start()
      await until('some are there', async () => (await countOf(server)) > 0, 60_000)
      server.pause()
      await sleep(PAUSE.ms)
      server.resume()
      await rest
      const ledger = await run.drain()
      assert.deepEqual([ledger.delivered, ledger.rejected], [200_000, 0])
      await run.checkStored(200_000)
    })

    test('a write queue of one refuses much, and loses nothing', async (t) => {
      const settings = { 'thread_pool.write.size': '1', 'thread_pool.write.queue_size': '1' }
      await deliverAll(t, name, settings)
    })

    test('a tiny largest body is found out', async (t) => {
      await deliverAll(t, name, { 'http.max_content_length': '64kb' })
    })

    test('an index that cannot be written to is waited for', async (t) => {
      for (const block of ['index.blocks.write', 'index.blocks.read_only_allow_delete']) {
        await using server = await startServer(t, name)
        if (!server) return
        await using run = await BulkRun.start(server)
        await run.send(0, 1_000)
        await until('they are there', async () => (await countOf(server)) === 1_000, 60_000)
        await server.json('PUT', `${INDEX}/_settings`, { [block]: true })
        await run.send(1_000, 3_000)
        await sleep(2_000)
        assert.equal(await countOf(server), 1_000)
        await server.json('PUT', `${INDEX}/_settings`, { [block]: null })
        const ledger = await run.drain()
        assert.deepEqual([ledger.delivered, ledger.rejected], [3_000, 0])
        await run.checkStored(3_000)
      }
    })

    test('a cluster with no shard to spare is waited for', async (t) => {
      const limit = 'cluster.max_shards_per_node'
      await using server = await startServer(t, name, { [limit]: '1' })
      if (!server) return
      await server.json('PUT', '/other', { settings: { number_of_replicas: 0 } })
      await using run = await BulkRun.start(server)
      await run.send(0, 1_000)
      const { collector } = run
      await until('it is refused', () => collector.process.output.includes('shards open'), 60_000)
      await server.json('PUT', '/_cluster/settings', { persistent: { [limit]: 100 } })
      const ledger = await run.drain()
      assert.deepEqual([ledger.delivered, ledger.rejected], [1_000, 0])
      await run.checkStored(1_000)
    })

    test("templates of somebody else's stay, and nothing is lost for them", async (t) => {
      await using server = await startServer(t, name)
      if (!server) return
      await putTheirs(server, PRIORITY_OF_OURS, {})
      await using run = await BulkRun.start(server)
      await run.send(0, 3_000)
      const ledger = await run.drain()
      assert.deepEqual([ledger.delivered, ledger.rejected], [3_000, 0])
      await run.checkStored(3_000)
    })

    test('under a strict mapping of somebody else, events are texts', async (t) => {
      await using server = await startServer(t, name)
      if (!server) return
      // Neither tag nor log may be a field.
      const original = { properties: { original: { type: 'text' } } }
      const properties = { '@timestamp': { type: 'date_nanos' }, event: original }
      await putTheirs(server, PRIORITY_FIRST, { mappings: { dynamic: 'strict', properties } })
      await using run = await BulkRun.start(server)
      await run.send(0, 100)
      const ledger = await run.drain()
      assert.deepEqual([ledger.delivered, ledger.rejected], [100, 0])
      const lines = (await run.documents()).map((json) => /line \d+/.exec(json)?.[0])
      assert.deepEqual(
        lines,
        Array.from({ length: 100 }, (_, number) => `line ${number}`),
      )
    })

    test('what a strict mapping leaves no room for becomes dead letters', async (t) => {
      await using server = await startServer(t, name)
      if (!server) return
      const properties = { '@timestamp': { type: 'date_nanos' } }
      await putTheirs(server, PRIORITY_FIRST, { mappings: { dynamic: 'strict', properties } })
      await using run = await BulkRun.start(server)
      await run.send(0, 100)
      const ledger = await run.drain()
      assert.deepEqual([ledger.delivered, ledger.rejected], [0, 100])
    })

    test('a server is set up once it is there, and again when it is another', async (t) => {
      await using server = await startServer(t, name)
      if (!server) return
      await server.kill()
      await using run = await BulkRun.start(server)
      await run.send(0, 1_000)
      await server.start()
      await run.settled()
      assert.equal(await timeTypeOf(server), 'date_nanos')
      await server.kill()
      await run.send(1_000, 2_000)
      await server.startEmpty()
      await run.settled()
      assert.equal(await timeTypeOf(server), 'date_nanos')
      const ledger = await run.drain()
      assert.deepEqual([ledger.delivered, ledger.rejected], [2_000, 0])
      assert.equal(await countOf(server), 1_000)
    })
  })
}

async function putTheirs(server: RealServer, priority: number, template: object): Promise<void> {
  const body = { index_patterns: ['logs-docker-*'], priority, data_stream: {}, template }
  await server.json('PUT', '/_index_template/theirs', body)
}

async function timeTypeOf(server: RealServer): Promise<string> {
  const answer = await server.json<Record<string, Mapped>>('GET', `${INDEX}/_mapping`)
  return Object.values(answer)[0]!.mappings.properties['@timestamp'].type
}

interface Mapped {
  readonly mappings: { readonly properties: { readonly '@timestamp': { readonly type: string } } }
}

async function deliverAll(t: TestContext, name: ServerName, settings: NodeSettings) {
  await using server = await startServer(t, name, settings)
  if (!server) return
  await using run = await BulkRun.start(server)
  await run.send(0, COUNT)
  const ledger = await run.drain()
  assert.deepEqual([ledger.delivered, ledger.rejected], [COUNT, 0])
  await run.checkStored(COUNT)
}

async function startServer(
  t: TestContext,
  name: ServerName,
  settings: NodeSettings = {},
): Promise<RealServer | undefined> {
  const installation = await requireServer(t, name)
  return installation && RealServer.start(installation, settings)
}

/** 0 while there is no index yet, or no server. */
async function countOf(server: RealServer): Promise<number> {
  try {
    await server.request('POST', `${INDEX}/_refresh`)
    const { status, body } = await server.request('GET', `${INDEX}/_count`)
    return status === 200 ? (body as { readonly count: number }).count : 0
  } catch (_away) {
    return 0
  }
}
