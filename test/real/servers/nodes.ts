/** The real servers the other tests need: they start, keep their data, and survive being killed. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Installation } from '../../support/servers/installation.ts'
import { requireServer, SERVERS } from '../../support/servers/require-server.ts'
import { RealServer } from '../../support/servers/real-server.ts'

for (const name of SERVERS) {
  describe(name, () => {
    test('answers with its version, and keeps a document over a kill', async (t) => {
      const installation = await requireServer(t, name)
      if (!installation) return
      await using server = await RealServer.start(installation)
      const { version } = await server.json<{ version: { number: string } }>('GET', '/')
      assert.equal(version.number, installation.version)
      await server.json('POST', '/_bulk', '{"create":{"_index":"a","_id":"1"}}\n{"b":1}\n')
      await server.kill()
      await server.start()
      const { _source } = await server.json('GET', '/a/_doc/1')
      assert.deepEqual(_source, { b: 1 })
    })

    test('a node knows nothing of the one before it in its JVM', async (t) => {
      const installation = await requireServer(t, name)
      if (!installation) return
      const fresh = await stateAfter(installation, async () => undefined)
      const used = await stateAfter(installation, async (server) => {
        const template = { index_patterns: ['a'], data_stream: {} }
        await server.json('PUT', '/_index_template/a', template)
        await server.json('POST', '/_bulk', '{"create":{"_index":"a"}}\n{"@timestamp":1}\n')
        await server.json('PUT', '/_component_template/b', { template: {} })
        const persistent = { 'cluster.max_shards_per_node': '7' }
        await server.json('PUT', '/_cluster/settings', { persistent })
      })
      assert.notDeepEqual(used, fresh)
      assert.deepEqual(await stateAfter(installation, async () => undefined), fresh)
    })

    test('takes settings, and pauses', async (t) => {
      const installation = await requireServer(t, name)
      if (!installation) return
      const settings = { 'http.max_content_length': '1kb' }
      await using server = await RealServer.start(installation, settings)
      const large = `{"create":{"_index":"a"}}\n{"b":"${'x'.repeat(2_000)}"}\n`
      assert.equal((await server.request('POST', '/_bulk', large)).status, 413)
      server.pause()
      const health = server.request('GET', '/_cluster/health')
      const first = await Promise.race([health, new Promise((done) => setTimeout(done, 300))])
      assert.equal(first, undefined)
      server.resume()
      assert.equal((await health).status, 200)
    })
  })
}

/** What a node of its own holds after this: indices, templates and settings. */
async function stateAfter(
  installation: Installation,
  change: (server: RealServer) => Promise<void>,
): Promise<unknown> {
  await using server = await RealServer.start(installation)
  await change(server)
  const { metadata } = await server.json<State>('GET', '/_cluster/state/metadata')
  const { indices, templates, index_template, component_template, data_stream } = metadata
  const settings = await server.json('GET', '/_cluster/settings')
  return { indices, templates, index_template, component_template, data_stream, settings }
}

interface State {
  readonly metadata: Readonly<Record<string, unknown>>
}
