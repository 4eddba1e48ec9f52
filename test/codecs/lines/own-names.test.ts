/** Records full of `time`, `tag` and their underscored names, as only an adversary sends them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encodeJsonLines } from '../../../src/codecs/lines/json-lines.ts'
import { createEncoder, type FormatConfig } from '../../../src/codecs/lines/line-format.ts'
import { encodeEntry, TEST_SECONDS } from '../../support/entries.ts'
import { joined, textValue } from '../msgpack-model.ts'
import { TightWriter } from '../tight-writer.ts'

const NIL = [0xc0]

function recordOf(names: readonly string[]): Uint8Array {
  const count = names.length
  const pairs = names.flatMap((name) => [textValue(Buffer.from(name), 'str').bytes, NIL])
  return joined([0xde, count >>> 8, count & 0xff], ...pairs)
}

/** `_time` to the name with so many underscores. */
function underscored(name: string, underscoresMax: number): string[] {
  return Array.from({ length: underscoresMax }, (_, index) => '_'.repeat(index + 1) + name)
}

/** An encoder that reads more than `readsMax` bytes one by one gets an error. */
function withReadsCounted(bytes: Uint8Array, readsMax: number): Uint8Array {
  let reads = 0
  return new Proxy(bytes, {
    get(target, key) {
      if (++reads > readsMax) throw new Error(`more than ${readsMax} reads`)
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

function lineOf(format: FormatConfig, names: readonly string[], readsPerByte = Infinity): string {
  const entry = encodeEntry(TEST_SECONDS, 0, recordOf(names))
  const writer = new TightWriter()
  const readsMax = entry.length * readsPerByte
  // The kernel copies all bytes at once, so reads can be counted of its twin only.
  const encode = format.type === 'json' ? encodeJsonLines : createEncoder(format).encode
  encode('docker.web1', withReadsCounted(entry, readsMax), writer)
  return writer.text()
}

const formats: readonly FormatConfig[] = [
  { type: 'json' },
  { type: 'ltsv' },
  { type: 'csv', fields: ['_time', '_tag'], delimiter: ',' },
]

describe('a record of many KB takes work, and becomes a line, in proportion to its size', () => {
  const times = new Array<string>(1200).fill('time')
  const tags = new Array<string>(1200).fill('tag')
  const records: Readonly<Record<string, readonly string[]>> = {
    'repeated names': [...times, ...tags],
    'underscored names': [...underscored('time', 240), ...underscored('tag', 240)],
    both: [...underscored('time', 240), ...times, ...tags],
  }
  for (const [name, names] of Object.entries(records)) {
    for (const format of formats) {
      test(`${name}, ${format.type}`, () => {
        const size = recordOf(names).length
        const line = lineOf(format, names, 40)
        assert.ok(line.length < size * 10, `${line.length} bytes of ${size}`)
      })
    }
  }
})

test('a record with names of up to 31 underscores keeps them all, past that one repeats', () => {
  const namesIn = (line: string): string[] =>
    [...line.matchAll(/"(_+(?:time|tag))":/g)].map(([, name]) => name!)
  for (const underscores of [0, 1, 2, 29, 30]) {
    const names = [...underscored('time', underscores), 'time', 'tag']
    const expected = [...underscored('time', underscores + 1), '_tag']
    assert.deepEqual(namesIn(lineOf({ type: 'json' }, names)), expected)
  }
  const names = [...underscored('time', 40), 'time']
  const expected = [...underscored('time', 40), `${'_'.repeat(31)}time`]
  assert.deepEqual(namesIn(lineOf({ type: 'json' }, names)), expected)
})
