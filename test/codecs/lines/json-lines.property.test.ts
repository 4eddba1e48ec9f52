import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeJsonLines } from '../../../src/codecs/lines/json-lines.ts'
import { encodeJsonValue } from '../../../src/codecs/json/value-encoder.ts'
import { decodeRecords, entriesOf } from '../../support/entries.ts'
import { joined, randomEntry, randomValue } from '../msgpack-model.ts'
import { TightWriter } from '../tight-writer.ts'

function linesOf(tag: string, entries: Uint8Array): string[] {
  const writer = new TightWriter()
  encodeJsonLines(tag, entries, writer)
  const lines = writer.text().split('\n')
  assert.equal(lines.pop(), '')
  return lines
}

test('writes every msgpack value as the text the model expects, and ends behind it', () => {
  fc.assert(
    fc.property(randomValue, (value) => {
      const writer = new TightWriter()
      const source = joined([0xc1], value.bytes, [0xc1])
      assert.equal(encodeJsonValue(source, 1, writer), source.length - 1)
      assert.equal(writer.text(), value.json(false))
      JSON.parse(writer.text())
    }),
    { numRuns: 1500 },
  )
})

test('writes one line per entry, each of them JSON, as the model expects', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.array(randomEntry, { maxLength: 4 }),
      (tag, entries) => {
        const lines = linesOf(tag, joined(...entries.map(({ bytes }) => bytes)))
        assert.deepEqual(
          lines,
          entries.map((entry) => entry.line(tag)),
        )
        for (const line of lines) JSON.parse(line)
      },
    ),
    { numRuns: 600 },
  )
})

test('a line reads back as what msgpackr reads, where JSON can hold it', () => {
  // msgpackr renames the one key `__proto__`, at any depth.
  const value = fc
    .jsonValue({ maxDepth: 4, stringUnit: 'binary' })
    .filter((candidate) => !JSON.stringify(candidate).includes('"__proto__":'))
  const key = fc.string({ unit: 'binary' }).map((name) => `k${name}`)
  fc.assert(
    fc.property(fc.array(fc.dictionary(key, value), { minLength: 1, maxLength: 5 }), (records) => {
      const entries = entriesOf(records)
      const decoded = decodeRecords(entries)
      for (const [index, line] of linesOf('docker.web1', entries).entries()) {
        const { time, tag, ...fields } = JSON.parse(line) as Record<string, unknown>
        assert.equal(time, `2026-11-21T08:50:00.00000000${index}Z`)
        assert.equal(tag, 'docker.web1')
        assert.deepEqual(fields, { ...decoded[index] })
      }
    }),
    { numRuns: 400 },
  )
})
