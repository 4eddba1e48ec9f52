import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { positionOf } from '../../src/config/diagnostic.ts'
import { locate, plainValue } from '../../src/config/tree.ts'
import { readYaml } from '../../src/config/yaml-tree.ts'

const surroundings = { env: {}, folder: '.' }

test('anchors, aliases and merge keys', () => {
  const check = (text: string, expected: unknown) => {
    const { tree, problems } = readYaml({ name: 'test', text }, surroundings)
    assert.deepEqual(problems, [])
    assert.deepEqual(tree && plainValue(tree), expected)
  }
  check('', undefined)
  check('# only a comment', undefined)
  check('a: &x [1, 2]\nb: *x', { a: [1, 2], b: [1, 2] })
  check('a: &x { p: 1, q: 2 }\nb: { q: 3, <<: *x }', { a: { p: 1, q: 2 }, b: { q: 3, p: 1 } })
  check('b: { <<: [{ p: 1 }, { p: 2, q: 3 }] }', { b: { p: 1, q: 3 } })
  check('"<<": 1', { '<<': 1 })
  check('1: a\ntrue: b', { 1: 'a', true: 'b' })
  check('a:', { a: null })
  check('__proto__: { a: 1 }', JSON.parse('{ "__proto__": { "a": 1 } }'))
})

test('knows where keys and values are written', () => {
  const source = { name: 'test', text: 'a:\n  - b: 1\n    c: wört\n' }
  const { tree } = readYaml(source, surroundings)
  const check = (path: string[], atKey: boolean, line: number, column: number) =>
    assert.deepEqual(positionOf(source, locate(tree!, path, atKey).start), { line, column })
  check(['a'], true, 1, 1)
  check(['a', '0'], false, 2, 5)
  check(['a', '0', 'b'], true, 2, 5)
  check(['a', '0', 'b'], false, 2, 8)
  check(['a', '0', 'c'], false, 3, 8)
  check(['a', '0', 'absent', 'deeper'], false, 2, 5)
  check(['a', '7'], false, 1, 1)
})

test('reads whatever can be written', () => {
  const options = { withBoxedValues: false, noNullPrototype: true, maxDepth: 4 }
  const key = fc.string().filter((text) => text !== '<<' && text !== '__proto__')
  const value = fc.anything({ ...options, key, values: [fc.string(), fc.integer(), fc.boolean()] })
  fc.assert(
    fc.property(fc.dictionary(key, value), (written) => {
      const hasPlaceholder = JSON.stringify(written).includes('${')
      const { tree, problems } = readYaml({ name: 'test', text: stringify(written) }, surroundings)
      assert.ok(hasPlaceholder || problems.length === 0)
      if (tree) assert.deepEqual(plainValue(tree), JSON.parse(JSON.stringify(written)))
    }),
    { numRuns: 300 },
  )
})

test('no text makes it throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab:-[]{}&*!|>\'"%@ \n\t<#,?') }), (text) => {
      readYaml({ name: 'test', text }, surroundings)
    }),
    { numRuns: 2000 },
  )
})
