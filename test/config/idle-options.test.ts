import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { idleOptions } from '../../src/config/idle-options.ts'
import { loadConfig } from '../../src/config/load.ts'
import { outputs } from '../../src/outputs/index.ts'
import { registry } from '../../src/registry.ts'

type Written = Parameters<typeof idleOptions>[1]

function check(type: string, written: Written, expected: [path: string, message: RegExp][]): void {
  const definition = outputs.find((each) => each.type === type)!
  const problems = idleOptions(definition, written)
  assert.deepEqual(
    problems.map(({ path }) => path.join('.')),
    expected.map(([path]) => path),
  )
  for (const [index, { message }] of problems.entries()) assert.match(message, expected[index]![1])
}

const TIMEOUT = { delivery: { timeout: '5s' } }
const GIVE_UP = { retry: { give_up_after: 3 } }
const BOUND = /^cannot use "\w+": .* waits until it can write; expected "max_bytes"/

suite('options of delivery that do nothing', () => {
  test('are errors that say what to use', () => {
    for (const type of ['file', 'stdout', 'null'])
      check(type, { ...TIMEOUT, ...GIVE_UP }, [
        ['delivery.timeout', BOUND],
        ['retry.give_up_after', BOUND],
      ])
    for (const type of ['elasticsearch', 'opensearch'])
      check(type, TIMEOUT, [['delivery.timeout', /expected "request_timeout" of the output/]])
  })

  test('are none where they do something, or say what is so anyway', () => {
    check('forward', { ...TIMEOUT, ...GIVE_UP }, [])
    check('elasticsearch', { ...GIVE_UP, delivery: { concurrency: 4 } }, [])
    check('file', { retry: { give_up_after: 'forever', pause_after: 2 } }, [])
    check('file', {}, [])
  })

  test('are errors where only a buffer on disk makes something of them', () => {
    const inMemory = /^cannot use "\w+": a buffer in memory writes nothing; expected "type: disk"/
    check('file', { buffer: { type: 'memory', fsync: 'always', compress: 'zstd' } }, [
      ['buffer.fsync', inMemory],
      ['buffer.compress', inMemory],
    ])
    check('file', { buffer: { type: 'memory', fsync: 'never', compress: 'none' } }, [])
    check('file', { buffer: { type: 'disk', fsync: 'always', compress: 'zstd' } }, [])
  })

  test('are found where a configuration is loaded', () => {
    const text = `
inputs: { in: { type: forward, listen: 'tcp://127.0.0.1:1' } }
outputs: { out: { type: file, path: /out, buffer: { type: disk }, delivery: { timeout: 5s } } }
pipeline: [{ match: '**', to: out }]
`
    const { config, diagnostics } = loadConfig({ from: { name: 'a', text }, registry, env: {} })
    assert.equal(config, undefined)
    assert.deepEqual(
      diagnostics.map(({ message }) => message.slice(0, 36)),
      ['outputs.out: cannot use "timeout": f'],
    )
  })
})
