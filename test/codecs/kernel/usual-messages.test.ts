/** What each driver and library usually sends is read by the kernel, wherever reads cut it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { GelfDecoder } from '../../../src/codecs/gelf/decoder.ts'
import { NO_SOURCE } from '../../../src/codecs/gelf/source.ts'
import { type Kernel, SOURCE_BYTES } from '../../../src/codecs/kernel/kernel.ts'
import { decoderOptions, DOCKER } from '../gelf/gelf-messages.ts'
import { streamDecoder } from '../syslog/reading.ts'
import { testKernel } from './test-kernel.ts'

const MESSAGES = 500
/** As a socket gives them, some of them; a message has less. */
const READ_BYTES = [700, 16 * 1024, 64 * 1024]

type Decoder = Pick<GelfDecoder, 'push'>

function checkAllByKernel(messages: readonly string[], create: (kernel: Kernel) => Decoder): void {
  const wire = Buffer.from(messages.join(''))
  for (const readBytes of READ_BYTES) {
    const watched = watchedKernel()
    const decoder = create(watched.kernel)
    // A few bytes that come alone are read faster without the kernel: there is no short last read.
    for (let end = 0, start = 0; start < wire.length; start = end) {
      end = wire.length - start < 2 * readBytes ? wire.length : start + readBytes
      decoder.push(Uint8Array.from(wire.subarray(start, end)))
    }
    assert.equal(watched.taken(), messages.length, `in reads of ${readBytes} bytes`)
  }
}

/** With the number of messages that it has read. */
function watchedKernel(): { kernel: Kernel; taken: () => number } {
  const kernel = testKernel()
  const { functions } = kernel
  let taken = 0
  const count = (status: number) => {
    taken += kernel.count
    return status
  }
  const counted: typeof functions = {
    ...functions,
    readSyslog: (...given) => count(functions.readSyslog(...given)),
    readGelf: (...given) => count(functions.readGelf(...given)),
  }
  Object.defineProperty(kernel, 'functions', { value: counted })
  return { kernel, taken: () => taken }
}

function numbered(message: (index: number) => string): string[] {
  return Array.from({ length: MESSAGES }, (_none, index) => message(index))
}

const counted = (message: string) => `${Buffer.byteLength(message)} ${message}`

describe('syslog', () => {
  const time = 'Nov 26 11:59:58'
  const text = (index: number) => `line ${index}, "quoted" – and ${'x'.repeat(index % 90)}`
  const data = '[docker@32473 id="c0ffee" source="stdout"][x y="z"]'
  const kinds: Readonly<Record<string, (index: number) => string>> = {
    'Docker’s default': (index) => `<30>${time} web1[812]: ${text(index)}\n`,
    'RFC 3164': (index) => `<30>${time} host web1[812]: ${text(index)}\n`,
    'RFC 3164 in counted octets': (index) => counted(`<30>${time} host su: ${text(index)}`),
    'RFC 3164 with a time as in RFC 3339': (index) =>
      `<13>2026-11-26T11:59:58.123456+01:00 host su: ${text(index)}\n`,
    'RFC 5424': (index) => `<30>1 2026-11-26T11:59:58Z host web1 812 web1 - ${text(index)}\n`,
    'RFC 5424 in counted octets': (index) =>
      counted(`<27>1 2026-11-26T11:59:58.123456Z host web1 812 - ${data} ${text(index)}\n`),
    'RFC 3164, NUL behind each': (index) => `<30>${time} host web1[812]: ${text(index)}\0`,
    'RFC 3164, newline and NUL behind each': (index) => `<30>${time} h su: ${text(index)}\n\0`,
    'of two priorities in turn': (index) =>
      `<${index % 2 === 0 ? 30 : 27}>${time} host web1[812]: ${text(index)}\n`,
  }
  for (const names of ['fluentd', 'ecs'] as const)
    for (const [kind, message] of Object.entries(kinds))
      test(`${kind}, by the names of ${names}`, () =>
        checkAllByKernel(numbered(message), (kernel) => streamDecoder({ kernel, names })))
})

describe('GELF', () => {
  const options = { messageMaxBytes: SOURCE_BYTES }
  const decoder = (kernel: Kernel) =>
    new GelfDecoder(decoderOptions([], { ...options, kernel }), NO_SOURCE)
  const docker = (index: number) =>
    JSON.stringify({ ...DOCKER, short_message: `line ${index} – ${'x\n'.repeat(index % 90)}` })
  const least = (index: number) =>
    JSON.stringify({ version: '1.1', host: 'h', short_message: `${index}`, timestamp: index + 1 })
  const kinds: Readonly<Record<string, (index: number) => string>> = {
    'Docker’s, NUL behind each': (index) => `${docker(index)}\0`,
    'Docker’s, of two tags in turn': (index) =>
      `${docker(index).replace('docker.web1', `docker.web${index & 1}`)}\0`,
    'a newline behind each': (index) => `${docker(index)}\n`,
    'as little as there may be': (index) => `${least(index)}\0`,
  }
  for (const [kind, message] of Object.entries(kinds))
    test(kind, () => checkAllByKernel(numbered(message), decoder))
})
