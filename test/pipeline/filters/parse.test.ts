/** The `parse` filter: what becomes of records whose line can be read, and of the others. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parse } from '../../../src/pipeline/filters/parse/index.ts'
import { type FilterRun, runFilter } from '../../drivers/run-filter.ts'
import { batchOf, packRecord, TEST_SECONDS } from '../../support/entries.ts'

const start = (yaml = ''): Promise<FilterRun> => runFilter(parse, yaml)

async function check(yaml: string, record: object, expected: object): Promise<void> {
  const run = await start(yaml)
  await run.input.deliver(batchOf('docker.web', record))
  assert.deepEqual(run.records, [expected], JSON.stringify(record))
  await run.stop()
}

describe('records', () => {
  test('the fields of the line stand behind the others', async () => {
    await check(
      '',
      { container_name: '/web', log: '{"level":"info","n":{"a":[1]}}', source: 'stdout' },
      { container_name: '/web', source: 'stdout', level: 'info', n: { a: [1] } },
    )
    await check('', { log: '{}' }, {})
    await check('', { log: Buffer.from('{"a":1}') }, { a: 1 })
    await check('field: message', { message: '{"a":1}', log: 'x' }, { log: 'x', a: 1 })
  })

  test('fields of the line replace those of the same name', async () => {
    await check(
      '',
      { source: 'stdout', level: 1, x: 2, log: '{"level":"info","source":"db"}' },
      { x: 2, level: 'info', source: 'db' },
    )
    await check('keep_original: true', { log: '{"log":"inner"}' }, { log: 'inner' })
    await check('target: json', { json: 5, log: '{"a":1}' }, { json: { a: 1 } })
    const run = await start()
    await run.input.deliver(batchOf('t', packRecord({ a: 1, b: 2, log: '{"a":3}' })))
    assert.deepEqual(Object.keys(run.records[0]!), ['b', 'a'])
    // msgpackr keeps the last of a repeated name, so the bytes have to tell.
    assert.equal(Buffer.from(run.batches[0]!.entries).toString('latin1').split('\xa1a').length, 2)
    await run.stop()
  })

  test('more fields than a short header holds', async () => {
    const line = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`k${index}`, index]))
    const others = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`o${index}`, 1]))
    const log = JSON.stringify(line)
    await check('', { log, x: 1 }, { x: 1, ...line })
    await check('', { ...others, log }, { ...others, ...line })
    await check('target: t', { log, x: 1 }, { x: 1, t: line })
    await check('target: t', { ...others, log }, { ...others, t: line })
  })

  test('keep_original, prefix and target', async () => {
    await check('keep_original: true', { log: '{"a":1}', x: 2 }, { log: '{"a":1}', x: 2, a: 1 })
    await check('prefix: app_', { log: '{"a":1,"b":{"c":2}}' }, { app_a: 1, app_b: { c: 2 } })
    await check('prefix: a', { ab: 1, log: '{"b":2}' }, { ab: 2 })
    await check('{ prefix: p_, target: t }', { log: '{"a":1}', a: 2 }, { a: 2, t: { p_a: 1 } })
    const long = 'x'.repeat(40)
    await check('prefix: p_', { log: `{"${long}":1}` }, { [`p_${long}`]: 1 })
  })

  test('without the field, or with no text in it, they pass as they are', async () => {
    const run = await start()
    const batch = batchOf('t', { a: 1 }, { log: 5 }, { log: { a: 1 } }, {})
    await run.input.deliver(batch)
    assert.deepEqual(run.records, [{ a: 1 }, { log: 5 }, { log: { a: 1 } }, {}])
    assert.ok(Buffer.from(run.batches[0]!.entries).equals(batch.entries))
    assert.equal(run.metric('parse_failed_total', { reason: 'invalid_json' }), 0)
    await run.stop()
  })

  test('a part of a longer line says so', async () => {
    const log = '{"log":"hel","stream":"stdout"}'
    await check('format: docker', { log }, { log: 'hel', stream: 'stdout', partial: true })
  })
})

describe('the time', () => {
  const line = '{"ts":"2026-11-21T09:00:00.000000005Z","a":1}'

  test('is that of the line', async () => {
    const run = await start('format: { type: json, time: { field: ts } }')
    await run.input.deliver(batchOf('t', { log: line }, { log: '{"a":1}' }))
    assert.deepEqual(run.entries, [
      { seconds: TEST_SECONDS + 600, nanoseconds: 5, record: { a: 1 } },
      { seconds: TEST_SECONDS, nanoseconds: 1, record: { a: 1 } },
    ])
    await run.stop()
  })

  test('is that of the event with keep_time', async () => {
    const run = await start('{ format: { type: json, time: { field: ts } }, keep_time: true }')
    await run.input.deliver(batchOf('t', { log: line }))
    assert.deepEqual(run.entries, [{ seconds: TEST_SECONDS, nanoseconds: 0, record: { a: 1 } }])
    await run.stop()
  })

  test('one that cannot be read is counted and stays', async () => {
    const run = await start('format: { type: json, time: { field: ts } }')
    await run.input.deliver(batchOf('t', { log: '{"ts":"soon"}' }))
    assert.deepEqual(run.records, [{ ts: 'soon' }])
    assert.equal(run.metric('invalid_times_total'), 1)
    assert.equal(run.metric('parsed_total'), 1)
    await run.stop()
  })
})

describe('lines that cannot be read', () => {
  test('stay as they are, marked and counted, among those that can', async () => {
    const run = await start()
    const records = [
      { a: 1 },
      { log: 'hello', b: 2 },
      { log: '{"c":3}' },
      { log: '{"d":' },
      { e: 5 },
    ]
    assert.equal(await run.input.deliver(batchOf('t', ...records)), 'delivered')
    assert.deepEqual(run.records, [
      { a: 1 },
      { log: 'hello', b: 2, parse_failed: 'not_an_object' },
      { c: 3 },
      { log: '{"d":', parse_failed: 'invalid_json' },
      { e: 5 },
    ])
    assert.equal(run.batches[0]!.count, 5)
    assert.equal(run.metric('parsed_total'), 1)
    assert.equal(run.metric('parse_failed_total', { reason: 'not_an_object' }), 1)
    assert.equal(run.metric('parse_failed_total', { reason: 'invalid_json' }), 1)
    await run.stop()
  })

  test('a mark that is there already stays', async () => {
    const record = { log: 'hello', parse_failed: 'before' }
    await check('', record, record)
  })

  test('are reported once a minute, and at the end', async () => {
    const run = await start()
    const warnings = () => run.log.lines.filter(({ level }) => level === 'warn')
    await run.input.deliver(batchOf('t', { log: 'a' }, { log: 'b' }))
    await run.input.deliver(batchOf('u', { log: 'c' }))
    assert.equal(warnings().length, 0)
    await run.advance(60_000)
    assert.deepEqual(
      warnings().map(({ fields }) => fields),
      [{ events: 3, last_reason: 'not_an_object', last_tag: 'u' }],
    )
    await run.input.deliver(batchOf('t', { log: 'a' }))
    await run.stop()
    assert.equal(warnings().length, 2)
  })
})

test('several formats', async () => {
  const run = await start('format: [json, logfmt, { type: none, field: message }]')
  await run.input.deliver(batchOf('t', { log: '{"a":1}' }, { log: 'b=2' }, { log: 'c' }))
  assert.deepEqual(run.records, [{ a: 1 }, { b: '2' }, { message: 'c' }])
  await run.stop()
})

test('any records and lines give what merging them as objects gives', async () => {
  const name = fc.constantFrom('a', 'b', 'ab', 'log', 'x'.repeat(40), 'level', 'ü')
  const object = fc.dictionary(name, fc.oneof(fc.integer(), fc.string(), fc.constant(null)))
  const record = fc.record({ others: object, line: fc.oneof(object, fc.constant(null)) })
  const options = fc.constantFrom('', 'keep_original: true', 'target: ab')
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 1 }), options, async (records, yaml) => {
      const run = await start(yaml)
      const given = records.map(({ others, line }) => {
        const rest = Object.fromEntries(Object.entries(others).filter(([key]) => key !== 'log'))
        return line === null ? rest : { ...rest, log: JSON.stringify(line) }
      })
      const expected = given.map((of) => merged(of, yaml))
      await run.input.deliver(batchOf('t', ...given))
      assert.deepEqual(run.records, expected)
      await run.stop()
    }),
    { numRuns: 40 },
  )
})

function merged(record: { readonly log?: string }, yaml: string): object {
  const { log, ...others } = record
  if (log === undefined) return others
  const line = JSON.parse(log) as object
  if (yaml.startsWith('target')) return { ...others, ab: line }
  return yaml === '' ? { ...others, ...line } : { ...record, ...line }
}
