import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { startHttp } from '../../src/http/server.ts'
import type { DeadLettersView } from '../../src/pipeline/dead-letters/dead-letters.ts'
import type { ReplayState } from '../../src/pipeline/dead-letters/replay.ts'
import type { Selection } from '../../src/pipeline/dead-letters/selection.ts'
import { KeptLog } from '../drivers/context.ts'
import { exampleView } from './example-view.ts'

const AT = Date.parse('2026-11-21T08:50:00Z')

const running: ReplayState = {
  state: 'running',
  to: null,
  startedAt: AT,
  endedAt: null,
  found: 5,
  examined: 2,
  delivered: 1,
  rejected: 1,
  damaged: 0,
  retried: 0,
  problem: null,
}

/** Keeps what it was asked for. */
class FakeLetters implements DeadLettersView {
  readonly calls: unknown[][] = []
  replay: ReplayState | null = null
  dropped: number | undefined = 3

  kept() {
    const group = (events: number) =>
      ({ output: 'search', tag: 'app', cause: 'rejected', reason: `no ${events}`, events }) as const
    const groups = Array.from({ length: 150 }, (_, index) => group(149 - index))
    const counts = { events: 9, bytes: 99, files: 1, damaged: 0, oldestAt: AT }
    return Promise.resolve({ ...counts, groups })
  }

  startReplay(selection: Selection, to: string | undefined) {
    this.calls.push(['replay', selection, to])
    if (this.replay) return undefined
    this.replay = running
    return running
  }

  stopReplay() {
    return this.replay ?? undefined
  }

  drop(selection: Selection) {
    this.calls.push(['drop', selection])
    return Promise.resolve(this.dropped)
  }

  dropDamaged() {
    this.calls.push(['drop damaged'])
    return Promise.resolve(this.dropped)
  }
}

async function serve(t: TestContext) {
  const deadLetters = new FakeLetters()
  const listen = 'tcp://127.0.0.1:0'
  const view = exampleView({ deadLetters })
  const server = await startHttp({ listen, view, logger: new KeptLog() })
  t.after(() => server.close())
  const ask = async (method: string, path: string, headers: Record<string, string> = {}) => {
    const url = `${server.address}/api/dead-letters${path}`
    const response = await fetch(url, { method, headers })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  return { deadLetters, ask }
}

test('shows how many there are, why, and how a replay goes', async (t) => {
  const { deadLetters, ask } = await serve(t)
  deadLetters.replay = running
  const { status, body } = await ask('GET', '')
  const { groups, replay, ...sums } = body
  assert.equal(status, 200)
  assert.deepEqual(sums, {
    ...{ events: 9, bytes: 99, files: 1, damaged: 0 },
    oldest_at: '2026-11-21T08:50:00.000Z',
    groups_left_out: 49,
  })
  assert.equal((groups as unknown[]).length, 100)
  const { started_at, ended_at, state } = replay as Record<string, unknown>
  assert.deepEqual([started_at, ended_at, state], ['2026-11-21T08:50:00.000Z', null, 'running'])
})

test('starts a replay of what is selected, one at a time, and stops it', async (t) => {
  const { deadLetters, ask } = await serve(t)
  assert.equal((await ask('POST', '/replay/stop')).status, 409)
  const query = '?to=files&match=app.*&output=search&since=2026-11-21T08:50:00Z&id=a-1&id=a-2'
  assert.equal((await ask('POST', `/replay${query}`)).status, 202)
  const [[kind, selection, to] = []] = deadLetters.calls
  const { matches, ...rest } = selection as Selection
  assert.deepEqual([kind, to], ['replay', 'files'])
  assert.deepEqual(rest, { ids: new Set(['a-1', 'a-2']), output: 'search', since: AT })
  assert.deepEqual([matches?.('app.x'), matches?.('web')], [true, false])
  assert.equal((await ask('POST', '/replay')).status, 409)
  assert.equal((await ask('POST', '/replay/stop')).status, 200)
})

test('drops what is selected, or all if that is said', async (t) => {
  const { deadLetters, ask } = await serve(t)
  const { status, body } = await ask('POST', '/drop?output=search')
  assert.deepEqual([status, body], [200, { dropped: 3 }])
  assert.equal((await ask('POST', '/drop?all=true')).status, 200)
  assert.deepEqual(deadLetters.calls, [
    ['drop', { output: 'search' }],
    ['drop', {}],
  ])
  deadLetters.dropped = undefined
  assert.equal((await ask('POST', '/drop?all=true')).status, 409)
})

describe('does nothing', () => {
  for (const [path, message] of [
    ['/drop', /expected either all=true or one of id/],
    ['/drop?all=true&output=x', /expected either/],
    ['/drop?damaged=true&output=x', /expected either/],
    ['/drop?all=true&damaged=true', /expected either/],
    ['/drop?all=yes', /expected either/],
    ['/drop?mach=app', /unknown parameter "mach"; expected id, output, match/],
    ['/drop?match=a&match=b', /"match" is there more than once/],
    ['/replay?match={a', /cannot read tag pattern "\{a"/],
    ['/replay?since=yesterday', /cannot read since "yesterday"/],
    ['/replay?output=nix', /no dead letter is of output "nix"; expected one of search/],
    ['/replay?to=nowhere', /there is no output "nowhere"; expected one of files/],
  ] as const)
    test(`for ${path}`, async (t) => {
      const { deadLetters, ask } = await serve(t)
      const { status, body } = await ask('POST', path)
      assert.equal(status, 400)
      assert.match(String(body['message']), message)
      assert.deepEqual(deadLetters.calls, [])
    })

  test('for web pages, and for GET', async (t) => {
    const { deadLetters, ask } = await serve(t)
    for (const path of ['/drop?all=true', '/replay', '/replay/stop']) {
      for (const headers of [{ origin: 'null' }, { 'sec-fetch-site': 'same-origin' }])
        assert.equal((await ask('POST', path, headers as Record<string, string>)).status, 403)
      assert.equal((await ask('GET', path)).status, 405)
    }
    assert.deepEqual(deadLetters.calls, [])
  })
})
