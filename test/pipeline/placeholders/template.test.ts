/** What a template renders to for an event, and what it says of a text it cannot read. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EventFields } from '../../../src/pipeline/placeholders/event-fields.ts'
import { fieldText, readPlainField } from '../../../src/pipeline/placeholders/template-parts.ts'
import { Template } from '../../../src/pipeline/placeholders/template.ts'
import { encodeEntry } from '../../support/entries.ts'

const AT = Date.parse('2026-11-21T08:50:07.123Z')
const UTC = { offsetAt: () => 0 }
const KOLKATA = { offsetAt: () => 19_800_000 }

describe('templates', () => {
  const check = (text: string, tag: string, expected: string, clock = UTC) => {
    const template = new Template(text)
    assert.equal(template.render({ tag, utcMs: AT, fields: ['f0', undefined] }, clock), expected)
  }

  test('take the tag, whole, one piece of it or the rest', () => {
    check('plain', 'a', 'plain')
    check('${tag}', 'docker.web1', 'docker.web1')
    check('x-${tag[0]}-${tag[1]}', 'docker.web1', 'x-docker-web1')
    check('${tag[-1]}', 'a.b.c', 'c')
    check('${tag[1..]}', 'a.b.c', 'b.c')
    check('${tag[3]}-${tag[3..]}', 'a.b.c', 'unknown-unknown')
  })

  test('take fields, in their order', () => {
    check("${$.a}/${$['b.c']}", 't', 'f0/unknown')
    assert.deepEqual(new Template("${$.a.b}${$['c.d'].e}").fields, [
      ['a', 'b'],
      ['c.d', 'e'],
    ])
  })

  test('take times, by the clock on the wall', () => {
    check('%Y/%m/%d-%H%M%S', 'a', '2026/11/21-085007')
    check('%F_%j_%G-W%V_%a%A%b%B_%I', 'a', '2026-11-21_325_2026-W47_SatSaturdayNovNovember_08')
    check('%p_%u%w_%y_%s_%z', 'a', 'AM_66_26_1795251007_+0000')
    check('%F-%H%M%z', 'a', '2026-11-21-1420+0530', KOLKATA)
    check('100%%', 'a', '100%')
    const slices = ['${tag}', '%Y', '%H:%M', '%S%Y'].map((text) => new Template(text).sliceMs)
    assert.deepEqual(slices, [0, 900_000, 60_000, 1000])
  })

  test('take names that mean something at their place', () => {
    const template = new Template('${facility}.${severity}', { names: ['facility', 'severity'] })
    const named = { facility: 'auth' }
    assert.equal(template.render({ tag: '', utcMs: AT, fields: [], named }, UTC), 'auth.unknown')
  })

  test('take fields by their names alone where that is allowed', () => {
    const template = new Template('${host}-${$.k.ns}-${tag}', { plainFields: true })
    assert.deepEqual(template.fields, [['host'], ['k', 'ns']])
    for (const text of ['$.a', '$.a.b', "$['a.b'].c"])
      assert.equal(fieldText(readPlainField(text)!), text)
    assert.deepEqual(readPlainField('a-b_1@'), ['a-b_1@'])
    for (const text of ['', 'a.b', '$', '${a}', 'a b'])
      assert.equal(readPlainField(text), undefined)
  })

  test('say what they cannot read', () => {
    const fails = (text: string, message: RegExp, names: string[] = []) => {
      assert.throws(() => new Template(text, { names }), { name: 'TypeError', message })
    }
    fails('${tga}', /^cannot read \$\{tga\}: expected \$\{tag\}, /)
    fails('${tga}', /^cannot read \$\{tga\}: expected \$\{facility\}, \$\{tag\}, /, ['facility'])
    fails('${tag', /without its \}/)
    fails('%Q', /cannot read %Q: expected %Y/)
    fails('${$.}', /cannot read \$\{\$\.\}/)
  })
})

describe('fields of an entry', () => {
  const records = [
    { a: { b: 'x' }, n: 7 },
    { n: 7, a: { b: 'x', c: 1 } },
    { a: 'no map', n: true },
    { n: -70_000 },
  ].map((record) => encodeEntry(1, 0, record))
  const entries = Buffer.concat(records)
  const offsets = records.map((_, index) =>
    records.slice(0, index).reduce((sum, { length }) => sum + length, 0),
  )
  const fields = new EventFields([['a', 'b'], ['n']])

  test('are read as text', () => {
    assert.deepEqual(
      offsets.map((offset) => fields.valuesAt(entries, offset)),
      [
        ['x', '7'],
        ['x', '7'],
        [undefined, 'true'],
        [undefined, '-70000'],
      ],
    )
  })

  test('are compared by their bytes', () => {
    assert.equal(fields.areSame(entries, offsets[0]!, offsets[1]!), true)
    assert.equal(fields.areSame(entries, offsets[1]!, offsets[2]!), false)
    assert.equal(fields.areSame(entries, offsets[2]!, offsets[3]!), false)
  })
})
