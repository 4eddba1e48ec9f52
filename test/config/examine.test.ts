import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { Listen } from '../../src/config/fields.ts'
import { examine } from '../../src/config/examine.ts'
import type { Fault } from '../../src/pipeline/component.ts'

const closed = { additionalProperties: false } as const

/** As of `forward` and `file`: faults of one option, and faults that hang on another as well. */
const definition = {
  type: 'example',
  configSchema: Type.Object(
    {
      path: Type.String({ description: 'A path.', minLength: 1 }),
      listen: Listen({ description: 'Where.', default: 'tcp://127.0.0.1:1' }),
      tls: Type.Optional(Type.Object({ key: Type.String() }, closed)),
      compress: Type.Union([Type.Literal('none'), Type.Literal('gzip')], { default: 'none' }),
      level: Type.Optional(Type.Integer({ minimum: 1 })),
    },
    closed,
  ),
  faults: (config: Record<string, unknown>): Fault[] => {
    const isTls = String(config['listen']).startsWith('tls:')
    return [
      ...(String(config['path']).includes('?') ? [{ path: ['path'], message: 'bad path' }] : []),
      ...(isTls && !config['tls'] ? [{ path: ['listen'], message: 'no tls section' }] : []),
      ...(!isTls && config['tls'] ? [{ path: ['tls'], message: 'of no use' }] : []),
      ...(config['compress'] === 'gzip' && Number(config['level'] ?? 1) > 9
        ? [{ path: ['level'], message: 'too high' }]
        : []),
    ]
  },
  resources: (config: Record<string, unknown>) => {
    if (String(config['path']).includes('?')) throw new TypeError('asked in spite of a fault')
    return [`file ${String(config['path'])}`, String(config['listen'])]
  },
}

function look(own: object, unfilled: readonly (readonly string[])[] = []) {
  const { faults, resources } = examine(definition, own, unfilled)
  return { faults: faults.map(({ message }) => message), resources }
}

test('a fault is found beside options that do not fit, and so is what is claimed', () => {
  const found = look({ path: 'a?', listen: 'tcp://127.0.0.1:5', level: 'x', lvl: 1 })
  assert.deepEqual(found, { faults: ['bad path'], resources: ['tcp://127.0.0.1:5'] })
  assert.deepEqual(look({ path: 'a', compress: 5 }).resources, ['file a', 'tcp://127.0.0.1:1'])
  assert.deepEqual(look({ listen: 'tcp://127.0.0.1:5' }).resources, ['tcp://127.0.0.1:5'])
})

test('a fault that may vanish once another option is mended is not reported', () => {
  const tls = { path: 'a', listen: 'tls://127.0.0.1:5' }
  assert.deepEqual(look(tls).faults, ['no tls section'])
  assert.deepEqual(look({ ...tls, level: 0 }).faults, ['no tls section'])
  for (const own of [
    { ...tls, tls: { keyy: 'x' } },
    { ...tls, tls: 5 },
    { ...tls, tlss: { key: 'x' } },
    { path: 'a', listen: 'tls:/127.0.0.1:5', tls: { key: 'x' } },
    { path: 'a', lisen: 'tls://127.0.0.1:5', tls: { key: 'x' } },
    { path: 'a', nothing_like_it: 5, tls: { key: 'x' } },
    { path: 'a', compress: 'gzp', level: 12 },
  ])
    assert.deepEqual(look(own).faults, [], JSON.stringify(own))
})

test('what is not known is not claimed', () => {
  assert.deepEqual(look({ path: 'a', lisen: 'x' }).resources, ['file a'])
  assert.deepEqual(look({ path: 'a', listen: 5 }).resources, ['file a'])
  assert.deepEqual(look({ path: '?', listen: 5 }).resources, [])
  assert.deepEqual(look({ path: 'a' }, [['path']]).resources, ['tcp://127.0.0.1:1'])
})
