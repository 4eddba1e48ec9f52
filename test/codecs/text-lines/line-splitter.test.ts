/** Lines of a stream, however it is cut. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LineSplitter } from '../../../src/codecs/text-lines/line-splitter.ts'

interface Options {
  readonly delimiter?: string
  readonly lineMaxBytes?: number
  readonly stripsReturn?: boolean
}

/** The lines of `pieces`; `~` behind a line that is cut, `|` before the rest without an end. */
function linesOf(pieces: readonly Uint8Array[], options: Options = {}): string[] {
  const { delimiter = '\n', lineMaxBytes = 1000, stripsReturn = true } = options
  const splitter = new LineSplitter({
    delimiter: Buffer.from(delimiter),
    lineMaxBytes,
    stripsReturn,
  })
  const lines: string[] = []
  const text = () => Buffer.from(splitter.bytes.subarray(splitter.start, splitter.end)).toString()
  for (const piece of pieces) {
    splitter.push(piece)
    while (splitter.next()) lines.push(text() + (splitter.isCut ? '~' : ''))
  }
  if (splitter.last()) lines.push(`|${text()}`)
  assert.equal(splitter.heldBytes, 0)
  return lines
}

const check = (text: string, expected: string[], options?: Options) =>
  assert.deepEqual(linesOf([Buffer.from(text)], options), expected)

test('cuts at the delimiter', () => {
  check('one\ntwo\r\n\nthree', ['one', 'two', '', '|three'])
  check('one\r\n', ['one\r'], { stripsReturn: false })
  check('one\0two\n\0', ['one', 'two\n'], { delimiter: '\0' })
  check('a<>b<c>d<><>', ['a', 'b<c>d', ''], { delimiter: '<>' })
})

test('cuts a long line into pieces, between two characters', () => {
  check('abcdefghij\nk\n', ['abcd~', 'efgh~', 'ij', 'k'], { lineMaxBytes: 4 })
  check('abcd\nefgh', ['abcd', '|efgh'], { lineMaxBytes: 4 })
  check('äöüß\n', ['ä~', 'ö~', 'ü~', 'ß'], { lineMaxBytes: 3 })
  check('abcd\r\n', ['abcd'], { lineMaxBytes: 4 })
})

test('any split of the bytes gives the same lines', () => {
  const text = fc.array(
    fc.constantFrom('a', 'ä', '€', '\n', '\r', '\r\n', '<>', '<', 'x'.repeat(9)),
  )
  const cuts = fc.array(fc.nat({ max: 60 }), { maxLength: 6 })
  const delimiter = fc.constantFrom('\n', '<>')
  fc.assert(
    fc.property(text, cuts, delimiter, fc.integer({ min: 4, max: 12 }), (parts, at, end, max) => {
      const bytes = Buffer.from(parts.join(''))
      const ends = [...at.map((cut) => Math.min(cut, bytes.length)), bytes.length].sort(
        (a, b) => a - b,
      )
      const pieces = ends.map((to, index) => bytes.subarray(ends[index - 1] ?? 0, to))
      const options = { delimiter: end, lineMaxBytes: max }
      const split = linesOf(pieces, options)
      assert.deepEqual(split, linesOf([bytes], options))
      const joined = split.join('').replaceAll(/[~|\r]/g, '')
      assert.equal(
        joined,
        parts
          .join('')
          .replaceAll(/[~|\r]/g, '')
          .replaceAll(end, ''),
      )
    }),
  )
})
