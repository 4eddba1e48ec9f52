import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { compileTagPattern } from '../../src/pipeline/tag-pattern.ts'

function check(pattern: string, fits: readonly string[], fitsNot: readonly string[] = []) {
  const matches = compileTagPattern(pattern)
  for (const tag of fits) assert.equal(matches(tag), true, `${pattern} has to fit ${tag}`)
  for (const tag of fitsNot) assert.equal(matches(tag), false, `${pattern} must not fit ${tag}`)
}

suite("Fluentd's own cases (test/test_match.rb)", () => {
  test('plain', () => {
    check('a', ['a'], ['b'])
    check('a.b', ['a.b'], ['aab'])
  })

  test('*', () => {
    check('a*', ['a', 'ab', 'abc'], ['a.b', 'ab.c', 'ba'])
    check('*a', ['a', 'ba', 'cba'], ['ab'])
    check('*a*', ['a', 'ba', 'ac', 'bac'])
    check('a.*', ['a.b', 'a.c'], ['ab'])
    check('a.*.c', ['a.b.c', 'a.c.c'], ['a.c'])
  })

  test('**', () => {
    check('a.**', ['a', 'a.b'], ['ab', 'abc', 'ab.c', 'ab.d.e'])
    check('a**', ['a', 'ab', 'abc', 'a.b', 'ab.c', 'ab.d.e'])
    check('**.a', ['a', 'b.a', 'cb.a', 'd.e.a'], ['ba', 'c.ba'])
    check('**a', ['a', 'ba', 'c.ba', 'b.a', 'cb.a', 'd.e.a'])
  })

  test('{,}', () => {
    check('a.{b,c}', ['a.b', 'a.c'], ['a.d'])
    check('a.{b,c}.**', ['a.b', 'a.c'], ['a.d', 'a.cd'])
    check('a.{b.**,c}', ['a.b', 'a.b.c', 'a.c'], ['a.c.d'])
  })

  test('several patterns', () => {
    check('a.b a.c', ['a.b', 'a.c'], ['a.d'])
    check('a.b.** a.c.**', ['a.b', 'a.c'], ['a.d', 'a.cd'])
    check('a.b.** a.c', ['a.b', 'a.b.c', 'a.c'], ['a.c.d'])
  })

  test('/regexp/', () => {
    check('/a/', ['a'], ['abc'])
    check('/a.*/', ['abc'])
    check('/b.*/', [], ['abc'])
    check('/a\\..*/', ['a.b.c'], ['b.b.c'])
    check('/(?!a\\.).*/', ['b.b.c'], ['a.b.c'])
  })
})

suite('beyond them', () => {
  test('everything', () => {
    check('**', ['', 'a', 'a.b', '.', 'a\nb'])
    check('a, **', ['', 'b'])
  })

  test('the same corners as Fluentd', () => {
    check('a.', ['a'], ['a.'])
    check('a.**.b', ['a.b', 'a.x.b', 'a.x.y.b'], ['axb', 'a.xb', 'ab'])
    check('.**', ['', '.', '.x'], ['x'])
    check('a.{**.b}', ['a.x.b'], ['a.b'])
    check('***', ['', 'a.b'])
    check('a}b', ['a}b'])
    check('a+b[c]^$', ['a+b[c]^$'])
  })

  test('nested braces, empty alternatives', () => {
    check('{a,b.{c,d.*}}.x', ['a.x', 'b.c.x', 'b.d.e.x'], ['b.x', 'b.d.x'])
    check('a{,.b}', ['a', 'a.b'], ['a.'])
    check('{{a}}', ['a'], ['', '{a}'])
  })

  test('commas outside braces separate, escapes do not', () => {
    check('a,b.{c,d}\t e', ['a', 'b.c', 'b.d', 'e'], ['a,b', 'c', ''])
    check('a\\,b', ['a,b'], ['a', 'b'])
    check('a\\ b', ['a b'], ['a', 'b'])
    check('a\\*\\{\\.b\\\\', ['a*{.b\\'], ['ax{.b\\'])
  })

  test('regular expressions as Ruby writes them', () => {
    check('/a{1,3}/ /b c,d/,e', ['a', 'aaa', 'b c,d', 'e'], ['aaaa', 'b'])
    check('/a\\/b/', ['a/b'])
    check('/\\Aa\\-b\\z/', ['a-b'], ['a-b\n'])
    check('/[\\w\\-]+/', ['a-b'], ['a.b'])
    check('/a|b/', ['ax', 'xb', 'a', 'b'], ['xa', 'bx'])
  })

  test('looking ahead at the beginning', () => {
    check('/^(?!fluent\\.).*/', ['app', 'fluentd'], ['fluent.info'])
    check('/\\A(?=.*web)(?!a|b)(?:c|d).*/', ['c.web', 'd.web'], ['a.web', 'c.db', 'e.web'])
    check('/(?![(]|\\)|\\|).*/', ['a', ''], ['(a', ')', '|b'])
    check('/a\\Z/', ['a'], ['ab'])
  })

  test('no tag makes a regular expression take long', () => {
    const tag = 'a'.repeat(30_000)
    check('/(a+)+b/', [`${tag}b`], [tag])
    check('/(?!(a+)+c)(a|a)*b/', [`${tag}b`], [tag, `${tag}c`])
  })

  test('a long tag with many stars takes no longer than its length asks for', () => {
    const tag = 'a'.repeat(100_000)
    check('**a**a**a**a**a**a**a**b', [`${tag}b`], [tag])
    check('{*a*,{a,*}*}*a*a*a*a*a.b', [`${tag}.b`], [tag])
  })
})

