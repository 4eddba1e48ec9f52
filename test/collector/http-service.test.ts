/** The HTTP server over reloads that move it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startHttp, type HttpOptions, type HttpServer } from '../../src/http/server.ts'
import type { ReloadResult } from '../../src/http/view.ts'
import { HttpService } from '../../src/collector/http-service.ts'
import { KeptLog } from '../drivers/context.ts'
import { exampleView } from '../http/example-view.ts'
import { freePort } from '../support/free-port.ts'
import { until } from '../support/wait.ts'

/** A service that is asked for a reload, which has not been answered yet, and then moves. */
async function movedInReload() {
  const asked = Promise.withResolvers<void>()
  const reload = Promise.withResolvers<ReloadResult>()
  const view = exampleView({
    reload: () => {
      asked.resolve()
      return reload.promise
    },
  })
  /** Addresses of servers that were let go of. */
  const closed: string[] = []
  const open = (options: HttpOptions) => openCounted(options, closed)
  const service = new HttpService({ view, logger: new KeptLog(), open })
  const [from, to] = [await configOf(), await configOf()]
  await service.start(from)
  const answer = fetch(`${service.address}/api/reload`, { method: 'POST' })
  // A test that fails before it asks for the answer has said why.
  answer.catch(() => undefined)
  await asked.promise
  const move = await service.move(from, to)
  move.finish()
  const addresses = [from.listen, to.listen]
  return { service, closed, answer, addresses, finish: () => reload.resolve(NOTHING) }
}

const NOTHING: ReloadResult = {
  outcome: 'reloaded',
  ...{ started: [], stopped: [], kept: [], settings: ['http'] },
}

async function openCounted(options: HttpOptions, closed: string[]): Promise<HttpServer> {
  const server = await startHttp(options)
  const close = () => {
    closed.push(options.listen)
    return server.close()
  }
  return { ...server, close }
}

async function configOf() {
  return { enabled: true, listen: `tcp://127.0.0.1:${await freePort()}` }
}

test('a former server is let go of once its last connection has ended', async (t) => {
  const { service, closed, answer, addresses, finish } = await movedInReload()
  t.after(() => service.close())
  assert.equal((await fetch(`${service.address}/healthz`)).status, 200)
  assert.deepEqual(closed, [])
  finish()
  assert.equal((await answer).status, 200)
  await until('it is let go of', () => closed.length > 0)
  await service.close()
  assert.deepEqual(closed, addresses)
})

test('the end does not wait for a connection to a former server', async () => {
  const { service, closed, answer, addresses } = await movedInReload()
  await service.close()
  assert.deepEqual(closed.toSorted(), addresses.toSorted())
  await assert.rejects(answer)
})
