/** The editors' schema, judged by Ajv, which is also what editors and CI tools use. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import { parse } from 'yaml'
import { buildConfigSchema } from '../../src/config/json-schema.ts'
import { testRegistry } from './registry.ts'

const schema = buildConfigSchema(testRegistry)
const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schema)

const fine = {
  'x-anchors': {},
  include: ['a/*.yaml'],
  inputs: { docker: { type: 'forward', label: '@errors', connections_max: '${env:MAX}' } },
  outputs: { files: { type: 'file', path: 'a', fsync: '${env:FSYNC}', rotate: { every: '1d' } } },
  pipeline: [
    { filter: '**', type: 'join_parts', timeout: '${env:TIMEOUT}' },
    { match: '**', to: ['files', '@errors'] },
  ],
  labels: { errors: [{ match: '**', to: 'files' }] },
}

test('accepts what the loader accepts', () => {
  const check = (config: object) => assert.ok(validate(config), JSON.stringify(validate.errors))
  check({})
  check(fine)
  check({ outputs: { files: { type: 'file', path: 'a', mode: '0600', ratio: 0.25 } } })
})

test('refuses what the loader refuses', () => {
  const check = (config: object) => assert.equal(validate(config), false, JSON.stringify(config))
  check({ inptus: {} })
  check({ inputs: { docker: { type: 'forwrad' } } })
  check({ inputs: { docker: { listen: 'tcp://127.0.0.1:1' } } })
  check({ inputs: { docker: { type: 'forward', frame_max: '10' } } })
  check({ inputs: { docker: { type: 'forward', connections_max: 0 } } })
  check({ inputs: { '1st': { type: 'forward' } } })
  check({ outputs: { files: { type: 'file' } } })
  check({ outputs: { files: { type: 'file', path: 'a', rotate: { evry: '1d' } } } })
  check({ pipeline: [{ match: '**' }] })
  check({ labels: { errors: [{ filter: '**' }] } })
})

test('describes every property', () => {
  const check = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return
    for (const [key, child] of Object.entries(node)) {
      if (path.endsWith('/properties')) assert.ok('description' in child, `${path}/${key}`)
      check(child, `${path}/${key}`)
    }
  }
  check(schema, '')
})

test('the built-in configuration names the schema beside it', () => {
  const path = join(import.meta.dirname, '../../config/default.yaml')
  const text = readFileSync(path, 'utf8')
  assert.match(text, /^# yaml-language-server: \$schema=\.\/schema\.json\n/)
  assert.ok('pipeline' in (parse(text) as object))
})
