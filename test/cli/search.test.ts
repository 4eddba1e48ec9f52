/** `logboom search` against a server that answers as a test says. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Running } from '../support/child.ts'
import { requireTool } from '../support/tool.ts'
import { until } from '../support/wait.ts'
import { logboom } from './program.ts'
import { temporaryFolder } from './temporary-folder.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

interface Asked {
  readonly method: string
  readonly path: string
  readonly body: AskedBody
}

interface AskedBody {
  readonly size: number
  readonly query: unknown
  readonly sort: unknown
}

interface Event {
  readonly id: number
  readonly time: string
}

interface Scroll {
  readonly size: number
  readonly total: number
  rest: readonly Event[]
}

/** As Elasticsearch scrolls: a search of `scroll` goes on with what it found at first. */
class SearchedServer implements AsyncDisposable {
  readonly asked: Asked[] = []
  /** Each is found from the moment it is among them. */
  events: Event[] = []
  refusal: string | null = null
  isTotalExact = true
  /** Of the events below this one, the text is so large. */
  large = { below: 0, bytes: 0 }
  /** No JSON. */
  page: string | null = null
  readonly #scrolls = new Map<string, Scroll>()
  readonly #http = createServer((request, response) => {
    void (async () => {
      const parts: Buffer[] = []
      for await (const part of request) parts.push(part as Buffer)
      const body = JSON.parse(Buffer.concat(parts).toString()) as AskedBody
      const asked = { method: request.method!, path: request.url!, body }
      this.asked.push(asked)
      response.writeHead(this.refusal === null ? 200 : 400, { 'content-type': 'application/json' })
      response.end(this.page ?? this.refusal ?? this.#answer(asked))
    })()
  })

  static async start(): Promise<SearchedServer> {
    const server = new SearchedServer()
    server.#http.listen(0, '127.0.0.1')
    await once(server.#http, 'listening')
    return server
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port
  }

  get openScrolls(): number {
    return this.#scrolls.size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#http.closeAllConnections()
    this.#http.close()
  }

  #answer({ method, path, body }: Asked): string {
    const id = (body as unknown as { scroll_id?: string }).scroll_id
    if (method === 'DELETE') return JSON.stringify({ succeeded: this.#scrolls.delete(id!) })
    if (id !== undefined) return this.#page(id)
    const found = this.#found(body)
    if (!path.includes('scroll=')) return this.#hits(found.slice(0, body.size), found.length)
    const fresh = `scroll-${this.asked.length}`
    this.#scrolls.set(fresh, { size: body.size, total: found.length, rest: found })
    return this.#page(fresh)
  }

  #found({ query, sort }: AskedBody): Event[] {
    const since = /"gte":"([^"]+)"/.exec(JSON.stringify(query))?.[1] ?? ''
    const isNewest = JSON.stringify(sort)?.includes('"desc"') ?? false
    const from = since === '' ? 0 : Date.parse(since)
    const inOrder = this.events.filter(({ time }) => Date.parse(time) >= from)
    // Stable: those of one time stay in the order of their coming.
    inOrder.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
    return isNewest ? inOrder.reverse() : inOrder
  }

  #page(id: string): string {
    const scroll = this.#scrolls.get(id)!
    const page = scroll.rest.slice(0, scroll.size)
    scroll.rest = scroll.rest.slice(scroll.size)
    return this.#hits(page, scroll.total, id)
  }

  #hits(events: readonly Event[], value: number, _scroll_id?: string): string {
    const hits = events.map(({ id, time }) => {
      const padding = id < this.large.below ? 'x'.repeat(this.large.bytes) : ''
      const _source = { '@timestamp': time, tag: 'web', log: `line ${id}${padding}`, number: id }
      return { _index: 'i', _id: String(id), _source, fields: { '@timestamp': [time] } }
    })
    const total = { value, relation: this.isTotalExact ? 'eq' : 'gte' }
    return JSON.stringify({ _scroll_id, _shards: { failed: 0 }, hits: { total, hits } })
  }
}

/** Of the seconds of one minute. */
function eventsAt(...seconds: readonly number[]): Event[] {
  return seconds.map((id) => ({ id, time: timeOf(id) }))
}

function timeOf(second: number): string {
  return `2026-11-26T10:00:${String(second).padStart(2, '0')}.123456789Z`
}

