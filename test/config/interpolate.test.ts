import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { interpolate } from '../../src/config/interpolate.ts'
import { plainValue } from '../../src/config/tree.ts'
import { readYaml } from '../../src/config/yaml-tree.ts'

const folder = mkdtempSync(join(tmpdir(), 'logboom-interpolate-'))
after(() => rmSync(folder, { recursive: true }))
writeFileSync(join(folder, 'key'), 's3cret\n')
const env = {
  NAME: 'web',
  EMPTY: '',
  NUMBER: '42',
  NESTED: '${env:NAME}',
  YES: 'true',
  LIST: '[1]',
}
const surroundings = { env, folder }

test('fills in placeholders', () => {
  const check = (text: string, expected: string) =>
    assert.equal(interpolate(text, surroundings), expected)
  check('plain', 'plain')
  check('${env:NAME}', 'web')
  check('a-${env:NAME}-${env:NUMBER}', 'a-web-42')
  check('${env:NONE:-fallback}', 'fallback')
  check('${env:NONE:-}', '')
  check('${env:NONE:-a:-b}', 'a:-b')
  check('${env:EMPTY:-fallback}', 'fallback')
  check('${env:EMPTY}', '')
  check('${env:NESTED}', '${env:NAME}')
  check('${file:key}', 's3cret')
  check(`\${file:${folder}/key}`, 's3cret')
  check('$${env:NAME}', '${env:NAME}')
  check('$${file:key}', '${file:key}')
  check('./${tag}/${tag[1..]}.log', './${tag}/${tag[1..]}.log')
  check('$NAME ${NAME} {env:NAME}', '$NAME ${NAME} {env:NAME}')
})

test('says which placeholder cannot be filled in', () => {
  const check = (text: string, expected: RegExp) =>
    assert.throws(() => interpolate(text, surroundings), { message: expected })
  check('${env:NONE}', /\$\{env:NONE\}: the environment variable NONE is not set/)
  check('${env:}', /expected \$\{env:NAME\}/)
  check('${env:NOT A NAME}', /expected \$\{env:NAME\}/)
  check('${env:NAME', /the closing \} is missing/)
  check('${file:absent}', /no such file/)
  check('${file:}', /expected \$\{file:/)
  check('${file:.}', /it is a folder/)
})

test('values without quotes are read as YAML once they are filled in, others stay texts', () => {
  const check = (text: string, expected: unknown) => {
    const { tree, problems } = readYaml({ name: 'test', text: `value: ${text}` }, surroundings)
    assert.deepEqual(problems, [])
    assert.deepEqual(plainValue(tree!), { value: expected })
  }
  check('${env:NUMBER}', 42)
  check('"${env:NUMBER}"', '42')
  check("'${env:NUMBER}'", '42')
  check('${env:YES}', true)
  check('${env:NONE:-1.5}', 1.5)
  check('${env:NONE:-0x10}', 16)
  check('${env:NONE:-null}', null)
  check('1${env:NUMBER}', 142)
  check('${env:EMPTY}', '')
  check('${env:LIST}', '[1]')
  check('!!str ${env:NUMBER}', '42')
  check('|\n  ${env:NUMBER}', '42\n')
})
