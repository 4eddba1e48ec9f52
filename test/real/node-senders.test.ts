/** What Node.js programs log with, as senders: transports of winston and pino. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Running } from '../support/child.ts'
import { CollectorProcess, type Places } from '../support/collector-process.ts'
import type { Line } from '../support/output-files.ts'

const LINES = 200
const numbers = Array.from({ length: LINES }, (_none, n) => n)

const config =
  (input: string) =>
  ({ forward, http, folder }: Places) => `
data_dir: ${JSON.stringify(join(folder, 'data'))}
http: { listen: "tcp://127.0.0.1:${http}" }
inputs:
  app: ${input.replaceAll('PORT', String(forward))}
outputs:
  files: { type: file, path: ${JSON.stringify(join(folder, 'logs/all.log'))} }
pipeline:
  - { match: "**", to: files }
`

const syslog = config('{ type: syslog, listen: ["udp://127.0.0.1:PORT", "tcp://127.0.0.1:PORT"] }')

/** What the collector wrote of a program's `LINES` records; the program stays until then. */
async function linesOf(options: {
  readonly config: (places: Places) => string
  readonly program: (port: number) => string
}): Promise<Line[]> {
  await using collector = await CollectorProcess.start({ config: options.config })
  const file = join(collector.folder, 'app.mjs')
  writeFileSync(file, options.program(collector.places.forward))
  const app = new Running(process.execPath, [file])
  try {
    await collector.linesOnce(LINES)
  } catch (cause) {
    throw new Error(`the program said:\n${app.output}`, { cause })
  } finally {
    await app.end()
  }
  const { delivered } = await collector.stop()
  assert.equal(delivered, LINES)
  return collector.lines()
}

const winston = (transport: string) => `
import winston from '${import.meta.resolve('winston')}'
import { Syslog } from '${import.meta.resolve('winston-syslog')}'
const logger = winston.createLogger({
  levels: winston.config.syslog.levels,
  format: winston.format.json(),
  transports: [${transport}],
})
for (let n = 0; n < ${LINES}; n++) logger.warning('héllo', { n })
setInterval(() => {}, 1000)
`

// The program is outside of our packages' folder, so it gets whole paths.
const PINO_SYSLOG = fileURLToPath(import.meta.resolve('pino-syslog'))
const PINO_SOCKET = fileURLToPath(import.meta.resolve('pino-socket'))

const pino = (transport: object) => `
import pino from '${import.meta.resolve('pino')}'
const logger = pino({ transport: ${JSON.stringify(transport)} })
for (let n = 0; n < ${LINES}; n++) logger.warn({ n }, 'héllo')
setInterval(() => {}, 1000)
`

/** The JSON that both loggers write as a syslog message's text. */
const texts = (lines: readonly Line[]) =>
  lines.map(({ message }) => JSON.parse(String(message)) as Record<string, unknown>)

const inOrder = (records: readonly Record<string, unknown>[]) =>
  records.map(({ n }) => Number(n)).toSorted((one, other) => one - other)

for (const protocol of ['tcp4', 'udp4']) {
  for (const type of ['RFC3164', 'RFC5424']) {
    test(`winston-syslog, ${type} by ${protocol}`, async () => {
      const lines = await linesOf({
        config: syslog,
        program: (port) =>
          winston(
            `new Syslog({ host: '127.0.0.1', port: ${port}, protocol: '${protocol}', ` +
              `type: '${type}', app_name: 'shop', localhost: 'web-1', eol: '\\n' })`,
          ),
      })
      assert.deepEqual(inOrder(texts(lines)), numbers)
      for (const { tag, ident, host, parse_failed } of lines) {
        const seen = [tag, ident, host, parse_failed]
        assert.deepEqual(seen, ['syslog.local0.warning', 'shop', 'web-1', undefined])
      }
    })
  }
}

test("winston's own transport, by HTTP", async () => {
  const lines = await linesOf({
    config: config('{ type: http, listen: "tcp://127.0.0.1:PORT" }'),
    program: (port) =>
      winston(
        `new winston.transports.Http({ host: '127.0.0.1', port: ${port}, path: '/app/shop' })`,
      ),
  })
  assert.deepEqual(inOrder(lines), numbers)
  for (const { tag, level, message } of lines) {
    assert.deepEqual([tag, level, message], ['app.shop', 'warning', 'héllo'])
  }
})

for (const mode of ['tcp', 'udp']) {
  for (const modern of [false, true]) {
    test(`pino-syslog, RFC ${modern ? 5424 : 3164} by pino-socket, ${mode}`, async () => {
      const shape = { modern, appname: 'shop', newline: true, enablePipelining: true }
      const lines = await linesOf({
        config: syslog,
        program: (port) =>
          pino({
            pipeline: [
              { target: PINO_SYSLOG, options: shape },
              { target: PINO_SOCKET, options: { mode, address: '127.0.0.1', port } },
            ],
          }),
      })
      assert.deepEqual(inOrder(texts(lines)), numbers)
      for (const { tag, ident, parse_failed } of lines) {
        assert.deepEqual([tag, ident, parse_failed], ['syslog.local0.warning', 'shop', undefined])
      }
    })
  }
}

test('pino-socket alone: its JSON as lines over TCP', async () => {
  const lines = await linesOf({
    config: config('{ type: tcp, listen: "tcp://127.0.0.1:PORT", format: json, tag: app }'),
    program: (port) =>
      pino({ target: PINO_SOCKET, options: { mode: 'tcp', address: '127.0.0.1', port } }),
  })
  assert.deepEqual(inOrder(lines), numbers)
  for (const { msg, level } of lines) assert.deepEqual([msg, level], ['héllo', 40])
})
