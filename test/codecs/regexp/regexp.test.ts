import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compileRegexp, RegexpError } from '../../../src/codecs/regexp/regexp.ts'
import { cpuMs } from '../../support/cpu.ts'

function check(source: string, text: string, expected: readonly (string | undefined)[] | null) {
  const match = compileRegexp(source).exec(text)
  assert.deepEqual(match && [...match], expected, source)
}

function checkError(source: string, position: number, message: RegExp): void {
  assert.throws(
    () => compileRegexp(source),
    (error: unknown) => {
      assert(error instanceof RegexpError)
      assert.match(error.message, message)
      assert.equal(error.position, position, source)
      return true
    },
  )
}

test('finds what JavaScript finds', () => {
  check('(a+)(b?)', 'xaay', ['aa', 'aa', ''])
  check('a|ab', 'ab', ['a'])
  check('(\\d+)-(?:x|(y))', '12-x', ['12-x', '12', undefined])
  check('[^\\s"]+', ' "é-ü" ', ['é-ü'])
  check('\\p{Lu}\\P{L}', 'xÄ1', ['Ä1'])
  check('\\u00e4\\x41\\t\\.', 'äA\t.', ['äA\t.'])
  check('a{', 'a{', ['a{'])
  check('x??y', 'xy', ['xy'])
  check('[]a]b]'.slice(2), 'a]b]', ['a]b]'])
  check('😀+', '😀', ['😀'])
})

test('reads what other tools write', () => {
  check('(?P<x>\\w)', 'a', ['a', 'a'])
  check('(?i)error', 'An ERROR', ['ERROR'])
  check('(?i:e)r', 'Er eR', ['Er'])
  check('(?s).+', 'a\nb', ['a\nb'])
  check('(?m)^b', 'a\nb', ['b'])
  check('\\Aa\\z', 'a', ['a'])
  check('[[:alpha:]_]+', '1a_b2', ['a_b'])
  check('[[:^digit:]]', '1a', ['a'])
  check('a{,2}', 'aaa', ['aa'])
})

test('takes no case with i: letters, classes and ranges, beyond ASCII too', () => {
  assert(compileRegexp('[a-z]Ä', 'i').test('Zä'))
  assert(compileRegexp('[^a]', 'i').test('b'))
  assert(!compileRegexp('[^a]', 'i').test('A'))
  assert(!compileRegexp('k', 'i').test('\u212a'))
})

test('repeats more often than the engine does at once', () => {
  assert(compileRegexp('^[0-9a-f]{32}$').test('0123456789abcdef'.repeat(2)))
  assert(!compileRegexp('^[0-9a-f]{32}$').test('0'.repeat(31)))
  check('(a{2,40})(a*)', 'a'.repeat(50), ['a'.repeat(50), 'a'.repeat(40), 'a'.repeat(10)])
  check('(a{2,40}?)(a*)', 'aaaa', ['aaaa', 'aa', 'aa'])
  check('(?:(?:ab){5}){5}', 'ab'.repeat(25), ['ab'.repeat(25)])
  check('a{20,}', 'a'.repeat(30), ['a'.repeat(30)])
})

test('knows its groups', () => {
  assert.deepEqual(compileRegexp('(a)(?:\\()(?<b>b)[(]').groupNames, [null, null, 'b'])
})

test('says what is wrong and where', () => {
  checkError('a(b', 1, /\( without a \)/)
  checkError('ab)', 2, /\) without a \(/)
  checkError('a[b', 1, /\[ without a \]/)
  checkError('[]', 0, /nothing between/)
  checkError('[z-a]', 1, /z-a is no range/)
  checkError('*a', 0, /nothing to repeat/)
  checkError('a**', 2, /nothing to repeat/)
  checkError('a++', 1, /possessive/)
  checkError('^*', 1, /cannot be repeated/)
  checkError('a{3,1}', 1, /smaller number first/)
  checkError('x\\', 1, /nothing behind/)
  checkError('x\\q', 1, /no meaning/)
  checkError('[[:foo:]]', 1, /no class is named foo; expected alnum/)
  checkError('\\p{Foo}', 0, /no such property/)
  checkError('[😀]', 1, /beyond U\+FFFF/)
  checkError('(?<a>x)(?<a>y)', 7, /two groups/)
  checkError('x(?>a)', 1, /unknown kind of group/)
  checkError('(?m)a\\z', 5, /flag m/)
})

test('refuses what cannot be had in linear time', () => {
  checkError('a(?=b)', 1, /looking ahead or behind/)
  checkError('(?<!a)b', 0, /looking ahead or behind/)
  checkError('(a)\\1', 3, /back-reference/)
  checkError('(?<a>a)\\k<a>', 7, /back-reference/)
  checkError('(a){17}', 3, /more than 16 times/)
  checkError('(?:[ab]{100}){100}', 13, /too many repetitions/)
  assert.throws(() => compileRegexp('a', 'x'), /unknown flag x; expected i, m or s/)
})

/** The same searches take years where everything is tried. */
test('ends soon on texts made to hang it', () => {
  const started = cpuMs()
  for (const length of [30, 2000, 30_000]) {
    for (const source of ['(a+)+$', '(?i)^(a|a)*$', '^(a|aa)+$', 'a*a*a*a*b', '(?:a{0,40}){5}b']) {
      assert(!compileRegexp(source).test(`${'a'.repeat(length)}!`), source)
    }
  }
  assert(cpuMs() - started < 5000)
})

test('finds every match until it is told to stop', () => {
  const found: string[] = []
  compileRegexp('\\d*').forEachMatch('1a22', (match) => found.push(`${match.index}${match[0]}`) < 3)
  assert.deepEqual(found, ['01', '1', '222'])
})

const atom = fc.constantFrom('a', 'b', '.', '[ab]', '(?:a|ab)', '(b|a)', '(?:a*)', '(?:c?)', '[^a]')
const count = fc.constantFrom('', '*', '+', '?', '*?', '+?', '??', '{2}', '{1,3}', '{0,2}?', '{2,}')
const part = fc.tuple(atom, count).map(([one, times]) => one + times)
const sequence = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''))
const pattern = fc.array(sequence, { minLength: 1, maxLength: 2 }).map((all) => all.join('|'))

test('finds the same as JavaScript, in short texts and in long ones', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\n'), maxLength: 12 })
  const property = fc.property(pattern, text, (source, short) => {
    for (const each of [short, '\n'.repeat(3000) + short]) {
      assert.deepEqual(compileRegexp(`(?:${source})`).exec(each), new RegExp(source).exec(each))
    }
  })
  fc.assert(property, { numRuns: 300 })
})
