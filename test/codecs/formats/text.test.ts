/** The formats of text: what they read, what they refuse, and that no bytes upset them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CsvFormat } from '../../../src/codecs/formats/csv.ts'
import { FirstOf } from '../../../src/codecs/formats/first-of.ts'
import type { LineFormat } from '../../../src/codecs/formats/format.ts'
import { JsonFormat } from '../../../src/codecs/formats/json.ts'
import { LogfmtFormat } from '../../../src/codecs/formats/logfmt.ts'
import { LtsvFormat } from '../../../src/codecs/formats/ltsv.ts'
import { NoneFormat } from '../../../src/codecs/formats/none.ts'
import { RegexpFormat } from '../../../src/codecs/formats/regexp.ts'
import { compileRegexp } from '../../../src/codecs/regexp/regexp.ts'
import { checkGarbage, parseLine, recordOf } from './setup.ts'

const checkWith =
  (format: LineFormat) =>
  (line: string | Uint8Array, expected: object | string): void => {
    const shown = parseLine(format, line)
    assert.deepEqual(typeof shown === 'string' ? shown : shown.record, expected, String(line))
  }

describe('logfmt', () => {
  const format = new LogfmtFormat()
  const check = checkWith(format)

  test('names and values', () => {
    check('level=info msg=done', { level: 'info', msg: 'done' })
    check('  a=1\t b="two words"  c= ', { a: '1', b: 'two words', c: '' })
    check('a="x \\"y\\" \\n \\u00e9" b', { a: 'x "y" \n é', b: true })
    check('a="\\x00 no escape of JSON"', { a: '\\x00 no escape of JSON' })
    check('a="" url=http://x/?a=b&c="d"', { a: '', url: 'http://x/?a=b&c="d"' })
    check('ключ=значение', { ключ: 'значение' })
  })

  test('what it refuses', () => {
    check('', 'no_pairs at 0')
    check('just a sentence', 'no_pairs at 0')
    check('=x', 'invalid_logfmt at 0')
    check('a=1 =x', 'invalid_logfmt at 4')
    check('a="open', 'invalid_logfmt at 2')
    check('a="x"y b=1', 'invalid_logfmt at 5')
    check('a"b=1', 'invalid_logfmt at 1')
  })

  test('types', () => {
    const typed = new LogfmtFormat({ n: 'integer', f: 'float', b: 'boolean', é: 'integer' })
    const checkTyped = checkWith(typed)
    checkTyped('n=-17 f=1.5e3 b=true é=3 s=4', { n: -17, f: 1500, b: true, é: 3, s: '4' })
    checkTyped('n="5" f=2 b=No', { n: 5, f: 2, b: false })
    checkTyped('n=1.5 f=x b=maybe', { n: '1.5', f: 'x', b: 'maybe' })
    checkTyped('n= f= b=', { n: '', f: '', b: '' })
    checkTyped('n=007 f=1. b=1', { n: '007', f: '1.', b: true })
    checkTyped('n=9007199254740993', { n: 9007199254740993n })
  })

  test('garbage', () => checkGarbage(format, ['a=1 b="x\\"y" c', 'level=info msg="a b"']))
})

describe('ltsv', () => {
  const format = new LtsvFormat({ size: 'integer' })
  const check = checkWith(format)

  test('labels and values', () => {
    check('host:10.0.0.1\tsize:17\tempty:\turl:http://x', {
      host: '10.0.0.1',
      size: 17,
      empty: '',
      url: 'http://x',
    })
    check('\ta:1\t', { a: '1' })
  })

  test('what it refuses', () => {
    check('', 'invalid_ltsv at 0')
    check('a:1\tb', 'invalid_ltsv at 4')
    check(':x', 'invalid_ltsv at 0')
  })

  test('garbage', () => checkGarbage(format, ['host:10.0.0.1\tsize:17\tempty:']))
})

describe('csv', () => {
  const format = new CsvFormat({ fields: ['a', 'b', 'c'], types: { c: 'integer' } })
  const check = checkWith(format)

  test('columns, plain and in quotes', () => {
    check('1,2,3', { a: '1', b: '2', c: 3 })
    check('"1","two, ""2""",3', { a: '1', b: 'two, "2"', c: 3 })
    check(',,', { a: '', b: '', c: '' })
    check('1', { a: '1' })
    check('"",x"y', { a: '', b: 'x"y' })
    checkWith(new CsvFormat({ fields: ['a', 'b'], delimiter: '\t' }))('1\t2,3', {
      a: '1',
      b: '2,3',
    })
  })

  test('what it refuses', () => {
    check('', 'empty_line at 0')
    check('1,2,3,4', 'too_many_columns at 6')
    check('"open', 'invalid_csv at 0')
    check('1,"x"y', 'invalid_csv at 2')
    check('"', 'invalid_csv at 0')
  })

  test('garbage', () => checkGarbage(format, ['1,"two, ""2""",3', '"a","b",4']))
})

describe('regexp', () => {
  const regexp = compileRegexp('^(?<ip>\\S+) (?<code>\\d+)(?: "(?<agent>[^"]*)")?$')
  const format = new RegexpFormat({ regexp, types: { code: 'integer' }, lineMaxBytes: 100 })
  const check = checkWith(format)

  test('named groups', () => {
    check('10.0.0.1 200 "x é"', { ip: '10.0.0.1', code: 200, agent: 'x é' })
    check('10.0.0.1 200', { ip: '10.0.0.1', code: 200 })
    check(Uint8Array.of(0xff, 0x20, 0x31), { ip: '\ufffd', code: 1 })
  })

  test('what it refuses', () => {
    check('10.0.0.1', 'no_match at 0')
    check('x'.repeat(101), 'line_too_long at 0')
  })

  test('garbage', () => checkGarbage(format, ['10.0.0.1 200 "x é"']))
})

test('of several formats the first that fits is taken', () => {
  const format = new FirstOf([new JsonFormat(), new LogfmtFormat()])
  assert.deepEqual(recordOf(format, '{"a":1}'), { a: 1 })
  assert.deepEqual(recordOf(format, 'a=1'), { a: '1' })
  assert.equal(parseLine(format, '{"a":'), 'no_format_fits at 0')
  const last = new FirstOf([new JsonFormat(), new NoneFormat()])
  assert.deepEqual(recordOf(last, '{"a":'), { log: '{"a":' })
  checkGarbage(format, ['{"a":1,"b":[2]}', 'a=1 b="c"'])
})
