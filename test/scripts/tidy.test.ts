import assert from 'node:assert/strict'
import { test } from 'node:test'
import { componentParts } from '../../scripts/tidy/components.ts'
import { applyExceptions } from '../../scripts/tidy/exceptions.ts'
import { importCycles, importDirection } from '../../scripts/tidy/imports.ts'
import {
  bannedCode,
  bannedText,
  fileLines,
  fileName,
  functionLines,
  lineColumns,
  type Rule,
} from '../../scripts/tidy/rules.ts'
import type { Finding } from '../../scripts/tidy/source.ts'

/** What the rule finds, as `rule:line`. */
function check(rule: Rule, path: string, text: string, expected: string[]): void {
  const found = rule({ path, text }).map((finding) => `${finding.rule}:${finding.line}`)
  assert.deepEqual(found, expected, `${path}\n${text}`)
}

test('a file may have 500 lines', () => {
  check(fileLines, 'src/a.ts', '\n'.repeat(500), [])
  check(fileLines, 'src/a.ts', '\n'.repeat(501), ['file-lines:0'])
  check(fileLines, 'docs/a.md', '\n'.repeat(501), [])
})

test('a function may have 70 lines', () => {
  const lines = (count: number) => '\n'.repeat(count - 1)
  check(functionLines, 'src/a.ts', `\nfunction a() {${lines(70)}}`, [])
  check(functionLines, 'src/a.ts', `\nfunction a() {${lines(71)}}`, ['function-lines:2'])
  check(functionLines, 'src/a.ts', `const a = () => {${lines(71)}}`, ['function-lines:1'])
  check(functionLines, 'src/a.ts', `class A {\n  b() {${lines(71)}} }`, ['function-lines:2'])
  check(functionLines, 'test/a.test.ts', `describe('a', () => {${lines(90)}})`, [])
  check(functionLines, 'test/a.test.ts', `test('a', () => {${lines(90)}})`, ['function-lines:1'])
})

test('a line may have 100 columns unless it is one word', () => {
  check(lineColumns, 'src/a.ts', `${'x'.repeat(49)} ${'y'.repeat(50)}`, [])
  check(lineColumns, 'src/a.ts', `\n${'x'.repeat(50)} ${'y'.repeat(50)}`, ['line-columns:2'])
  check(lineColumns, 'src/a.ts', ` * https://example.org/${'x'.repeat(90)}`, [])
})

test('file names are kebab-case', () => {
  check(fileName, 'src/inputs/tcp-listener.ts', '', [])
  check(fileName, 'test/a.test.ts', '', [])
  check(fileName, 'README.md', '', [])
  check(fileName, 'src/inputs/tcpListener.ts', '', ['file-name:0'])
  check(fileName, 'src/inputs/tcp_listener.ts', '', ['file-name:0'])
})

test('nothing unfinished, of one machine, or of a registry', () => {
  check(bannedText, 'src/a.ts', `a\n// ${'TO'}DO later`, ['unfinished:2'])
  check(bannedText, 'docs/a.md', `${'FIX'}ME`, ['unfinished:1'])
  check(bannedText, 'src/a.ts', `cd ${'/ho'}me/me/x`, ['machine-path:1'])
  check(bannedText, 'README.md', `see ${'/tm'}p/x.log`, ['machine-path:1'])
  check(bannedText, 'docs/a.md', 'logs/work/x and ${HOME}/tmp/x and https://a.b/home/x', [])
  check(bannedText, 'a.json', `"https://${'registry'}.npmjs.org/a"`, ['registry-host:1'])
})

test('the checker is not switched off and exports have names', () => {
  check(bannedCode, 'src/a.ts', 'const a: any = 1', ['any:1'])
  check(bannedCode, 'src/a.ts', 'const any = 1 // any', [])
  check(bannedCode, 'src/a.ts', 'export default 1', ['default-export:1'])
  check(bannedCode, 'src/a.ts', 'export default function a() {}', ['default-export:1'])
})

test('time, chance and the console come from outside', () => {
  check(bannedCode, 'src/a.ts', "console.log('a')", ['console:1'])
  check(bannedCode, 'scripts/a.ts', "console.log('a')", [])
  check(bannedCode, 'test/a.ts', "console.log('a')", ['console:1'])
  check(bannedCode, 'src/a.ts', 'Math.random()', ['random:1'])
  for (const clock of ['Date.now()', 'new Date()', 'setTimeout(a, 1)', 'setInterval(a, 1)']) {
    check(bannedCode, 'src/a.ts', clock, ['clock:1'])
    check(bannedCode, 'src/pipeline/clock.ts', clock, [])
  }
  check(bannedCode, 'src/a.ts', 'new Date(1); socket.setTimeout(1); // Date.now()', [])
})

