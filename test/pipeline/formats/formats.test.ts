/** The option `format`: its forms, and what is wrong with it beyond its schema. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { Type } from '../../../src/config/type.ts'
import { validateConfig } from '../../../src/config/validate.ts'
import { createFormat } from '../../../src/pipeline/formats/create.ts'
import { formatFaults } from '../../../src/pipeline/formats/faults.ts'
import { lineFormatSchema } from '../../../src/pipeline/formats/schema.ts'
import { parseLine } from '../../codecs/formats/setup.ts'

const schema = Type.Object(
  { format: lineFormatSchema({ description: 'The format.' }) },
  { additionalProperties: false },
)

function configOf(yaml: string) {
  const validation = validateConfig(schema, parse(yaml))
  assert.ok(!validation.problems, JSON.stringify(validation.problems))
  return validation.value.format
}

test('a name, an object or a list', () => {
  const check = (yaml: string, line: string, record: object, time = '') => {
    const config = configOf(yaml)
    assert.deepEqual(formatFaults(config), [])
    const format = createFormat(config, { now: () => Date.parse('2026-11-21T08:50:00Z') })
    const shown = parseLine(format, line)
    assert.ok(typeof shown !== 'string', yaml)
    assert.deepEqual([shown.record, shown.time], [record, time], yaml)
  }
  const seconds = '1795251000.000000000'
  check('format: json', '{"a":1}', { a: 1 })
  check('format: none', 'x', { log: 'x' })
  check('format: { type: none, field: message }', 'x', { message: 'x' })
  check('format: { type: json, time: {} }', '{"time":1795251000}', {}, seconds)
  check('format: [json, logfmt]', 'a=1', { a: '1' })
  check('format: [json, { type: logfmt, types: { a: integer } }]', 'a=1', { a: 1 })
  check('format: ltsv', 'a:1', { a: '1' })
  check('format: { type: csv, fields: [a, b], delimiter: ";" }', '1;2', { a: '1', b: '2' })
  check('format: { type: regexp, flags: i, expression: "^(?<l>[a-z]+)$" }', 'ABC', { l: 'ABC' })
  check('format: cri', '2026-11-21T08:50:00Z stdout F x', { stream: 'stdout', log: 'x' }, seconds)
  check('format: docker', '{"log":"x\\n"}', { log: 'x' })
  check(
    'format: { type: logfmt, time: { field: t, format: "%b %d %T", zone: Japan, keep: true } }',
    't="Nov 21 17:50:00"',
    { t: 'Nov 21 17:50:00' },
    seconds,
  )
})

test('what a schema refuses is said of the format that was meant', () => {
  const check = (yaml: string, path: string, part: RegExp) => {
    const { problems } = validateConfig(schema, parse(yaml))
    assert.ok(problems, yaml)
    assert.equal(problems[0]!.path.join('.'), path)
    assert.match(problems[0]!.message, part)
  }
  check('format: jsn', 'format', /"jsn".*expected one of: none, json, logfmt/)
  check('format: { type: json, feild: x }', 'format.feild', /feild/)
  check('format: { type: csv }', 'format', /fields/)
  check('format: [json, { type: regexp }]', 'format.1', /expression/)
  check('format: { type: csv, fields: [a], delimiter: ",," }', 'format.delimiter', /delimiter/)
})

test('faults say where they are', () => {
  const check = (yaml: string, path: string, part: RegExp) => {
    const faults = formatFaults(configOf(yaml))
    assert.equal(faults.length, 1, yaml)
    assert.equal(faults[0]!.path.join('.'), path)
    assert.match(faults[0]!.message, part)
  }
  check('format: { type: regexp, expression: "(?<a>" }', 'format.expression', /at column/)
  check('format: { type: regexp, expression: "(a)" }', 'format.expression', /named groups/)
  check('format: { type: csv, fields: [a, b, a] }', 'format.fields', /"a" twice/)
  check('format: { type: nginx_error, zone: Nowhere }', 'format.zone', /"Nowhere" as a zone/)
  check('format: [none, { type: json, time: { zone: X/Y } }]', 'format.1.time.zone', /"X\/Y"/)
  check('format: { type: json, time: { format: "%Y %O" } }', 'format.time.format', /column 4/)
})
