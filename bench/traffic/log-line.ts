/**
 * Texts like those that programs log: words, numbers, quoted JSON, tabs, line breaks, colours of
 * the terminal, and some letters beyond ASCII.
 */
import type { Random } from './random.ts'

const WORDS = [
  'connection ',
  'request ',
  'finished ',
  'user ',
  'GET /api/v1/items ',
  'status=200 ',
  'worker ',
  'retrying ',
  'from 10.0.3.17 ',
  'cache miss ',
  'took ',
  'ms ',
  'level=info ',
  'queue empty, ',
  'accepted ',
  'transaction committed ',
]

/** What a JSON encoder has to do more for than copy. */
const ESCAPED = [
  '"message":"ready" ',
  '{"id":17,"ok":true} ',
  '\t',
  'C:\\data\\in ',
  'at main()\n',
  '\u001b[32mINFO\u001b[0m ',
]
const BEYOND_ASCII = ['Größe ', 'café ', '日本語 ', '✓ ', '🚀 ']

/** How many texts in a hundred are of the rarer kinds. */
const ESCAPED_PERCENT = 6
const BEYOND_ASCII_PERCENT = 2
const NUMBER_PERCENT = 12

/** What is left to the wanted length when the next text is too long for it. */
const FILLER = 'and so on, until the line is as long as it has to be '.padEnd(64, '.')

interface Piece {
  readonly text: string
  readonly bytes: number
}

const words = pieces(WORDS)
const escaped = pieces(ESCAPED)
const beyondAscii = pieces(BEYOND_ASCII)

/** `start`, which is ASCII, made longer until it has `bytes` in UTF-8. */
export function logLine(start: string, bytes: number, random: Random): string {
  let text = start
  let left = bytes - start.length
  while (left > 0) {
    const piece = next(random)
    if (piece.bytes > left) return text + FILLER.slice(0, left)
    text += piece.text
    left -= piece.bytes
  }
  return text
}

function next(random: Random): Piece {
  const percent = random.below(100)
  if (percent < ESCAPED_PERCENT) return pick(escaped, random)
  if (percent < ESCAPED_PERCENT + BEYOND_ASCII_PERCENT) return pick(beyondAscii, random)
  if (percent < ESCAPED_PERCENT + BEYOND_ASCII_PERCENT + NUMBER_PERCENT) {
    const text = `${random.below(100_000)} `
    return { text, bytes: text.length }
  }
  return pick(words, random)
}

function pick(from: readonly Piece[], random: Random): Piece {
  return from[random.below(from.length)]!
}

function pieces(texts: readonly string[]): Piece[] {
  return texts.map((text) => ({ text, bytes: Buffer.byteLength(text) }))
}
