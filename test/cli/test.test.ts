/** `logboom test`. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { logboom, type Answer } from './program.ts'
import { temporaryFolder } from './temporary-folder.ts'

const CONFIG = `
inputs: { one: { type: forward }, two: { type: forward, listen: 'tcp://127.0.0.1:1', label: '@l' } }
outputs: { a: { type: file, path: a }, b: { type: stdout, buffer: { type: disk } } }
pipeline:
  - { filter: '**', type: throttle, events_per_second: 1, burst: 1 }
  - { match: 'x.**', to: [a, b] }
labels: { l: [{ match: '**', to: b }] }
`

async function runTests(tests: string, config = CONFIG, args: string[] = []): Promise<Answer> {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'logboom.yaml'), config)
  await writeFile(join(folder.path, 'logboom.test.yaml'), tests)
  return await logboom(['test', ...args], { cwd: folder.path })
}

test('passes when each output gets what is expected, in its order', async () => {
  const { code, stdout, stderr } = await runTests(`
tests:
  - name: copies
    send:
      - { tag: x.1, time: '2026-11-26T10:00:00.5+01:00', record: { n: 1, big: 9007199254740993 } }
      - { tag: x.1, record: { n: 2 } }
      - { wait: 1s }
      - { tag: x.1, record: { n: 3 } }
      - { input: two, tag: y, record: {} }
    expect:
      a: [{ tag: x.1, time: '2026-11-26T09:00:00.5Z', record: { n: 1, big: 9007199254740993 } },
          { record: { n: 3 } }]
      b:
        - record: { n: 1, big: 9007199254740993 }
        - record: { n: 3 }
        - { tag: y, time: '2026-01-01T00:00:00Z', record: {} }
`)
  assert.equal(stdout, '✔ logboom.test.yaml: copies\n1 passed, 0 failed\n')
  assert.deepEqual([code, stderr], [0, ''])
})

test('shows what is missing and what is too much, for outputs not named too', async () => {
  const { code, stdout } = await runTests(`
tests:
  - name: wrong
    send: [{ tag: x, record: { n: 1 } }, { input: two, tag: y, record: { n: 2 } }]
    expect:
      a: [{ tag: z, record: { n: 1 } }, { record: { n: 1 } }]
      c: []
  - name: right
    send: [{ tag: y, record: {} }]
    expect: {}
`)
  assert.equal(code, 1)
  assert.equal(
    stdout,
    [
      '✖ logboom.test.yaml: wrong',
      '    no output is named "c"; expected one of: a, b',
      '    output a:',
      '    - z {"n":1}',
      '      x {"n":1}',
      '    output b:',
      '    + x {"n":1}',
      '    + y {"n":2}',
      '✔ logboom.test.yaml: right',
      '1 passed, 1 failed',
      '',
    ].join('\n'),
  )
})

test('shows times only of an output that is asked for one', async () => {
  const { stdout } = await runTests(`
tests:
  - name: times
    send: [{ tag: x, record: { n: 1 } }]
    expect:
      a: [{ time: '2026-01-01T00:00:01Z', record: { n: 1 } }]
      b: [{ record: { n: 2 } }]
`)
  assert.deepEqual(stdout.split('\n').slice(1, 7), [
    '    output a:',
    '    - 2026-01-01T00:00:01Z {"n":1}',
    '    + x 2026-01-01T00:00:00Z {"n":1}',
    '    output b:',
    '    - {"n":2}',
    '    + x {"n":1}',
  ])
})

test('takes a test that sends nothing', async () => {
  const { code, stdout } = await runTests(`
tests: [{ name: silence, send: [], expect: { a: [] } }]
`)
  assert.equal(stdout, '✔ logboom.test.yaml: silence\n1 passed, 0 failed\n')
  assert.equal(code, 0)
})

test('says where a test cannot be read', async () => {
  const { code, stdout, stderr } = await runTests(`
tests:
  - name: odd
    send: [{ tag: x }, { wait: 1s, tag: y }, { tag: x, time: noon, record: {} }]
    expects: {}
`)
  assert.equal(code, 1)
  assert.match(stdout, /✖ logboom.test.yaml cannot be run\n0 passed, 1 failed/)
  assert.match(
    stderr,
    /logboom.test.yaml:5:5: error: unknown key "expects"; did you mean "expect"\?/,
  )
})

test('says which event is neither one nor a wait, and which input is not there', async () => {
  const odd = await runTests(`
tests:
  - { name: odd, send: [{ tag: x }, { tag: x, time: noon, record: {} }], expect: {} }
`)
  assert.match(odd.stderr, /:3:25: error: expected "tag" and "record", or "wait" alone/)
  assert.match(odd.stderr, /:3:37: error: cannot use "noon" as a time; expected one of RFC 3339/)
  const lost = await runTests(`
tests: [{ name: lost, send: [{ input: no, tag: x, record: {} }], expect: {} }]
`)
  assert.match(lost.stdout, /✖ .*lost\n {4}no input is named "no"; expected one of: one, two/)
})

test('fails for a configuration that is not valid, or a file that is not there', async () => {
  const tests = `
tests:
  - name: a
    send: [{ tag: x.1, record: {} }]
    expect: { a: [{ record: {} }], b: [{ record: {} }] }
`
  for (const args of [
    ['-c', 'logboom.yaml'],
    ['--config', 'logboom.test.yaml'],
  ]) {
    const { code, stdout, stderr } = await runTests(tests, CONFIG, args)
    assert.equal(code, 0, stdout + stderr)
    assert.match(stdout, /^1 passed, 0 failed$/m)
  }
})
