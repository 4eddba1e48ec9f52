import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startHttp } from '../../src/http/server.ts'
import { systemClock } from '../../src/pipeline/clock.ts'
import { Taps } from '../../src/pipeline/taps/taps.ts'
import { testContext } from '../drivers/context.ts'
import { batchOf } from '../support/entries.ts'
import { until } from '../support/wait.ts'
import { exampleView } from './example-view.ts'

async function serve() {
  const taps = new Taps(systemClock)
  const { logger } = testContext({ name: 'http' })
  const view = exampleView({ taps })
  const server = await startHttp({ listen: 'tcp://127.0.0.1:0', view, logger })
  return { taps, server, url: (query = '') => `${server.address}/api/tap${query}` }
}

test('streams what passes, says what was missed, ends with its reader', async () => {
  const { taps, server, url } = await serve()
  const response = await fetch(url('?match=a.**&point=output&rate=1'))
  assert.equal(response.headers.get('content-type'), 'application/x-ndjson')
  assert.equal(response.headers.get('cache-control'), 'no-store')
  taps.see('output', 'files', batchOf('a.b', { n: 1 }, { n: 2 }))
  const reader = response.body!.getReader()
  let text = ''
  while (!text.includes('missed')) {
    const read = (await reader.read()) as { readonly value?: Uint8Array }
    text += Buffer.from(read.value ?? []).toString()
  }
  assert.match(text, /^{"point":"output:files","event":{.*"n":1}}\n{"missed":1}\n$/)
  await reader.cancel()
  await until('nobody looks', () => !taps.isActive)
  await server.close()
})

test('says what is wrong with a request', async () => {
  const { server, url } = await serve()
  const messageOf = async (query: string) => {
    const response = await fetch(url(query))
    assert.equal(response.status, 400)
    return ((await response.json()) as { message: string }).message
  }
  assert.match(await messageOf('?point=outputs'), /unknown point "outputs"/)
  assert.match(
    await messageOf('?point=after:nope'),
    /unknown point "after:nope"; expected one of: after(, after:\w+)*$/,
  )
  assert.match(await messageOf('?point=output:nope'), /expected one of: output, output:files/)
  assert.match(await messageOf('?tag=a'), /unknown parameter "tag"; expected one of: match/)
  assert.match(await messageOf('?rate=0'), /expected a whole number up to 10000/)
  assert.match(await messageOf('?match={'), /cannot read tag pattern/)
  await server.close()
})

test('a server that retires ends the streams, and a HEAD opens none', async () => {
  const { taps, server, url } = await serve()
  assert.equal((await fetch(url(), { method: 'HEAD' })).status, 404)
  const response = await fetch(url())
  assert(taps.isActive)
  const retired = server.retire()
  assert.equal((await response.text()).trim(), '')
  await retired
  assert(!taps.isActive)
  await server.close()
})
