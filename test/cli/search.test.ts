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
import { until } from '../support/wait.ts'
import { logboom } from './program.ts'
import { temporaryFolder } from './temporary-folder.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

interface Asked {
  readonly path: string
  readonly body: { readonly size: number; readonly query: unknown }
}

/** Events by number; each is found from the moment it is among them. */
class SearchedServer implements AsyncDisposable {
  readonly asked: Asked[] = []
  numbers: number[] = []
  refusal: string | null = null
  isTotalExact = true
  readonly #http = createServer((request, response) => {
    void (async () => {
      const parts: Buffer[] = []
      for await (const part of request) parts.push(part as Buffer)
      const body = JSON.parse(Buffer.concat(parts).toString()) as Asked['body']
      this.asked.push({ path: request.url!, body })
      response.writeHead(this.refusal === null ? 200 : 400, { 'content-type': 'application/json' })
      response.end(this.refusal ?? this.#answer(body))
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

  async [Symbol.asyncDispose](): Promise<void> {
    this.#http.closeAllConnections()
    this.#http.close()
  }

  #answer(body: Asked['body']): string {
    const isNewest = JSON.stringify(body).includes('"order":"desc"')
    const numbers = isNewest ? this.numbers.toReversed() : this.numbers
    const since = /"gte":"([^"]+)"/.exec(JSON.stringify(body))?.[1] ?? ''
    const fitting = numbers.filter((number) => isNewest || timeOf(number) >= since)
    const hits = fitting.slice(0, body.size).map((number) => {
      const time = timeOf(number)
      const _source = { '@timestamp': time, tag: 'web', log: `line ${number}`, number }
      return { _index: 'i', _id: String(number), _source, fields: { '@timestamp': [time] } }
    })
    const total = { value: this.numbers.length, relation: this.isTotalExact ? 'eq' : 'gte' }
    return JSON.stringify({ _shards: { failed: 0 }, hits: { total, hits } })
  }
}

function timeOf(number: number): string {
  return `2026-11-26T10:00:0${number}.123456789Z`
}

async function prepared() {
  const stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryFolder())
  const server = stack.use(await SearchedServer.start())
  const config = `
inputs: { docker: { type: forward } }
outputs:
  es: { type: elasticsearch, url: "http://127.0.0.1:${server.port}", data_stream: { dataset: "x" } }
pipeline: [{ match: "**", to: es }]
`
  await writeFile(join(folder.path, 'logboom.yaml'), config)
  const line = (args: readonly string[]) => ['search', '-c', 'logboom.yaml', ...args]
  return {
    server,
    cwd: folder.path,
    line,
    run: (...args: string[]) => logboom(line(args), { cwd: folder.path }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

test('prints the newest, oldest first, and says how many there are', async () => {
  await using folder = await prepared()
  folder.server.numbers = [1, 2, 3]
  const { code, stdout, stderr } = await folder.run('--limit', '2', '--since', '1h', 'line')
  const lines = [2, 3].map((number) => `2026-11-26T10:00:0${number}.123456789Z web line ${number}`)
  assert.equal(stdout, `${lines.join('\n')}\n`)
  assert.deepEqual([code, stderr], [0, 'the newest 2 of 3\n'])
  const [{ path, body }] = folder.server.asked as [Asked]
  assert.match(path, /^\/logs-x-default\/_search\?/)
  assert.match(JSON.stringify(body.query), /"query":"line".*"gte":"20/)
})

test('says that there is more, or nothing', async () => {
  await using folder = await prepared()
  const nothing = await folder.run('line')
  assert.deepEqual(
    [nothing.code, nothing.stdout, nothing.stderr],
    [0, '', 'found nothing in logs-x-default\n'],
  )
  folder.server.numbers = [1, 2, 3]
  assert.equal((await folder.run()).stderr, '')
  // As servers that count no further.
  folder.server.isTotalExact = false
  assert.equal((await folder.run()).stderr, 'the newest 3 of more than 3\n')
})

test('prints JSON as files have it', async () => {
  await using folder = await prepared()
  folder.server.numbers = [1]
  const { stdout } = await folder.run('--json')
  const time = '2026-11-26T10:00:01.123456789Z'
  assert.equal(stdout, `{"time":"${time}","tag":"web","log":"line 1","number":1}\n`)
})

test('follows, and shows nothing twice', async () => {
  await using folder = await prepared()
  folder.server.numbers = [1]
  const running = new Running(process.execPath, [MAIN, ...folder.line(['-f', '*'])], {
    cwd: folder.cwd,
  })
  try {
    await until('the first is shown', () => running.output.includes('line 1'))
    folder.server.numbers = [1, 2, 3]
    await until('the next are shown', () => running.output.includes('line 3'))
    const count = folder.server.asked.length
    await until('it has asked again', () => folder.server.asked.length >= count + 2)
    const shown = [...running.output.matchAll(/line (\d)/g)].map(([, number]) => number)
    assert.deepEqual(shown, ['1', '2', '3'])
  } finally {
    await running.end()
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
    [['--limit', '0'], /cannot use --limit "0"; expected 1 to 10000/],
    [['--since', 'x'], /cannot read --since "x"/],
    [['--output', 'ess'], /"ess" is not an output of type.*; expected one of: es/],
    [['-f', '--until', '1h'], /--follow has no end/],
    [['--fields', 'a,'], /cannot use --fields/],
  ] as const
  for (const [args, message] of REFUSED) {
    const { code, stderr } = await folder.run(...args)
    assert.deepEqual([code, message.test(stderr)], [2, true], stderr)
  }
  assert.deepEqual(folder.server.asked, [])
})
