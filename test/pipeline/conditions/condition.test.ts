import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileCondition, ConditionError } from '../../../src/pipeline/conditions/condition.ts'
import { encodeEntry, TEST_SECONDS } from '../../support/entries.ts'

const RECORD = {
  level: 'error',
  status: 503,
  code: '404',
  ratio: 0.5,
  size: -7,
  big: 5_000_000_000n,
  ok: true,
  nothing: null,
  bytes: Buffer.from('raw'),
  container_name: '/web1',
  labels: { 'a.b': 'x', app: { tier: 'front' } },
  list: ['one', 2],
  tag: 'own',
  'weird key': 1,
  and: 'word',
}

function check(text: string, expected: boolean): void {
  const entry = encodeEntry(TEST_SECONDS, 5, RECORD)
  assert.equal(compileCondition(text).fits(entry, 0, 'docker.web1'), expected, text)
}

function checkError(text: string, position: number, message: RegExp): void {
  assert.throws(
    () => compileCondition(text),
    (error: unknown) => {
      assert(error instanceof ConditionError, String(error))
      assert.match(error.message, message)
      assert.equal(error.position, position, text)
      return true
    },
  )
}

test('compares what fields hold', () => {
  check('level == "error"', true)
  check("level == 'error'", true)
  check('level == "err"', false)
  check('level != "info"', true)
  check('status >= 500', true)
  check('status < 500', false)
  check('status == 503', true)
  check('code == 404 and code > 400.5 and code == "404"', true)
  check('status == "503"', false)
  check('ratio <= .5 and ratio > 4e-1', true)
  check('size == -7 and size < 0', true)
  check('big > 4999999999', true)
  check('ok == true', true)
  check('ok == false or ok == "true"', false)
  check('level > "err" and level < "error1"', true)
  check('bytes == "raw"', true)
})

test('a field that is not there is null, equal to nothing and in no order', () => {
  check('nothing == null and missing == null', true)
  check('level == null', false)
  check('missing == "x" or missing < 1 or missing > 1 or missing =~ /x*/', false)
  check('missing != "x" and missing !~ /x/', true)
  check('exists(missing) or exists(level.inner)', false)
  check('exists(nothing) and exists( labels.app )', true)
})

test('finds what is nested or oddly named', () => {
  check('labels.app.tier == "front"', true)
  check('labels["a.b"] == "x" and $.labels[\'a.b\'] == "x"', true)
  check('["weird key"] == 1 and $["weird key"] == 1', true)
  check('tag == "docker.web1" and $.tag == "own"', true)
  check('["and"] == "word" and $.and == "word"', true)
})

test('looks into texts and lists', () => {
  check('container_name contains "eb" and not container_name contains "ex"', true)
  check('container_name startswith "/w" and container_name endswith "1"', true)
  check('container_name startswith "/web11" or container_name endswith "x/web1"', false)
  check('list contains "one" and list contains 2', true)
  check('list contains "o" or status contains "5"', false)
  check('level in ["warn", "error"] and status in [1, 503]', true)
  check('level not in ["warn"] and missing not in ["warn"]', true)
  check('missing in [null]', true)
})

test('searches patterns', () => {
  check('container_name =~ /^\\/web[0-9]+$/', true)
  check('level =~ /^ERR/i', true)
  check('level !~ /^ERR/', true)
  check('status =~ /^5../', true)
  check('container_name =~ /[/]w/', true)
})

test('knows tag and time', () => {
  check('tag startswith "docker." and tag =~ /web/ and tag in ["docker.web1"]', true)
  check('tag != "docker.web1" or tag < "docker"', false)
  check('time == "2026-11-21T08:50:00.000000005Z"', true)
  check('time > "2026-11-21T08:50:00Z" and time < "2026-11-21T09:50:01+01:00"', true)
  check('time < "2026-11-21"', false)
})

test('"not" binds tighter than "and", "and" tighter than "or"', () => {
  check('level == "error" or level == "x" and level == "y"', true)
  check('(level == "error" or level == "x") and level == "y"', false)
  check('not level == "x" and status == 503', true)
  check('not (level == "error" and status == 503)', false)
  check('not not level == "error"', true)
})

test('says what is wrong and where', () => {
  checkError('', 0, /found the end; expected a field/)
  checkError('level == "x" and and n > 3', 17, /found and; expected a field/)
  checkError('level', 5, /found the end; expected == .* exists\(level\)/)
  checkError('level = "x"', 6, /found =; expected ==/)
  checkError('level == error', 9, /found error; expected a value/)
  checkError('level == "error', 9, /no closing "/)
  checkError('level == "x" status == 1', 13, /found status; expected "and"/)
  checkError('(level == "x"', 13, /found the end; expected "and", "or" or \)/)
  checkError('level in "x"', 9, /expected a list/)
  checkError('level in ["x"', 13, /expected , or \]/)
  checkError('level =~ "x"', 9, /expected a pattern/)
  checkError('level =~ /x', 9, /no closing \//)
  checkError('level =~ /a(?=b)/', 11, /linear time/)
  checkError('level =~ /a/g', 10, /unknown flag g/)
  checkError('level < true', 8, /needs a number/)
  checkError('level startswith 1', 17, /needs a text/)
  checkError('tag == 1', 7, /a tag is compared with a text/)
  checkError('time > 5', 7, /RFC 3339/)
  checkError('time =~ /x/', 0, /time is compared/)
  checkError('labels[a] == 1', 7, /name in quotes/)
  checkError('labels. == 1', 7, /expected a field/)
  checkError('"x" == level', 0, /expected a field/)
  checkError(`${'not '.repeat(60)}a == 1`, 200, /more than 50 levels/)
})
