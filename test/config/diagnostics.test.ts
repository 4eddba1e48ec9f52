/**
 * Each file of test/golden/diagnostics holds a configuration (with more files under a line
 * `==== NAME ====`) and, under `==== expected ====`, what the loader says of it. `UPDATE=1`
 * rewrites what is expected.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { renderDiagnostics } from '../../src/config/diagnostic.ts'
import { loadConfig } from '../../src/config/load.ts'
import { secretKeys } from '../../src/config/secrets.ts'
import { testRegistry } from './registry.ts'

const folder = join(import.meta.dirname, '../golden/diagnostics')
const env = { PORT: '70000', LEVEL: 'loud', EMPTY: '', SWITCH: 'true' }

for (const name of readdirSync(folder).filter((file) => file.endsWith('.yaml'))) {
  test(`diagnostics: ${name}`, () => {
    const path = join(folder, name)
    const sections = readFileSync(path, 'utf8').split(/^==== (.+) ====\n/m)
    const expected = sections.pop()
    const message = diagnose(sections.slice(0, -1))
    if (process.env['UPDATE'] === '1')
      writeFileSync(path, sections.map(withHeading).join('') + message)
    else assert.equal(message, expected)
  })
}

function withHeading(section: string, index: number): string {
  return index % 2 === 0 ? section : `==== ${section} ====\n`
}

/** Sections are a text, then names and texts in turn. */
function diagnose(sections: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'logboom-diagnostics-'))
  try {
    const files = ['logboom.yaml', ...sections]
    for (let index = 0; index < files.length - 1; index += 2) {
      const file = join(root, files[index === 0 ? 0 : index]!)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, files[index + 1]!)
    }
    const from = { file: join(root, 'logboom.yaml') }
    const { config, diagnostics } = loadConfig({ from, registry: testRegistry, env })
    const verdict = config ? 'valid\n' : 'not valid\n'
    const text = renderDiagnostics(diagnostics, secretKeys(testRegistry)) + verdict
    return text.replaceAll(`${root}/`, '')
  } finally {
    rmSync(root, { recursive: true })
  }
}

test('what stands below a secret key over many lines is hidden', () => {
  const text = `a:
  tokens:
  - [mine1]

  # not mine2
  - - mine3
  tokens: [
      mine4, [mine5]
  ]
  - tokens: |
      mine6
  open: seen
`
  const source = { name: '<test>', text }
  for (const secret of ['mine1', 'mine3', 'mine4', 'mine5', 'mine6']) {
    const start = text.indexOf(secret)
    const location = { source, start, end: start + secret.length }
    const found = { severity: 'error', message: 'no', location } as const
    const shown = renderDiagnostics([found], new Set(['tokens']))
    assert.match(shown, /\*\*\*\n +\| +\^\^\^\n/, secret)
    assert.doesNotMatch(shown, /mine/, secret)
  }
  const start = text.indexOf('open')
  const location = { source, start, end: start + 4 }
  const shown = renderDiagnostics(
    [{ severity: 'error', message: 'no', location }],
    new Set(['tokens']),
  )
  assert.match(shown, /open: seen/)
})
