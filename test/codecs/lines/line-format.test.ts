import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ByteWriter } from '../../../src/codecs/byte-writer.ts'
import { createEncoder, type FormatConfig } from '../../../src/codecs/lines/line-format.ts'
import { entriesOf } from '../../support/entries.ts'
import { joined } from '../msgpack-model.ts'
import { TightWriter } from '../tight-writer.ts'

function encoded(format: FormatConfig, tag: string, ...records: object[]): string {
  const writer = new TightWriter()
  createEncoder(format).encode(tag, entriesOf(records), writer)
  return writer.text()
}

/** Rows of cells, after RFC 4180. */
function readCsv(text: string): string[][] {
  const cell = /("(?:[^"]|"")*"|[^",\r\n]*)([,\n])/gy
  const rows: string[][] = [[]]
  for (const [, content = '', end] of text.matchAll(cell)) {
    const isQuoted = content.startsWith('"')
    rows.at(-1)!.push(isQuoted ? content.slice(1, -1).replaceAll('""', '"') : content)
    if (end === '\n') rows.push([])
  }
  assert.deepEqual(rows.pop(), [])
  return rows
}

function unescape(text: string): string {
  const letters: Record<string, string> = { t: '\t', n: '\n', r: '\r' }
  return text.replaceAll(/\\(.)/g, (_whole, letter: string) => letters[letter] ?? letter)
}

function readLtsv(line: string): [string, string][] {
  return line.split('\t').map((column) => {
    const [, label = '', value = ''] = /^((?:[^:\\]|\\.)*):(.*)$/s.exec(column) ?? []
    return [unescape(label), unescape(value)]
  })
}

describe('what is written reads back', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', '\t', '\\', ':', 'a') }),
  )
  const records = fc.array(fc.record({ log: text, n: text }), { minLength: 1, maxLength: 4 })

  test('csv', () => {
    const format: FormatConfig = { type: 'csv', fields: ['tag', 'log', 'n'], delimiter: ',' }
    fc.assert(
      fc.property(text, records, (tag, given) => {
        const rows = readCsv(encoded(format, tag, ...given))
        assert.deepEqual(
          rows,
          given.map(({ log, n }) => [tag, log, n]),
        )
      }),
    )
  })

  test('ltsv', () => {
    const labelled = fc.uniqueArray(fc.tuple(text, text), { selector: ([label]) => label })
    fc.assert(
      fc.property(text, labelled, (tag, columns) => {
        const own = columns.filter(([label]) => !/^_*(time|tag)$/.test(label))
        const lines = encoded({ type: 'ltsv' }, tag, new Map(own)).split('\n')
        assert.equal(lines.length, 2)
        const [time, ...rest] = readLtsv(lines[0]!)
        assert.deepEqual(time, ['time', '2026-11-21T08:50:00.000000000Z'])
        assert.deepEqual(rest, [['tag', tag], ...own])
      }),
    )
  })
})

describe('csv refuses a delimiter that could not be told from the rest', () => {
  for (const delimiter of ['', '"', '\n', '\r', ';;', 'é']) {
    test(JSON.stringify(delimiter), () => {
      const format: FormatConfig = { type: 'csv', fields: ['log'], delimiter }
      assert.throws(() => createEncoder(format), /cannot separate columns with/)
    })
  }
})

test('only msgpack is not line-based', () => {
  const formats: FormatConfig[] = [
    { type: 'json' },
    { type: 'out_file', subsecond: false },
    { type: 'ltsv' },
    { type: 'csv', fields: ['log'], delimiter: ',' },
    { type: 'raw', field: 'log' },
    { type: 'msgpack' },
  ]
  const notLineBased = formats.filter((format) => !createEncoder(format).lineBased)
  assert.deepEqual(notLineBased, [{ type: 'msgpack' }])
})

test('what is in the writer already stays, and each call has its own tag', () => {
  const writer = new ByteWriter(8)
  const { encode } = createEncoder({ type: 'json' })
  for (const tag of ['a', 'b', 'a', '']) encode(tag, entriesOf([{}]), writer)
  const time = '"time":"2026-11-21T08:50:00.000000000Z"'
  const lines = ['a', 'b', 'a', ''].map((tag) => `{${time},"tag":"${tag}"}\n`)
  assert.equal(Buffer.from(writer.written()).toString(), lines.join(''))
})

test('maps as keys of maps as keys … do not make a small record a large line', () => {
  const depth = 100
  const record = joined(new Uint8Array(depth).fill(0x81), [0x80], new Uint8Array(depth).fill(0xc0))
  const line = encoded({ type: 'json' }, 'k', record)
  assert.ok(line.length < 1000, `${line.length} bytes`)
  JSON.parse(line)
})
