import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JsonFormat } from '../../../src/codecs/formats/json.ts'
import { NoneFormat } from '../../../src/codecs/formats/none.ts'
import { checkGarbage, parseLine, recordOf } from './setup.ts'

const format = new JsonFormat()

test('json: the fields of the object, in order, as they come', () => {
  const check = (line: string, expected: readonly (readonly [string, unknown])[]) => {
    const shown = parseLine(format, line)
    assert.deepEqual(typeof shown === 'string' ? shown : shown.fields, expected, line)
  }
  check('{}', [])
  check(' {"level":"info","n":1,"ok":true,"x":null} ', [
    ['level', 'info'],
    ['n', 1],
    ['ok', true],
    ['x', null],
  ])
  check('{"a":{"b":[1,{"c":"\\n"}]}}', [['a', { b: [1, { c: '\n' }] }]])
  check('{"a":1,"a":2}', [
    ['a', 1],
    ['a', 2],
  ])
})

test('json: more fields than a short header holds', () => {
  const record = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`k${index}`, 1]))
  assert.deepEqual(recordOf(format, JSON.stringify(record)), record)
})

test('json: faults say what is wrong and where', () => {
  const check = (line: string, expected: string) => assert.equal(parseLine(format, line), expected)
  check('', 'invalid_json at 0')
  check('hello', 'not_an_object at 0')
  check(' [1]', 'not_an_object at 1')
  check('"text"', 'not_an_object at 0')
  check('{"a":1', 'invalid_json at 6')
  check('{"a":1} x', 'invalid_json at 8')
  check('{"a":x}', 'invalid_json at 5')
  check(`{"a":${'['.repeat(64)}`, 'depth_exceeded at 68')
})

test('json: garbage gives only faults', () => {
  checkGarbage(format, ['{"a":{"b":[1,{"c":"\\n"}],"d":1.5e3},"e":"\\ud83d\\ude00"}', '{"a":true}'])
})

test('none: the line is one field', () => {
  assert.deepEqual(recordOf(new NoneFormat(), 'hällo'), { log: 'hällo' })
  assert.deepEqual(recordOf(new NoneFormat('message'), ''), { message: '' })
})
