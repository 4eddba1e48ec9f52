/** Globs of paths: what fits, what is refused, and that no name takes long. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Glob } from '../../../../src/inputs/support/following/glob.ts'

describe('globs of paths', () => {
  const cases: readonly [pattern: string, fitting: readonly string[], other: readonly string[]][] =
    [
      [
        '/a/*.log',
        ['/a/x.log', '/a/é😀.log'],
        ['/a/.log', '/a/.x.log', '/a/b/x.log', '/a/x.log.1'],
      ],
      ['/a/.*', ['/a/.x'], ['/a/x']],
      ['/a/?', ['/a/x', '/a/😀'], ['/a/', '/a/xy', '/a/.']],
      ['/a/x?z*', ['/a/xyz', '/a/xyzz'], ['/a/xz']],
      ['/a/*a*b', ['/a/ab', '/a/xaab', '/a/abab'], ['/a/ba', '/a/aba']],
      ['/a/**b', ['/a/b', '/a/xb'], ['/a/x/b']],
      ['/a/[a-c]x', ['/a/ax', '/a/cx'], ['/a/dx', '/a/x']],
      ['/a/x[!a-c]', ['/a/xd', '/a/x😀'], ['/a/xa', '/a/x']],
      ['/a/x[]]', ['/a/x]'], ['/a/x']],
      ['/a/[.]x', [], ['/a/.x']],
      ['/a/\\*', ['/a/*'], ['/a/x']],
      ['/a/{x,y*}/z', ['/a/x/z', '/a/y1/z'], ['/a/z/z']],
      ['/**/x', ['/x', '/a/x', '/a/b/x'], ['/.a/x', '/a/.b/x', '/a/y']],
      ['/a/**', ['/a/b', '/a/b/c'], ['/a', '/a/.b', '/a/.b/c']],
      ['/**/a/**/b', ['/a/b', '/x/a/y/b', '/a/a/b/b'], ['/b', '/a/.y/b', '/a/b/c']],
      ['/**/.a/**/b', ['/.a/b', '/x/.a/b'], ['/.a/.a/b']],
    ]
  for (const [pattern, fitting, other] of cases)
    test(pattern, () => {
      const glob = new Glob(pattern)
      for (const path of fitting) assert.ok(glob.fits(path), `${path} fits`)
      for (const path of other) assert.ok(!glob.fits(path), `${path} does not fit`)
    })

  test('a name that almost fits takes no longer than others', () => {
    const glob = new Glob(`/${'**/a*/'.repeat(20)}${'*a'.repeat(20)}*b`)
    assert.equal(glob.fits('/a'.repeat(100) + '/' + 'a'.repeat(255)), false)
  })

  const refused: readonly [pattern: string, message: RegExp][] = [
    ['/a/[b', /^cannot read \[ in \[b: expected its \]$/],
    ['/a/[z-a]', /^cannot read \[z-a\] in \[z-a\]: expected characters, or ranges like a-z$/],
    ['/a/{b', /^cannot read a brace in \/a\/\{b: expected \{one,other\}$/],
    ['/', /^cannot read \/: expected the path of a file$/],
  ]
  for (const [pattern, message] of refused)
    test(`${pattern} is refused`, () => {
      assert.throws(() => new Glob(pattern), { name: 'TypeError', message })
    })
})
