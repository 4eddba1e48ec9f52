import assert from 'node:assert/strict'
import { test } from 'node:test'
import { modify } from '../../../../src/pipeline/filters/modify/index.ts'
import { runFilter } from '../../../drivers/run-filter.ts'
import { batchOf } from '../../../support/entries.ts'

/** `operations` as the lines of a YAML list. */
async function check(operations: string, record: object, expected: object): Promise<void> {
  const lines = operations.split('\n').map((line) => `  - ${line}`)
  const run = await runFilter(modify, `operations:\n${lines.join('\n')}`)
  assert.equal(await run.input.deliver(batchOf('docker.web1', record)), 'delivered')
  const [found] = run.records
  assert.deepEqual(found, expected, operations)
  assert.deepEqual(Object.keys(found), Object.keys(expected), operations)
  await run.stop()
}

test('set replaces and adds, inside maps too', async () => {
  await check(
    'set: { env: prod, n: 5, ok: true }',
    { n: 1, a: 2 },
    { n: 5, a: 2, env: 'prod', ok: true },
  )
  await check('set: { a.b.c: x }', {}, { a: { b: { c: 'x' } } })
  await check('set: { a.b.c: x }', { a: { b: 5, d: 6 } }, { a: { b: { c: 'x' }, d: 6 } })
  await check(`set: { '["a.b"]': x }`, {}, { 'a.b': 'x' })
  await check(
    'set: { where: "${tag[1]}/${$.host}/${$.no} %Y 100%%" }',
    { host: 'h' },
    { host: 'h', where: 'web1/h/unknown 2026 100%' },
  )
})

test('rename keeps the place of a field and replaces what has the name', async () => {
  await check('rename: { a: b }', { x: 1, a: 2, y: 3 }, { x: 1, b: 2, y: 3 })
  await check('rename: { a: b }', { b: 1, a: 2 }, { b: 2 })
  await check('rename: { a: b, b: c }', { a: 2 }, { c: 2 })
  await check('rename: { a: m.b }', { a: 2, m: { x: 1 } }, { m: { x: 1, b: 2 } })
  await check('rename: { m.b: a }', { m: { b: { z: 1 } } }, { m: {}, a: { z: 1 } })
  await check('rename: { no: a }', { b: 1 }, { b: 1 })
  await check('rename: { a: a, m.b: m.b }', { a: 1, m: { b: 2 } }, { a: 1, m: { b: 2 } })
})

test('copy keeps the type', async () => {
  await check('copy: { a: m.b }', { a: [1] }, { a: [1], m: { b: [1] } })
})

test('remove and keep', async () => {
  await check('remove: [a, m.x, no]', { a: 1, m: { x: 1, y: 2 } }, { m: { y: 2 } })
  await check('keep: [b, no]', { a: 1, b: 2, c: 3 }, { b: 2 })
  await check('keep: [b, b]', { a: 1, b: 2, c: 3 }, { b: 2 })
})

test('nest and flatten', async () => {
  const nest = 'nest: { prefix: k8s_, under: k8s }'
  await check(nest, { a: 1, k8s_pod: 'p', k8s_: 2 }, { a: 1, k8s_: 2, k8s: { pod: 'p' } })
  await check(nest, { k8s: { ns: 'n' }, k8s_pod: 'p' }, { k8s: { ns: 'n', pod: 'p' } })
  const deep = { m: { a: 1, b: { c: 2, d: {} } }, x: 1 }
  await check('flatten: { field: m }', deep, { x: 1, 'm.a': 1, 'm.b.c': 2, 'm.b.d': {} })
  await check('flatten: { field: m, separator: _, prefix: "" }', deep, {
    x: 1,
    a: 1,
    b_c: 2,
    b_d: {},
  })
  await check('flatten: { field: x }', { x: 1 }, { x: 1 })
})

test('de_dot goes into maps and lists', async () => {
  await check('de_dot: _', { 'a.b': [{ 'c.d.': 1 }], e: 'f.g' }, { a_b: [{ c_d_: 1 }], e: 'f.g' })
})

test('cast turns what says the same in the other type', async () => {
  await check('cast: { a: integer }', { a: ' 42 ' }, { a: 42 })
  await check('cast: { a: integer }', { a: 4.7 }, { a: 4 })
  await check('cast: { a: integer }', { a: '9007199254740993' }, { a: 9007199254740993n })
  await check('cast: { a: integer }', { a: 5_000_000_000n }, { a: 5_000_000_000n })
  await check('cast: { a: number, b: number }', { a: '1.5', b: '2' }, { a: 1.5, b: 2 })
  await check('cast: { a: float }', { a: '1e3' }, { a: 1000 })
  await check('cast: { a: boolean, b: boolean }', { a: 'Yes', b: 0 }, { a: true, b: false })
  await check('cast: { a: text, b: text }', { a: 5, b: 1.5 }, { a: '5', b: '1.5' })
})

test('what cannot be cast stays and is counted', async () => {
  const run = await runFilter(modify, 'operations: [{ cast: { a: integer, b: boolean } }]')
  const batch = batchOf('t', { a: 'x', b: 'maybe' }, { a: {}, b: true })
  assert.equal(run.filter.process(batch), batch)
  assert.equal(run.metric('cast_failed_total'), 3)
  await run.stop()
})

test('operations work on what those before them made', async () => {
  await check(
    'rename: { msg: message }\nset: { copy: "${$.message}" }\nremove: [message]',
    { msg: 'hello' },
    { copy: 'hello' },
  )
})

test('what is done in the kernel and what is not take turns', async () => {
  const operations =
    'set: { a: 1 }\ncast: { a: text }\nrename: { a: b }\nset: { c: "${$.b}" }\nremove: [b]'
  await check(operations, { x: 1 }, { x: 1, c: '1' })
})

test('entries that do not change are copied as bytes, a batch of such is itself', async () => {
  const run = await runFilter(modify, 'operations: [{ remove: [a] }]')
  const batch = batchOf('t', { b: 1 })
  assert.equal(run.filter.process(batch), batch)
  await run.input.deliver(batchOf('t', { b: 1 }, { a: 1, b: 2 }, { b: 3 }, { a: 4 }))
  assert.deepEqual(run.records, [{ b: 1 }, { b: 2 }, { b: 3 }, {}])
  assert.deepEqual(
    run.entries.map(({ nanoseconds }) => nanoseconds),
    [0, 1, 2, 3],
  )
  await run.stop()
})

test('large records grow what they are written to', async () => {
  const big = 'x'.repeat(200_000)
  await check('set: { a: y }\nset: { b: "${$.big}" }', { big }, { big, a: 'y', b: big })
})

test('says which operation is wrong', () => {
  const faults = (...operations: object[]) => modify.faults!({ operations })
  assert.match(faults({})[0]!.message, /item 1 of operations: it has no operation/)
  assert.match(faults({ remove: ['a'], keep: ['b'] })[0]!.message, /it has 2: remove, keep/)
  assert.match(faults({ set: { 'a.': 1 } })[0]!.message, /cannot read the field a\.: .* column 3/)
  assert.match(faults({ keep: ['a.b'] })[0]!.message, /expected a field of the record/)
})