test('no test is left out', () => {
  for (const call of ["test.only('a')", "t.skip('a')", "describe.skip('a')", "it.todo('a')"]) {
    check(bannedCode, 'test/a.test.ts', call, ['skipped-test:1'])
  }
  check(bannedCode, 'test/a.test.ts', 'list.skip(1)', [])
  check(bannedCode, 'test/support/tool.ts', 't.skip(reason)', [])
})

test('imports point one way', () => {
  const allowed: [string, string][] = [
    ['src/codecs/a.ts', './b.ts'],
    ['src/codecs/a.ts', 'node:zlib'],
    ['src/pipeline/router.ts', '../codecs/entry.ts'],
    ['src/inputs/forward.ts', './support/tcp-listener.ts'],
    ['src/inputs/forward.ts', './forward/connection.ts'],
    ['src/inputs/forward/connection.ts', '../../config/units.ts'],
    ['src/inputs/forward/connection.ts', '../forward.ts'],
    ['src/inputs/index.ts', './forward.ts'],
    ['src/pipeline/filters/join-parts.ts', '../component.ts'],
    ['src/pipeline/filters/index.ts', './join-parts.ts'],
    ['src/http/server.ts', 'fastify'],
    ['src/collector/collector.ts', '../inputs/index.ts'],
  ]
  const refused: [string, string][] = [
    ['src/codecs/a.ts', '../pipeline/batch.ts'],
    ['src/codecs/a.ts', 'msgpackr'],
    ['src/pipeline/router.ts', '../inputs/index.ts'],
    ['src/pipeline/router.ts', './filters/index.ts'],
    ['src/inputs/forward.ts', '../outputs/file.ts'],
    ['src/inputs/forward.ts', './syslog.ts'],
    ['src/inputs/forward.ts', '../config/load.ts'],
    ['src/inputs/forward.ts', '../pipeline/filters/join-parts.ts'],
    ['src/inputs/support/tcp-listener.ts', '../forward.ts'],
    ['src/pipeline/filters/join-parts.ts', './other.ts'],
    ['src/config/load.ts', '../inputs/index.ts'],
    ['src/http/server.ts', '../collector/collector.ts'],
    ['src/collector/collector.ts', '../cli/run.ts'],
    ['src/collector/collector.ts', '../../test/support/tool.ts'],
    ['src/collector/collector.ts', 'fastify'],
  ]
  for (const [path, target] of allowed) {
    check(importDirection, path, `import { a } from '${target}'`, [])
  }
  for (const [path, target] of refused) {
    check(importDirection, path, `import { a } from '${target}'`, ['import-direction:1'])
    check(importDirection, path, `export { a } from '${target}'`, ['import-direction:1'])
    check(importDirection, path, `await import('${target}')`, ['import-direction:1'])
  }
  check(importDirection, 'src/collector/collector.ts', "import type { A } from 'fastify'", [])
})

test('imports do not go round', () => {
  const files = [
    { path: 'src/a.ts', text: "import './b.ts'" },
    { path: 'src/b.ts', text: "import './c.ts'" },
    { path: 'src/c.ts', text: "import './b.ts'" },
    { path: 'src/d.ts', text: "import './a.ts'\nimport 'node:fs'" },
  ]
  const messages = importCycles(files).map((finding) => finding.message)
  assert.deepEqual(messages, ['imports go round: src/b.ts, src/c.ts'])
})

test('a component has a file, a test, a page, an example and a place in the list', () => {
  const definition = "export const joinParts = defineFilter({\n  type: 'join_parts',\n})"
  const complete = [
    { path: 'src/pipeline/filters/index.ts', text: "import { a } from './join-parts.ts'" },
    { path: 'src/pipeline/filters/join-parts.ts', text: definition },
    { path: 'test/pipeline/filters/join-parts.test.ts', text: '' },
    { path: 'docs/reference/filters/join-parts.md', text: '' },
    { path: 'config/examples/docker.yaml', text: '  - { filter: "**", type: join_parts }' },
  ]
  assert.deepEqual(componentParts(complete), [])
  for (const left of complete.filter(({ path }) => path !== 'src/pipeline/filters/join-parts.ts')) {
    const found = componentParts(complete.filter((file) => file !== left))
    assert.equal(found.length, 1, left.path)
  }
  const moved = complete.with(1, { path: 'src/pipeline/filters/join.ts', text: definition })
  assert.match(componentParts(moved)[0]!.message, /belongs into/)
})

test('the list of exceptions may only shrink', () => {
  const finding: Finding = { rule: 'any', path: 'src/a.ts', line: 1, message: '' }
  const exception = { rule: 'any', path: 'src/a.ts', reason: 'for the test' }
  assert.deepEqual(applyExceptions([finding], [exception], 1), [])
  assert.deepEqual(applyExceptions([finding], [], 0), [finding])
  assert.match(applyExceptions([], [exception], 1)[0]!.message, /no longer needed/)
  assert.match(applyExceptions([finding], [exception], 0)[0]!.message, /at most 0/)
})
