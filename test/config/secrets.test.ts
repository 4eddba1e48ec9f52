import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/model.ts'
import { fileForm, maskSecrets, secretKeys } from '../../src/config/secrets.ts'
import { testRegistry } from './registry.ts'

function load(text: string): Config {
  const from = { name: 'test', text }
  const { config, diagnostics } = loadConfig({ from, registry: testRegistry, env: {} })
  assert.deepEqual(diagnostics, [])
  return config!
}

const text = `
inputs:
  docker:
    type: forward
    label: "@errors"
    shared_key: hidden-1
    users: [{ name: me, password: hidden-2 }]
outputs:
  files: { type: file, path: a }
  away: { type: elsewhere, url: "http://me:hidden-3@127.0.0.1:9200/a@b" }
pipeline:
  - match: "**"
    to: [files, away]
labels:
  errors:
    - { filter: "**", type: join_parts }
    - { match: "**", to: files }
`

test('no secret is left once they are masked, and the rest is as it was', () => {
  const config = load(text)
  const masked = maskSecrets(config, testRegistry)
  assert.doesNotMatch(JSON.stringify(masked), /hidden/)
  assert.deepEqual(masked.inputs['docker']?.options['users'], [{ name: 'me', password: '***' }])
  assert.equal(masked.inputs['docker']?.options['shared_key'], '***')
  assert.equal(masked.outputs['away']?.options['url'], 'http://me:***@127.0.0.1:9200/a@b')
  assert.deepEqual(masked.labels, config.labels)
  assert.match(JSON.stringify(config), /hidden-1.*hidden-2.*hidden-3/)
})

test('knows the names of all secret keys', () => {
  assert.deepEqual([...secretKeys(testRegistry)].sort(), ['password', 'shared_key'])
})

test('the form of a file reads back as the same configuration', () => {
  const config = load(text)
  assert.deepEqual(load(JSON.stringify(fileForm(config))), config)
})
