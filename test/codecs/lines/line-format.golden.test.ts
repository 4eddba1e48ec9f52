/**
 * One file per case in test/golden/lines/: YAML with the format, the tag and the events (a record,
 * or the hex of its msgpack), `===`, and what comes out. `UPDATE=1` writes what comes out now.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { createEncoder, type FormatConfig } from '../../../src/codecs/lines/line-format.ts'
import { createPrettyEncoder } from '../../../src/codecs/lines/pretty-lines.ts'
import { encodeEntry, TEST_SECONDS } from '../../support/entries.ts'
import { TightWriter } from '../tight-writer.ts'

interface Case {
  readonly format: FormatConfig | { readonly type: 'pretty'; readonly coloured: boolean }
  readonly tag: string
  readonly events: readonly Event[]
}

interface Event {
  readonly time?: readonly [number, number]
  readonly record?: object
  readonly hex?: string
}

const FOLDER = join(import.meta.dirname, '../../golden/lines')
const SEPARATOR = '\n===\n'

for (const name of readdirSync(FOLDER)) {
  test(name, () => {
    const path = join(FOLDER, name)
    const [input, expected] = readFileSync(path, 'utf8').split(SEPARATOR) as [string, string]
    const actual = run(parse(input) as Case)
    if (process.env['UPDATE'] === '1') writeFileSync(path, input + SEPARATOR + actual)
    else assert.equal(actual, expected)
  })
}

function run({ format, tag, events }: Case): string {
  const writer = new TightWriter()
  const entries = new Uint8Array(Buffer.concat(events.map(entryOf)))
  if (format.type === 'pretty') createPrettyEncoder(format.coloured)(tag, entries, writer)
  else createEncoder(format).encode(tag, entries, writer)
  if (format.type !== 'msgpack') return writer.text()
  return `${Buffer.from(writer.written()).toString('hex')}\n`
}

function entryOf({ time, record, hex }: Event): Uint8Array {
  const [seconds, nanoseconds] = time ?? [TEST_SECONDS, 0]
  const map = hex === undefined ? undefined : Buffer.from(hex.replaceAll(' ', ''), 'hex')
  return encodeEntry(seconds, nanoseconds, map ?? record ?? {})
}
