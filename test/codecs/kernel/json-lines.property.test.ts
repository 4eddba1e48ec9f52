/** The kernel and its twin write the same bytes, whatever the entries are. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ByteWriter } from '../../../src/codecs/byte-writer.ts'
import { createJsonLinesEncoder } from '../../../src/codecs/kernel/json-lines.ts'
import { SOURCE_BYTES } from '../../../src/codecs/kernel/kernel.ts'
import { encodeEntry, entriesOf, TEST_SECONDS } from '../../support/entries.ts'
import { joined, randomEntry, textValue } from '../msgpack-model.ts'
import { testKernel } from './test-kernel.ts'

const byKernel = createJsonLinesEncoder(testKernel())
const byTwin = createJsonLinesEncoder(null)

function checkSame(tag: string, entries: Uint8Array): void {
  const [kernel, twin] = [new ByteWriter(), new ByteWriter()]
  byTwin(tag, entries, twin)
  byKernel(tag, entries, kernel)
  if (Buffer.compare(kernel.written(), twin.written()) === 0) return
  // Texts, which are readable, first; then what texts may hide.
  assert.equal(Buffer.from(kernel.written()).toString(), Buffer.from(twin.written()).toString())
  assert.fail('the bytes differ where the texts do not')
}

/** One entry with the text as key and as value, in the header of the kind. */
function entryOfText(text: Uint8Array, kind: 'str' | 'bin' = 'str', choice = 0): Uint8Array {
  const { bytes } = textValue(text, kind, choice)
  return encodeEntry(TEST_SECONDS, 123_456_789, joined([0x81], bytes, bytes))
}

test('random records of every type and size', () => {
  const entries = fc.array(randomEntry, { maxLength: 6 })
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), entries, (tag, list) =>
      checkSame(tag, joined(...list.map(({ bytes }) => bytes))),
    ),
    { numRuns: 1000 },
  )
})

test('records as most are, with text for keys and no ext', () => {
  const leaf = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.double(),
    fc.integer(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  )
  const key = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom('time', 'tag', '_time', '_tag', '__time'),
  )
  const value = fc.oneof(leaf, fc.array(leaf, { maxLength: 20 }), fc.dictionary(key, leaf))
  const records = fc.array(fc.dictionary(key, value, { maxKeys: 20 }), { maxLength: 6 })
  fc.assert(
    fc.property(records, (list) => checkSame('docker.web1', entriesOf(list))),
    { numRuns: 1000 },
  )
})

describe('texts', () => {
  test('every byte at every place of two blocks of 16, in texts of every length around', () => {
    for (let length = 1; length <= 34; length++) {
      const entries: Uint8Array[] = []
      for (let byte = 0; byte < 256; byte++) {
        const text = new Uint8Array(length).fill(0x61)
        text[byte % length] = byte
        entries.push(entryOfText(text))
      }
      for (let place = 0; place < length; place++) {
        for (const byte of [0x00, 0x0a, 0x1f, 0x20, 0x22, 0x5c, 0x7f, 0x80, 0xff]) {
          const text = new Uint8Array(length).fill(0x61)
          text[place] = byte
          entries.push(entryOfText(text))
        }
      }
      checkSame('docker.web1', joined(...entries))
    }
  })

  test('well-formed and ill-formed UTF-8 at every place around the end of a block', () => {
    const sequences = [
      ...['c3a9', 'e282ac', 'f09f9880', 'efbfbd', 'efbbbf', 'e280a8', 'f48fbfbf', 'ed9fbf'],
      ...['c3', 'e282', 'f09f98', 'c0af', 'c1bf', 'e0809f', 'eda080', 'edbfbf', 'f0808080'],
      ...['f4908080', 'f5808080', 'ff', 'fe', '80', 'bf80', 'e282c3a9', 'f09fc3', 'c328', 'e22822'],
    ].map((hex) => Buffer.from(hex, 'hex'))
    for (const sequence of sequences) {
      const entries: Uint8Array[] = []
      for (let before = 0; before < 36; before++) {
        for (const after of [0, 1, 2, 15, 16, 17]) {
          const [head, tail] = ['a'.repeat(before), 'b'.repeat(after)].map((x) => Buffer.from(x))
          entries.push(entryOfText(joined(head!, sequence, tail!)))
          // The same with another character behind, so that it is not the end of the text.
          entries.push(entryOfText(joined(head!, sequence, sequence, tail!)))
        }
      }
      checkSame('docker.web1', joined(...entries))
    }
  })

  test('headers of every width, str and bin, as keys too', () => {
    const names = ['', 'a', 'time', 'tag', '_time', '__tag', 'ti', 'times', 'x'.repeat(40)]
    const entries = names.flatMap((name) =>
      [0, 4, 5, 6].flatMap((choice) => [
        entryOfText(Buffer.from(name), 'str', choice),
        entryOfText(Buffer.from(name), 'bin', choice),
      ]),
    )
    checkSame('docker.web1', joined(...entries))
  })

  test('longer than the target has room for, and than the source', () => {
    for (const length of [1000, 170_000, 200_000, SOURCE_BYTES, SOURCE_BYTES * 2]) {
      const text = new Uint8Array(length).fill(0x01)
      const short = entriesOf([{ log: 'before' }])
      checkSame('docker.web1', joined(short, entryOfText(text, 'str', 6), short))
    }
  })
})

test('more entries than the source holds, cut anywhere', () => {
  for (let pad = 0; pad < 40; pad += 3) {
    const records = Array.from({ length: 9000 }, (_, index) => ({ log: `line ${index}`, pad: 1 }))
    checkSame('docker.web1', joined(entriesOf([{ pad: 'x'.repeat(pad) }]), entriesOf(records)))
  }
})

test('deep nesting, closed at the very end of the target', () => {
  for (const depth of [1, 30, 500]) {
    const record = joined([0x81, 0xa1, 0x61], new Uint8Array(depth).fill(0x91), [0x90])
    const entry = encodeEntry(TEST_SECONDS, 0, record)
    checkSame('t', joined(...new Array<Uint8Array>(3000).fill(entry)))
  }
})

test('seconds that change from line to line, at the ends of days and years', () => {
  const edges = [0, 59, 60, 86_399, 86_400, 951_782_399, 951_868_800, 4_107_542_399, 4_294_967_295]
  const entries = edges.flatMap((seconds) =>
    [0, 1, 999_999_999].map((part) => encodeEntry(seconds, part, { a: 1 })),
  )
  checkSame('docker.web1', joined(...entries, ...entries.toReversed()))
})

test('tags of every length around the bound, in turn with others', () => {
  const entries = entriesOf([{ a: 1 }])
  for (const length of [0, 1, 15, 16, 255, 256, 257, 1000]) {
    for (const unit of ['t', '"', '\u0000', 'é', '\ud800']) {
      checkSame(unit.repeat(length), entries)
      checkSame('docker.web1', entries)
    }
  }
})
