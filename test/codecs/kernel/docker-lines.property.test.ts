/** Docker's lines become the same entries by the kernel and by the plain format. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { ByteWriter } from '../../../src/codecs/byte-writer.ts'
import { writeEntryHead } from '../../../src/codecs/entry.ts'
import { DockerFormat } from '../../../src/codecs/formats/docker.ts'
import { ParsedLine } from '../../../src/codecs/formats/format.ts'
import { KernelDockerLines } from '../../../src/codecs/kernel/docker-lines.ts'
import { testKernel } from './test-kernel.ts'

const kernel = testKernel()
/** A map of three pairs, of which the first is k: v. */
const prefix = new Uint8Array([0x83, 0xa1, 0x6b, 0xa1, 0x76, 0xa3, 0x6c, 0x6f, 0x67])

/** What Go's encoder makes of a text. */
function goString(text: string): string {
  return JSON.stringify(text)
    .replaceAll('<', '\\u003c')
    .replaceAll('>', '\\u003e')
    .replaceAll('&', '\\u0026')
    .replaceAll('\u2028', '\\u2028')
}

function dockerLine(text: string, stream: string, time: string): string {
  return `{"log":${goString(text)},"stream":"${stream}","time":"${time}"}\n`
}

function byKernel(bytes: Uint8Array, start = 0) {
  const writer = new ByteWriter(16)
  const made = new KernelDockerLines(kernel).read(bytes, start, bytes.length, prefix, writer)
  return { ...made, entries: Buffer.from(writer.written()) }
}

/** The entry of one whole line, or null for one that is partial or has no time. */
function byTwin(text: string): Buffer | null {
  const writer = new ByteWriter(16)
  const line = new ParsedLine(writer)
  line.begin()
  const bytes = Buffer.from(text)
  if (!new DockerFormat().parse(bytes, 0, bytes.length - 1, line)) return null
  if (line.isPartial || !line.hasTime || line.fieldCount !== 2) return null
  const head = new Uint8Array(11)
  writeEntryHead(head, 0, line.seconds, line.nanoseconds)
  return Buffer.concat([head, prefix.subarray(0, 5), writer.written()])
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ maxLength: 400 }),
  fc.constantFrom('', 'é\u2028<&>', 'tab\tquote"back\\slash', '\u0000\u001b[31m', '😀'),
)
const time = fc.oneof(
  fc
    .date({ min: new Date(1), max: new Date('2105-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString()),
  fc.constantFrom(
    '2026-11-21T08:50:00Z',
    '2026-11-21T08:50:00.123456789Z',
    '2024-02-29T23:59:59.1Z',
    '2023-02-29T00:00:00Z',
    '2026-11-21T08:50:60Z',
    '2026-11-21T08:50:00.1234567891Z',
    '2026-11-21T08:50:00+02:00',
    'never',
  ),
)
const stream = fc.constantFrom('stdout', 'stderr', 'stdoux', '')

test('what it takes is what the format makes of it', () => {
  const line = fc.record({ text, stream, time, isWhole: fc.boolean() })
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (parts) => {
      const lines = parts.map((of) =>
        dockerLine(of.isWhole ? `${of.text}\n` : of.text, of.stream, of.time),
      )
      const bytes = Buffer.from(lines.join(''))
      const { count, used, entries } = byKernel(bytes)
      const taken = lines.slice(0, count)
      assert.equal(used, Buffer.byteLength(taken.join('')))
      const expected = taken.map((each) => byTwin(each) ?? assert.fail(`took ${each}`))
      assert.deepEqual(entries, Buffer.concat(expected))
    }),
    { numRuns: 500 },
  )
})

suite('usual lines', () => {
  test('are all taken, of any length', () => {
    const texts = [0, 1, 31, 32, 33, 255, 256, 20_000, 70_000, 140_000].map((length) =>
      'x'.repeat(length),
    )
    const all = [...texts, 'ü€ <a> & "q" \\ \t\r', '\u001b[31mred'].map((each) => `${each}\n`)
    const lines = all.map((each) => dockerLine(each, 'stderr', '2026-11-21T08:50:00.5Z'))
    const { count, entries } = byKernel(Buffer.from(lines.join('')))
    assert.equal(count, lines.length)
    assert.deepEqual(entries, Buffer.concat(lines.map((each) => byTwin(each)!)))
  })

  test('that are cut short at any byte are left', () => {
    const line = Buffer.from(dockerLine('a "line"\n', 'stdout', '2026-11-21T08:50:00.5Z'))
    for (let end = 0; end < line.length; end++) {
      // What came before may still be behind the end.
      byKernel(line)
      assert.equal(byKernel(line.subarray(0, end)).count, 0, `cut at ${end}`)
    }
  })
})

test('whatever comes, it stays within its bounds', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), (noise, at) => {
      const line = Buffer.from(dockerLine('some text\n', 'stdout', '2026-11-21T08:50:00.5Z'))
      line.set(noise.subarray(0, 4), at % (line.length - 4))
      const { used, count } = byKernel(Buffer.concat([line, line]))
      assert.ok(used <= line.length * 2 && count <= 2)
      if (count > 0) assert.ok(byTwin(line.toString('latin1')) !== null || noise.length > 0)
    }),
  )
})
