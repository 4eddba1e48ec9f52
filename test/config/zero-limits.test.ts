import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { registry } from '../../src/registry.ts'

const REFUSED: readonly [string, string][] = [
  ['buffer: { type: disk, max_bytes: 0B }', 'cannot use "0B": nothing could wait'],
  ['buffer: { type: disk, chunk: { max_bytes: 0B } }', 'cannot use "0B": nothing could be sent'],
  ['delivery: { timeout: 0s }', 'cannot use "0s": each attempt would fail'],
  ['retry: { max_interval: 0s }', 'cannot use "0s": retries would not pause'],
  ['retry: { give_up_after: 0s }', 'cannot use "0s": nothing would be tried twice'],
]

function messagesOf(options: string, line = '', to = 'out'): string[] {
  const text = `
${line}
inputs: { in: { type: forward, listen: 'tcp://127.0.0.1:1' } }
outputs: { out: { type: forward, servers: 'tcp://127.0.0.1:2', ${options} } }
pipeline: [{ match: '**', to: ${to} }]
`
  const { diagnostics } = loadConfig({ from: { name: 'a', text }, registry, env: {} })
  return diagnostics.map(({ message }) => message)
}

for (const [options, expected] of REFUSED)
  test(`${options} is an error`, () => {
    const [message = '', ...more] = messagesOf(options)
    assert.ok(message.startsWith(`outputs.out: ${expected}; expected `), message)
    assert.deepEqual(more, [])
  })

for (const [line, expected] of [
  ['memory_max: 0B', 'cannot use "0B": inputs would hardly read'],
  ['dead_letters: { max_bytes: 0B }', 'cannot use "0B": none could be kept'],
  ['dead_letters: { max_age: 0s }', 'cannot use "0s": none could be kept'],
] as const)
  test(`${line} is an error`, () => {
    const [message = '', ...more] = messagesOf('', line)
    assert.ok(message.includes(expected), message)
    assert.deepEqual(more, [])
  })

test('a target that is there twice is an error at the second', () => {
  const [message = '', ...more] = messagesOf('', '', '[out, out]')
  assert.equal(message, '"out" is there already; expected it once')
  assert.deepEqual(more, [])
})

test('what is small but works is none', () => {
  const buffer = 'buffer: { type: memory, max_bytes: 1B, chunk: { max_bytes: 1B } }'
  const retry = 'retry: { first_interval: 0s, max_interval: 1ms, give_up_after: 1 }'
  assert.deepEqual(messagesOf(`${buffer}, ${retry}, delivery: { timeout: 1ms }`), [])
})
