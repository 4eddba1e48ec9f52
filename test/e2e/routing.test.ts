/** Routes, labels, copies and events that nothing matches, in the running collector. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { CollectorProcess, type Places } from '../support/collector-process.ts'
import { ForwardClient, message } from '../support/forward-client.ts'
import { readAllLines } from '../support/output-files.ts'

function config(places: Places): string {
  return `
data_dir: ./data
http: { listen: tcp://127.0.0.1:${places.http} }
inputs:
  docker: { type: forward, listen: tcp://127.0.0.1:${places.forward} }
outputs:
  main: { type: file, path: "./logs/main/\${tag}.log" }
  copy: { type: file, path: "./logs/copy/\${tag}.log" }
  nowhere: { type: "null" }
pipeline:
  - match: debug.**
    to: nowhere
  - match: web.{front,back}.*
    to: "@web"
  - match: audit.**
    to: [main, copy]
  - match: app.*
    to: main
labels:
  web:
    - match: "**.secret"
      to: copy
    - match: "**"
      to: main
`
}

const ROUTED = {
  main: ['app.one', 'audit', 'audit.deep.er', 'web.front.page'],
  copy: ['audit', 'audit.deep.er', 'web.back.secret'],
}
const UNMATCHED = ['app', 'app.one.two', 'other', 'web.side.page']
const DISCARDED = ['debug.trace']

test('every event goes where the routes say, and nowhere else', async () => {
  await using collector = await CollectorProcess.start({ config })
  await using client = await ForwardClient.connect({ port: collector.places.forward })
  const tags = [...new Set([...ROUTED.main, ...ROUTED.copy, ...UNMATCHED, ...DISCARDED])]
  for (const tag of [...tags, ...tags])
    await client.request(message(tag, 1_795_251_000, { log: tag }, { chunk: tag }), tag)
  const ledger = await collector.stop()

  for (const [output, expected] of Object.entries(ROUTED)) {
    const lines = await readAllLines(join(collector.logs, output))
    assert.deepEqual(
      lines.map((line) => line.tag).toSorted(),
      expected.toSorted().flatMap((tag) => [tag, tag]),
    )
  }
  assert.equal(ledger.received, tags.length * 2)
  assert.equal(ledger.copied, 2 * 2)
  assert.equal(ledger.dropped, UNMATCHED.length * 2)
  for (const tag of UNMATCHED) {
    const warnings = collector.process.output
      .split('\n')
      .filter((line) => line.includes(`"${tag}"`))
    assert.equal(warnings.length, 1, `${tag}: ${warnings.join('\n')}`)
  }
})
