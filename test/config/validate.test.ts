import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type, type TSchema } from 'typebox'
import { Duration, Listen, Mode, Network, Secret, Size } from '../../src/config/fields.ts'
import { validateConfig } from '../../src/config/validate.ts'

const closed = { additionalProperties: false } as const
const described = { description: 'A field.' }

function accepts(schema: TSchema, value: unknown, expected: unknown = value): void {
  assert.deepEqual(validateConfig(schema, value), { value: expected })
}

function refuses(schema: TSchema, value: unknown, ...expected: [string, string][]): void {
  const { problems = [] } = validateConfig(schema, value)
  assert.deepEqual(
    problems.map(({ path, message }) => [path.join('.'), message]),
    expected,
  )
}

test('fills in defaults, at any depth, without touching its argument', () => {
  const inner = Type.Object({ size: Size({ ...described, default: '1MiB' }) }, closed)
  const schema = Type.Object(
    {
      one: Type.Integer({ default: 1 }),
      none: Type.Optional(Type.String()),
      deep: Type.Object({ size: Size({ ...described, default: '2MiB' }) }, { default: {} }),
      list: Type.Array(inner, { default: [] }),
      map: Type.Record(Type.String({ pattern: '^[a-z]+$' }), inner, { ...closed, default: {} }),
      either: Type.Union([inner, Type.String()], { default: 'text' }),
    },
    closed,
  )
  const deep = { size: '2MiB' }
  accepts(schema, {}, { one: 1, deep, list: [], map: {}, either: 'text' })
  const given = Object.freeze({ list: [{}], map: { a: {} }, either: {} })
  const size = { size: '1MiB' }
  accepts(schema, given, { list: [size], map: { a: size }, either: size, one: 1, deep })
  const { value } = validateConfig(schema, {})
  value?.list.push({ size: '3MiB' })
  assert.deepEqual(validateConfig(schema, {}).value?.list, [])
})

test('converts nothing', () => {
  const schema = Type.Object({ n: Type.Integer(), t: Type.String(), b: Type.Boolean() }, closed)
  refuses(
    schema,
    { n: '1', t: 1, b: 'true' },
    ['n', 'cannot use "1" for n; expected a whole number'],
    ['t', 'cannot use 1 for t; expected a text (in quotes)'],
    ['b', 'cannot use "true" for b; expected true or false'],
  )
  refuses(schema, null, ['', 'cannot use null; expected a map of keys and values'])
})

test('formats', () => {
  const check = (field: TSchema, good: readonly string[], bad: readonly string[]) => {
    const schema = Type.Object({ it: field }, closed)
    for (const it of good) accepts(schema, { it })
    for (const it of bad) assert.equal(validateConfig(schema, { it }).problems?.length, 1, it)
  }
  check(Size(described), ['0B', '1.5MiB', '10 GB'], ['10', 'MiB', '10mib', '-1B', '1e3B', ''])
  check(Duration(described), ['0ms', '1.5h', '7 d', '2w'], ['7', '7 days', 'PT1H', '-1s', ''])
  check(Mode(described), ['0640', '640', '1777', '01777'], ['0o640', '0649', '64', 'rw-r--r--', ''])
  check(
    Network(described),
    ['10.0.0.0/8', '10.1.2.3', '0.0.0.0/0', '::/0', 'fd00::/8', '::1'],
    ['10.0.0.0/33', '10.0.0/8', '::/129', 'host', '10.0.0.0/', '10.0.0.0/8/8', '/8', ''],
  )
  check(
    Listen(described),
    ['tcp://127.0.0.1:0', 'tls://[::1]:65535', 'udp://my-host.example:1', 'unix:///run/a b.sock'],
    ['tcp://127.0.0.1', 'http://a:1', 'tcp://a:65536', 'tcp://:1', 'unix://a', 'unix:///', '1', ''],
  )
})

test('a secret with a placeholder that nobody fills in', () => {
  const secret = Secret(described)
  const schema = Type.Object({ tokens: Type.Array(secret) }, closed)
  for (const good of ['x', '$TOKEN', '$' + '{', 'a$' + '{}', '$' + '{a b}']) {
    accepts(schema, { tokens: [good] })
  }
  refuses(schema, { tokens: ['prefix-$' + '{TOKEN}'] }, [
    'tokens.0',
    'cannot read this value in item 1 of tokens: nothing fills in $' +
      '{TOKEN}; expected $' +
      '{env:TOKEN}, or $' +
      '{file:PATH} for a file',
  ])
})

test('unions report the branch that was meant', () => {
  const disk = Type.Object({ type: Type.Literal('disk'), size: Type.Integer() }, closed)
  const memory = Type.Object({ type: Type.Literal('memory'), count: Type.Integer() }, closed)
  const schema = Type.Object(
    {
      buffer: Type.Optional(Type.Union([disk, memory])),
      listen: Type.Optional(
        Type.Union([Listen(described), Type.Array(Listen(described), { minItems: 1 })]),
      ),
      level: Type.Optional(Type.Union([Type.Literal('low'), Type.Literal('high')])),
    },
    closed,
  )
  accepts(schema, { buffer: { type: 'disk', size: 1 } })
  refuses(
    schema,
    { buffer: { type: 'memory', count: 'x', size: 1 } },
    ['buffer.size', 'unknown key "size"; expected one of: type, count'],
    ['buffer.count', 'cannot use "x" for count; expected a whole number'],
  )
  const once = Type.Object({ listen: Type.Array(Type.String(), { uniqueItems: true }) }, closed)
  refuses(once, { listen: ['a', 'b', 'a'] }, [
    'listen.2',
    'cannot use "a" for item 3 of listen: it is there already; expected it once',
  ])
  const address = 'tcp://HOST:PORT, tls://HOST:PORT, udp://HOST:PORT or unix:///PATH'
  refuses(
    schema,
    { listen: ['tcp://a:1', 'b'], level: 'hihg' },
    ['listen.1', `cannot use "b" for item 2 of listen; expected ${address}`],
    ['level', 'cannot use "hihg" for level; expected one of: low, high'],
  )
  refuses(schema, { listen: 'b' }, ['listen', `cannot use "b" for listen; expected ${address}`])
  refuses(schema, { listen: [] }, [
    'listen',
    `cannot use an empty list for listen; expected a list of at least 1, each ${address}`,
  ])
})

test('a secret is never in a message', () => {
  const schema = Type.Object(
    { key: Secret(described), keys: Type.Array(Secret(described)) },
    closed,
  )
  refuses(
    schema,
    { key: 12345, keys: [true] },
    ['key', 'cannot use this value for key; expected a text (in quotes)'],
    ['keys.0', 'cannot use this value for item 1 of keys; expected a text (in quotes)'],
  )
})

test('more than eight problems are all reported', () => {
  const schema = Type.Array(Type.Integer())
  assert.equal(validateConfig(schema, Array(50).fill('x')).problems?.length, 50)
})