async function prepared() {
  const stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryFolder())
  const server = stack.use(await SearchedServer.start())
  const config = `
inputs: { docker: { type: forward } }
outputs:
  es:
    type: elasticsearch
    url: "http://127.0.0.1:${server.port}"
    data_stream: { dataset: "x" }
    answer_max: 2MiB
pipeline: [{ match: "**", to: es }]
`
  await writeFile(join(folder.path, 'logboom.yaml'), config)
  const line = (args: readonly string[]) => ['search', '-c', 'logboom.yaml', ...args]
  return {
    server,
    cwd: folder.path,
    line,
    run: (...args: string[]) => logboom(line(args), { cwd: folder.path }),
    follow: (...args: string[]) => new Following(server, line(['-f', ...args]), folder.path),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** `logboom search --follow` at work. */
class Following implements AsyncDisposable {
  readonly #server: SearchedServer
  readonly #running: Running

  constructor(server: SearchedServer, args: readonly string[], cwd: string) {
    this.#server = server
    this.#running = new Running(process.execPath, [MAIN, ...args], { cwd })
  }

  get output(): string {
    return this.#running.output
  }

  /** Exactly these, in this order. */
  async shows(ids: readonly number[]): Promise<void> {
    const shown = () => [...this.output.matchAll(/line (\d+)/g)].map(([, id]) => Number(id))
    await until('all are shown', () => shown().length >= ids.length)
    assert.deepEqual(shown(), ids)
  }

  async asksAgain(): Promise<void> {
    const count = this.#server.asked.length
    await until('it has asked again', () => this.#server.asked.length >= count + 2)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.end()
  }
}

test('prints the newest, oldest first, and says how many there are', async () => {
  await using folder = await prepared()
  folder.server.events = eventsAt(1, 2, 3)
  const { code, stdout, stderr } = await folder.run('--limit', '2', '--since', timeOf(0), 'line')
  const lines = [2, 3].map((number) => `2026-11-26T10:00:0${number}.123456789Z web line ${number}`)
  assert.equal(stdout, `${lines.join('\n')}\n`)
  assert.deepEqual([code, stderr], [0, 'the newest 2 of 3\n'])
  const [{ path, body }] = folder.server.asked as [Asked]
  assert.match(path, /^\/logs-x-default\/_search\?/)
  assert.match(JSON.stringify(body.query), /"query":"line".*"gte":"2026-11-26T10:00:00.123456789Z"/)
})

test('says that there is more, or nothing', async () => {
  await using folder = await prepared()
  const nothing = await folder.run('line')
  assert.deepEqual(
    [nothing.code, nothing.stdout, nothing.stderr],
    [0, '', 'found nothing in logs-x-default\n'],
  )
  folder.server.events = eventsAt(1, 2, 3)
  assert.equal((await folder.run()).stderr, '')
  // As servers that count no further.
  folder.server.isTotalExact = false
  assert.equal((await folder.run()).stderr, 'the newest 3 of more than 3\n')
})

test('prints JSON as files have it', async () => {
  await using folder = await prepared()
  folder.server.events = eventsAt(1)
  const { stdout } = await folder.run('--json')
  const time = '2026-11-26T10:00:01.123456789Z'
  assert.equal(stdout, `{"time":"${time}","tag":"web","log":"line 1","number":1}\n`)
})

test('has more than a page of one time, in the order they came', async () => {
  await using folder = await prepared()
  const time = timeOf(1)
  folder.server.events = Array.from({ length: 12_000 }, (_, id) => ({ id, time }))
  const { stdout, stderr } = await folder.run('--limit', '11000')
  const expected = Array.from({ length: 11_000 }, (_, index) => `${time} web line ${index + 1000}`)
  assert.equal(stdout, `${expected.join('\n')}\n`)
  assert.equal(stderr, 'the newest 11000 of 12000\n')
  assert.equal(folder.server.openScrolls, 0)
})

test('has more than fits into an answer, in their order, however they lie', async () => {
  await using trial = await prepared()
  const ids = Array.from({ length: 30 }, (_, id) => id)
  trial.server.events = eventsAt(...ids)
  // All large, then those of a later page.
  for (const below of [30, 12]) {
    trial.server.large = { below, bytes: 300_000 }
    const { code, stdout, stderr } = await trial.run('-n', '29')
    const shown = [...stdout.matchAll(/line (\d+)/g)].map(([, id]) => Number(id))
    assert.deepEqual([code, shown], [0, ids.slice(1)], stderr)
    assert.match(stderr, /the newest 29 of 30/)
  }
  trial.server.large = { below: 30, bytes: 3_000_000 }
  const { code, stderr } = await trial.run()
  assert.equal(code, 1)
  assert.match(stderr, /larger than 2097152 bytes \(answer_max\)/)
})

test('says of a web page that it is one', async () => {
  await using trial = await prepared()
  trial.server.page = '<html><head><title>Welcome</title></head></html>'
  const { code, stderr } = await trial.run()
  assert.equal(code, 1)
  assert.match(stderr, /cannot read the answer of .*: a web page "Welcome": is a proxy between\?/)
})

test('follows, and shows nothing twice', async () => {
  await using folder = await prepared()
  folder.server.events = eventsAt(1)
  await using following = folder.follow()
  await following.shows([1])
  folder.server.events = eventsAt(1, 2, 3)
  await following.shows([1, 2, 3])
  await following.asksAgain()
  await following.shows([1, 2, 3])
})

test('follows what comes late, at the same time, or after an event of the future', async () => {
  await using folder = await prepared()
  const future = { id: 100, time: new Date(Date.now() + 3_600_000).toISOString() }
  const now = { id: 101, time: new Date().toISOString() }
  folder.server.events = eventsAt(40, 41)
  await using following = folder.follow('--limit', '1')
  await following.shows([41])
  // Before the one it began with is what it was not asked for.
  folder.server.events.push({ id: 42, time: timeOf(41) }, ...eventsAt(30, 59))
  await following.shows([41, 42, 59])
  // What is newer is shown before what is late.
  folder.server.events.push(...eventsAt(43), future)
  await following.shows([41, 42, 59, 100, 43])
  folder.server.events.push(now)
  await following.shows([41, 42, 59, 100, 43, 101])
})

test('follows more than a page at a time', async () => {
  await using folder = await prepared()
  await using following = folder.follow('--json')
  await following.asksAgain()
  const time = timeOf(1)
  folder.server.events = Array.from({ length: 12_000 }, (_, id) => ({ id, time }))
  await until('all are shown', () => following.output.includes('"number":11999'))
  assert.equal(following.output.match(/"number"/g)?.length, 12_000)
  await until('the search is ended', () => folder.server.openScrolls === 0)
})

test('goes on following when the server is back', async () => {
  await using folder = await prepared()
  folder.server.events = eventsAt(1)
  await using following = folder.follow()
  await following.shows([1])
  folder.server.refusal = '{"error":{"root_cause":[{"reason":"all shards failed"}]}}'
  await following.asksAgain()
  folder.server.refusal = null
  folder.server.events = eventsAt(1, 2)
  await following.shows([1, 2])
  assert.equal(following.output.match(/all shards failed; it is asked again/g)?.length, 1)
})

test('ends with its reader, although nothing comes', async (t) => {
  // GNU's, which tells that nobody reads.
  if (requireTool(t, 'tail') === undefined) return
  await using folder = await prepared()
  folder.server.events = eventsAt(1)
  const command = [process.execPath, MAIN, ...folder.line(['-f'])].map((part) => `'${part}'`)
  const piped = new Running('sh', ['-c', `${command.join(' ')} | head -n 1`], { cwd: folder.cwd })
  try {
    await piped.exit
    assert.match(piped.output, /web line 1\n$/)
  } finally {
    await piped.end()
  }
})

test("passes on the server's reason", async () => {
  await using folder = await prepared()
  folder.server.refusal = '{"error":{"root_cause":[{"reason":"failed to parse date [x]"}]}}'
  const { code, stderr } = await folder.run('time:>x')
  assert.equal(code, 1)
  assert.match(stderr, /answers 400: failed to parse date \[x\]/)
})

test('points at what is wrong with the query, and says what else cannot be', async () => {
  await using folder = await prepared()
  const REFUSED = [
    [['a AND'], /cannot read the query: column 6: found the end.*\na AND\n {5}\^/],
    [['--limit', '0'], /cannot use --limit "0"; expected 1 to 1000000/],
    [['--since', 'x'], /cannot read --since "x"/],
    [['--output', 'ess'], /"ess" is not an output of type.*; did you mean "es"\?$/m],
    [['-f', '--until', '1h'], /--follow has no end/],
    [['--since', '1h', '--until', '2h'], /--since .* is after --until/],
    [['--fields', 'a,'], /cannot use --fields/],
  ] as const
  for (const [args, message] of REFUSED) {
    const { code, stderr } = await folder.run(...args)
    assert.deepEqual([code, message.test(stderr)], [2, true], stderr)
  }
  assert.deepEqual(folder.server.asked, [])
})
