/** Tags with placeholders. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseTag, renderTag, tagFaults } from '../../../src/inputs/support/tag-template.ts'

const NAMES = ['facility', 'host']

test('fills names in, and says unknown for what there is not', () => {
  const check = (text: string, expected: string) => {
    const values: Record<string, string> = { facility: 'daemon' }
    const tag = renderTag(parseTag(text, NAMES), (name) => values[name] ?? '')
    assert.equal(tag, expected)
  }
  check('plain', 'plain')
  check('a.${facility}.b', 'a.daemon.b')
  check('${facility}${host}', 'daemonunknown')
})

test('refuses what is no name of the input', () => {
  const check = (text: string, expected: RegExp) => {
    const [fault, ...rest] = tagFaults(text, NAMES)
    assert.match(fault!.message, expected)
    assert.deepEqual([fault!.path, rest], [['tag'], []])
  }
  check('${severity}', /expected \$\{facility\}, \$\{host\}/)
  check('${tag}', /another placeholder/)
  check('${open', /cannot read/)
  assert.deepEqual(tagFaults('${host}.x', NAMES), [])
})
