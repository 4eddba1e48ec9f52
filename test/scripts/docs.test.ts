import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fieldsOf, fieldTroubles, typeText, type SchemaNode } from '../../scripts/docs/fields.ts'
import { table } from '../../scripts/docs/markdown.ts'
import { metricsIn } from '../../scripts/docs/metrics.ts'
import { configBlocks, configTroubles } from '../../scripts/docs/yaml-blocks.ts'
import { registry } from '../../src/registry.ts'

test('a field without description, or an optional one without default, is a trouble', () => {
  const check = (field: SchemaNode, expected: RegExp | null, required: string[] = []) => {
    const troubles = fieldTroubles({ properties: { it: field }, required }, 'input x')
    if (expected) assert.match(troubles.join('\n'), expected)
    else assert.deepEqual(troubles, [])
  }
  const text = { type: 'string', description: 'A text.' }
  check(text, null, ['it'])
  check({ ...text, default: '' }, null)
  check({ ...text, description: 'A text; absent means none.' }, null)
  check({ const: 'disk' }, null)
  check({ type: 'string' }, /input x: it has no description/, ['it'])
  check({ ...text, description: 'A text' }, /does not end like a sentence/, ['it'])
  check(text, /it has no default, and does not say what absence means/)
  const deep = { ...text, description: '' }
  const map = { type: 'object', description: 'A map.', properties: { deep } }
  check(map, /it\.deep has no description/)
  check({ type: 'array', description: 'A list.', default: [], items: map }, /it\[\]\.deep/)
})

test('values are described in words', () => {
  const check = (node: SchemaNode, expected: string) => assert.equal(typeText(node), expected)
  check({ type: 'string' }, 'text')
  check({ type: 'string', format: 'size' }, 'size')
  check({ type: 'integer', minimum: 1 }, 'integer from 1')
  check({ type: 'integer', minimum: 1, maximum: 9 }, 'integer from 1 to 9')
  check({ anyOf: [{ const: 'a' }, { const: 'b' }] }, '"a" or "b"')
  const address = { type: 'string', format: 'listen' }
  check({ anyOf: [address, { type: 'array', items: address }] }, 'listen or list of listen')
})

test('alternatives share one row for what tells them apart', () => {
  const branch = (type: string, own: string): SchemaNode => ({
    properties: {
      type: { const: type },
      [own]: { type: 'string', description: 'A text.', default: '' },
    },
    required: ['type', own],
  })
  const fields = fieldsOf({ properties: { it: { anyOf: [branch('x', 'a'), branch('y', 'b')] } } })
  assert.deepEqual(
    fields.slice(1).map(({ path, type, description }) => [path, type, description]),
    [
      ['it.type', '"x" or "y"', 'Which of the alternatives.'],
      ['it.a', 'text', '("x") A text.'],
      ['it.b', 'text', '("y") A text.'],
    ],
  )
})

test('metrics are read from the sources', () => {
  const text = `
    const a = metrics.counter('lines_total', 'Lines ' + 'read.')
    const b = context.metrics.gauge('open', 'Open.', { reason, kind: 'x' })
    const c = scope.counter(name, 'Not a literal.')`
  assert.deepEqual(metricsIn([{ path: 'src/a.ts', text }]), [
    { path: 'src/a.ts', kind: 'counter', name: 'lines_total', help: 'Lines read.', labels: [] },
    { path: 'src/a.ts', kind: 'gauge', name: 'open', help: 'Open.', labels: ['reason', 'kind'] },
  ])
})

test('a cell cannot break its table', () => {
  const lines = table(['a'], [['x | y\nz']]).split('\n')
  assert.equal(lines.at(-1), '| x \\| y z |')
})

test('configurations in the documentation are checked where they stand', () => {
  const text = [
    'Text',
    '```yaml',
    'inputs:',
    '  docker: { type: forward, lisen: "tcp://127.0.0.1:1" }',
    '```',
    '```yaml',
    'services: { web: { image: nginx } }',
    '```',
    '```yaml part',
    'pipeline: […]',
    '```',
    '',
  ].join('\n')
  const file = { path: 'docs/guide/a.md', text }
  assert.deepEqual(
    configBlocks(file).map(({ name }) => name),
    ['docs/guide/a.md:3'],
  )
  const [trouble = ''] = configTroubles(registry, [file])
  assert.match(trouble, /docs\/guide\/a\.md:3.*unknown key "lisen"/s)
})

test('files in config/ may name secrets that this machine does not have', () => {
  const text = [
    'inputs:',
    '  a: { type: forward, security: { shared_key: "${file:/run/secrets/none}" } }',
    'outputs: { b: { type: "null" } }',
    'pipeline: [{ match: "**", to: b }]',
  ].join('\n')
  assert.deepEqual(configTroubles(registry, [{ path: 'config/examples/a.yaml', text }]), [])
})
