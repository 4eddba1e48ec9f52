/**
 * Real servers under the trouble real servers have: whatever happens, each event is stored once.
 */
import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BulkRun } from '../support/servers/bulk-run.ts'
import { RealServer, type NodeSettings } from '../support/servers/real-server.ts'
import { requireServer, type ServerName, SERVERS } from '../support/servers/require-server.ts'
import { until } from '../support/wait.ts'

const COUNT = 20_000
const PAUSE_MS = 5_000
const INDEX = '/logs-docker-default'

for (const name of SERVERS) {
  describe(name, () => {
    test('200,000 events arrive once each, while the server is killed and paused', async (t) => {
      await using server = await startServer(t, name)
      if (!server) return
      await using run = await BulkRun.start(server)
      await run.send(0, 60_000)
      const rest = run.send(60_000, 200_000)
      await server.kill()
      await sleep(1_000)
      await server.start()
      await until('some are there', async () => (await countOf(server)) > 0, 60_000)
      server.pause()
      await sleep(PAUSE_MS)
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

    test('a strict mapping of somebody else is no loss', async (t) => {
      await using server = await startServer(t, name)
      if (!server) return
      const known = { number: { type: 'long' }, '@timestamp': { type: 'date_nanos' } }
      const event = { properties: { original: { type: 'text' } } }
      await server.json('PUT', '/_index_template/theirs', {
        ...{ index_patterns: ['logs-docker-*'], priority: 250, data_stream: {} },
        template: { mappings: { dynamic: 'strict', properties: { ...known, event } } },
      })
      await using run = await BulkRun.start(server)
      await run.send(0, 100)
      const ledger = await run.drain()
      // The whole event as one text, since neither tag nor log may be a field.
      assert.equal(ledger.delivered + ledger.rejected, 100)
      assert.equal(await countOf(server), ledger.delivered)
    })
  })
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
