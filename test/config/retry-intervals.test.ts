import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { registry } from '../../src/registry.ts'

/** What stands up to the place of each diagnostic, and its message. */
function check(retry: string, ...expected: string[]): void {
  const text = `inputs: { in: { type: forward, listen: 'tcp://127.0.0.1:1' } }
pipeline: [{ match: '**', to: out }]
outputs:
  out: { type: forward, servers: 'tcp://127.0.0.1:2', retry: ${retry} }
`
  const { diagnostics } = loadConfig({ from: { name: 'a', text }, registry, env: {} })
  const found = diagnostics.map(({ message, location }) => {
    assert.ok(location)
    return `${text.slice(location.start - 10, location.end)} ${message}`
  })
  assert.deepEqual(found, expected)
}

test('a first interval that is longer than the longest is an error at what is written', () => {
  check(
    '{ first_interval: 1m }',
    'interval: 1m outputs.out: cannot use "1m": it is longer than "max_interval", 30s; ' +
      'expected 30s or less',
  )
  check(
    '{ max_interval: 50ms }',
    'nterval: 50ms outputs.out: cannot use "50ms": it is shorter than "first_interval", 100ms; ' +
      'expected 100ms or more',
  )
})

test('two that are the same are none', () => {
  check('{ first_interval: 2s, max_interval: 2000ms }')
})
