/** The real servers the other tests need: they start, keep their data, and survive being killed. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { requireServer, SERVERS } from '../support/servers/require-server.ts'
import { RealServer } from '../support/servers/real-server.ts'

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
