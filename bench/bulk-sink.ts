/**
 * Answers bulk requests as Elasticsearch does when all is stored, and writes the documents into one
 * file, a line each. Run by bench/subjects/bulk-sink.ts: `node bench/bulk-sink.ts FILE`; it says
 * its port to its parent.
 */
import { openSync, writeSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

const NEWLINE = 0x0a
const NO_TEMPLATE = '{"error":{"type":"resource_not_found_exception","reason":"none"},"status":404}'
/** As collectors write it; read so that the sink keeps pace with them. */
const ACTION = /^{"(\w+)":{(?:.*"_id":"([^"]*)")?/
const INFO = JSON.stringify({ version: { number: '9.0.0', build_flavor: 'default' } })

const descriptor = openSync(process.argv[2]!, 'a')

const server = createServer((request, response) => {
  response.setHeader('x-elastic-product', 'Elasticsearch')
  response.setHeader('content-type', 'application/json')
  const { pathname } = new URL(request.url!, 'http://localhost')
  if (pathname.endsWith('/_bulk')) void bodyOf(request).then((body) => response.end(store(body)))
  else if (pathname === '/') response.end(INFO)
  else response.writeHead(request.method === 'PUT' ? 200 : 404).end(NO_TEMPLATE)
})
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port))
process.once('disconnect', () => process.exit(0))

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
  const body = Buffer.concat(parts)
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
}

/** Keeps every second line; the answer says of each that it was created. */
function store(body: Buffer): string {
  const kept = Buffer.allocUnsafe(body.length)
  const items: string[] = []
  let length = 0
  for (let at = 0; at < body.length;) {
    const actionEnd = body.indexOf(NEWLINE, at)
    const end = body.indexOf(NEWLINE, actionEnd + 1) + 1
    const [, operation = 'create', id = 'none'] =
      ACTION.exec(body.toString('latin1', at, actionEnd)) ?? []
    items.push(`{"${operation}":{"_id":"${id}","status":201}}`)
    length += body.copy(kept, length, actionEnd + 1, end)
    at = end
  }
  writeSync(descriptor, kept, 0, length)
  return `{"errors":false,"took":1,"items":[${items.join()}]}`
}
