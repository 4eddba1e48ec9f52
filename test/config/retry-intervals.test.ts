import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { registry } from '../../src/registry.ts'

/** `VALUE at KEY: MESSAGE` of each diagnostic. */
function check(retry: string, ...expected: string[]): void {
  const text = `inputs: { in: { type: forward, listen: 'tcp://127.0.0.1:1' } }
pipeline: [{ match: '**', to: out }]
outputs:
  out: { type: forward, servers: 'tcp://127.0.0.1:2', retry: ${retry} }
`
  const { diagnostics } = loadConfig({ from: { name: 'a', text }, registry, env: {} })
  const found = diagnostics.map(({ message, location }) => {
    assert.ok(location)
    const { start, end } = location
    return `${text.slice(start, end)} at ${keyBefore(text, start)}: ${message}`
  })
  assert.deepEqual(found, expected)
}

function keyBefore(text: string, offset: number): string | undefined {
  return /(\w+): $/.exec(text.slice(0, offset))?.[1]
}

test('a first interval that is longer than the longest is an error at what is written', () => {
  check(
    '{ first_interval: 1m }',
    '1m at first_interval: outputs.out: cannot use "1m": it is longer than "max_interval", 30s; ' +
      'expected 30s or less',
  )
  check(
    '{ max_interval: 50ms }',
    '50ms at max_interval: outputs.out: cannot use "50ms": it is shorter than ' +
      '"first_interval", 100ms; expected 100ms or more',
  )
})

test('two that are the same are none', () => {
  check('{ first_interval: 2s, max_interval: 2000ms }')
})
