/**
 * Records with names and values that servers refuse, or understand otherwise than they are meant:
 * each arrives on a real server, whole, and none harms the others.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Fields } from '../../support/forward-client.ts'
import { BulkRun, type BulkRunOptions } from '../../support/servers/bulk-run.ts'
import { RealServer } from '../../support/servers/real-server.ts'
import { requireServer, SERVERS } from '../../support/servers/require-server.ts'

const nested = (depth: number): Fields =>
  Array.from({ length: depth }).reduce<Fields>((inner) => ({ a: inner }), { a: 'bottom' })
const numbered = (count: number, prefix: string): Fields =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, 'x']))

/** By name; the last ones fill the mapping. */
const RECORDS: Readonly<Record<string, Fields>> = {
  plain: { log: 'hello' },
  'a name and names below it': { 'a.b': 'x', 'a.b.c': 'y', a: 'z' },
  'dots in labels': { labels: { 'com.example': 'x', 'com.example.app': 'y' } },
  'dots and objects': { m: { n: 'x' }, 'm.n': 'y' },
  'an empty name': { '': 'x', in: { '': 'y' } },
  'only blanks': { ' ': 'x', '\t': 'y', in: { '  ': 'z' } },
  'only dots': { '.': 'x', '..': 'y', '...': 'z' },
  'dots at the ends': { '.a': 'x', 'a.': 'y', 'a..b': 'z', 'a. .b': 'w' },
  'deep objects': { deep: nested(60) },
  'deep by dots': { [`d${'.d'.repeat(60)}`]: 'x' },
  'deep arrays': { arrays: JSON.parse('['.repeat(60) + '1' + ']'.repeat(60)) as unknown },
  'reserved names': { _id: 'x', _index: 'y', _source: 'z', _type: 'w', _routing: 'v', _ignored: 1 },
  'own names': { '@timestamp': 'x', tag: 'y', other_fields: 'z' },
  'a long name': { ['n'.repeat(60_000)]: 'x' },
  'an odd name': { 'q"\\\n\0*#<>': 'x', __proto__x: 'y', constructor: 'z' },
  'large integers': { large: 18_446_744_073_709_551_615n, least: -9_223_372_036_854_775_808n },
  'large floats': { float: 1e300, none: Number.NaN, endless: Number.POSITIVE_INFINITY },
  'a number': { status: 200 },
  'a text where a number was': { status: 'none' },
  'an object where a number was': { status: { code: 200 } },
  'an object where a text was': { log: { level: 'info' } },
  'a text where an object was': { m: 'text' },
  'mixed arrays': { mixed: [1, 'x', { y: 1 }, null, [true]] },
  'a date, then a text': { when: '2026-11-26' },
  'the text after the date': { when: 'yesterday' },
  'an immense term': { term: 'x'.repeat(100_000), container_name: 'y'.repeat(40_000) },
  'a broken text': { broken: '\ud800', ['\ud800']: 'x' },
  nothing: { nothing: null, empty: {}, list: [] },
  'labels that are a text': { labels: 'text' },
  'labels that are a list': { labels: ['x', { y: 1 }] },
  'long labels': { labels: { long: 'x'.repeat(40_000) } },
  'fields of an event': { event: 'x', 'event.original': 'y', conflict: 'z', 'conflict.status': 1 },
  'very many fields': numbered(3_000, 'one_'),
  'very many others': numbered(900, 'two_'),
  'a field too many': { one_field_more: 'x' },
  'plain again': { log: 'hello' },
}

for (const name of SERVERS) {
  describe(name, () => {
    test('every record arrives, whatever its names and values', async (t) => {
      const installation = await requireServer(t, name)
      if (!installation) return
      await using server = await RealServer.start(installation)
      await checkAll(server, { dataset: 'replaced' })
      await checkAll(server, { dataset: 'kept', output: "replace_dots: ''" })
    })
  })
}

async function checkAll(server: RealServer, options: BulkRunOptions): Promise<void> {
  await using run = await BulkRun.start(server, options)
  const names = Object.keys(RECORDS)
  await run.sendRecords(names.map((case_name) => ({ ...RECORDS[case_name], case_name })))
  const ledger = await run.drain()
  const documents = await run.documents()
  const found = documents.map((document) => /case_name\\*":\\*"([^"\\]+)/.exec(document)?.[1])
  assert.deepEqual(found.toSorted(), names.toSorted(), JSON.stringify(options))
  assert.deepEqual([ledger.delivered, ledger.rejected], [names.length, 0])
}