suite('what cannot be read', () => {
  function refuse(pattern: string, message: RegExp) {
    assert.throws(() => compileTagPattern(pattern), message)
  }

  test('says what and where', () => {
    refuse('', /cannot read tag pattern "": there is nothing in it at column 1; expected/)
    refuse(' , ', /there is nothing in it/)
    refuse('a {b', /{ has no closing } at column 3;/)
    refuse('{a, b}', /{ has no closing } at column 1;/)
    refuse('a b\\', /nothing follows the backslash at column 4;/)
    refuse('x /ab', /the regular expression has no closing \/ at column 3;/)
    refuse('/web1', /the regular expression has no closing \//)
    refuse('x /a(/', /\( without a \) behind it; .* at column 5;/)
    refuse('/\\h+/', /\\h.* at column 2;/)
    refuse('/a(?=b)b/', /looking ahead or behind is not possible in linear time at column 3;/)
    refuse('/(?!a(?=b)).*/', /looking ahead or behind .* at column 6;/)
    refuse('/(?!a)b|c/', /looking ahead needs \( \) around the alternatives .* at column 7;/)
    refuse('/(?<!a)b/', /looking ahead or behind .* at column 2;/)
    refuse('/(?!a)?b/', /at column \d+;/)
    refuse('/(?!a/', /at column \d+;/)
    refuse('/(a)\\1/', /a back-reference is not possible in linear time at column 5;/)
  })
})

test('globs agree with the regular expression that Fluentd makes of them', () => {
  const part = fc.constantFrom('a', 'b', '.', '.', '*', '**', '\\a', '\\.', '\\*', '+')
  const { glob } = fc.letrec<{ glob: string; braces: string }>((tie) => ({
    braces: fc
      .array(tie('glob'), { minLength: 1, maxLength: 3, depthIdentifier: 'glob' })
      .map((alternatives) => `{${alternatives.join(',')}}`),
    glob: fc
      .array(fc.oneof({ depthIdentifier: 'glob', maxDepth: 3 }, part, tie('braces')), {
        maxLength: 5,
      })
      .map((parts) => parts.join('')),
  }))
  const tags = fc.array(
    fc.array(fc.constantFrom('a', 'b', '.', '*', '+'), { maxLength: 8 }).map((c) => c.join('')),
    { minLength: 20, maxLength: 20 },
  )
  fc.assert(
    fc.property(glob, tags, (pattern, candidates) => {
      fc.pre(pattern !== '')
      const [matches, reference] = [compileTagPattern(pattern), asFluentdDoes(pattern)]
      for (const tag of candidates) {
        assert.equal(matches(tag), reference.test(tag), `${pattern} on ${tag}`)
      }
    }),
    { numRuns: 2000 },
  )
})

/** Fluentd's GlobMatchPattern, step by step. */
function asFluentdDoes(pattern: string): RegExp {
  let source = ''
  let depth = 0
  let dot = false
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!
    if (pattern.startsWith('**', at)) {
      source += dot ? '(?![^.])' : ''
      source += pattern[at + 2] === '.' ? '(?:.*\\.|(?<!.))' : '.*'
      at += pattern[at + 2] === '.' ? 2 : 1
      dot = false
      continue
    }
    source += dot ? '\\.' : ''
    dot = character === '.'
    if (character === '\\') source += escaped(pattern[++at]!)
    else if (character === '*') source += '[^.]*'
    else if (character === '{') source += '(?:'
    else if (character === '}' && depth > 0) source += ')'
    else if (character === ',' && depth > 0) source += '|'
    else if (!dot) source += escaped(character)
    depth += { '{': 1, '}': -1 }[character] ?? 0
  }
  return new RegExp(`^(?:${source})$`)
}

function escaped(character: string): string {
  return /\w/.test(character) ? character : `\\${character}`
}
