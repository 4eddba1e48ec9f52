import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  asOriginal,
  fieldOfFailure,
  withFieldMoved,
  withoutTag,
} from '../../../../src/outputs/support/bulk/repair.ts'

const OWN = { time: '@timestamp', tag: 'tag' }

test('finds the field in what servers say', () => {
  const check = (reason: string, expected: string | null) =>
    assert.equal(fieldOfFailure({ type: '', reason }), expected)
  check("[1:70] failed to parse field [a.b] of type [long] in document with id 'x'", 'a.b')
  check(
    'object mapping for [a] tried to parse field [a] as object, but found a concrete value',
    'a',
  )
  check('Could not dynamically add mapping for field [a.b.c]. Existing mapping for [a.b]', 'a.b.c')
  check('Document contains at least one immense term in field="log" (whose UTF8', 'log')
  check("can't merge a non object mapping [a.b] with an object mapping", 'a.b')
  check('mapping set to strict, dynamic introduction of [x] within [_doc] is not allowed', 'x')
  check('mapping set to strict, dynamic introduction of [x] within [a.b] is not allowed', 'a.b.x')
  check('Limit of total fields [1000] has been exceeded', null)
})

test('moves a field as text, wherever its dots are', () => {
  const check = (json: string, field: string, expected: string | null) =>
    assert.equal(withFieldMoved(json, field, OWN), expected)
  check('{"a":12345678901234567890,"b":2}', 'a', '{"b":2,"conflict.a":"12345678901234567890"}')
  check('{"b":2,"a":"x\\"}"}', 'a', '{"b":2,"conflict.a":"x\\"}"}')
  check('{"a":1}', 'a', '{"conflict.a":"1"}')
  check(
    '{"a":{"b":[1,{"c":"]"}],"d":1}}',
    'a.b',
    '{"a":{"d":1},"conflict.a_b":"[1,{\\"c\\":\\"]\\"}]"}',
  )
  check(
    '{"a.b":1,"a":{"b":2}}',
    'a.b',
    '{"a":{},"conflict.a_b":"1","conflict.a_b_2":"2"}'
      .replace('"1","conflict.a_b_2":"2"', '"1","conflict.a_b":"2"')
      .replace('"conflict.a_b":"1"', '"conflict.a_b_2":"1"'),
  )
  check('{"a.x":1,"z":0,"a.y":2}', 'a', '{"z":0,"conflict.a_x":"1","conflict.a_y":"2"}')
  check('{"a":"text"}', 'a.b.c', '{"conflict.a":"text"}')
  check('{"a":1}', 'b', null)
  check('{"@timestamp":"x"}', '@timestamp', null)
  check('{"conflict.a":"x"}', 'conflict.a', null)
  // What was moved before stays, where `conflict` itself is refused or a value.
  check('{"conflict.a":"x"}', 'conflict', null)
  check(
    '{"conflict":"z","conflict.a":"x"}',
    'conflict',
    '{"conflict.a":"x","conflict.conflict":"z"}',
  )
})

test('keeps a whole document as text, without its tag where that is refused', () => {
  const json = '{"@timestamp":"t","tag":"g","a":{"b":"\\n"}}'
  const whole = asOriginal(json, OWN)!
  const fields = JSON.parse(whole) as Record<string, string>
  assert.deepEqual(fields, { '@timestamp': 't', tag: 'g', 'event.original': json })
  const field = '{"@timestamp":"t","event.original":"of the record"}'
  assert.equal((JSON.parse(asOriginal(field, OWN)!) as typeof fields)['event.original'], field)
  const tagless = withoutTag(whole, 'tag', OWN)!
  assert.deepEqual(JSON.parse(tagless), { '@timestamp': 't', 'event.original': json })
  assert.equal(withoutTag(whole, 'a', OWN), null)
  assert.equal(withoutTag(tagless, 'tag', OWN), null)
})
