/** Decoders of syslog for tests: a clock that stands still, plain fields, one sender. */
import { SyslogDatagramDecoder } from '../../../src/codecs/syslog/datagrams.ts'
import { SyslogStreamDecoder, type OddMessages } from '../../../src/codecs/syslog/decoder.ts'
import type { SyslogBatch } from '../../../src/codecs/syslog/entries.ts'
import type { Kernel } from '../../../src/codecs/kernel/kernel.ts'
import type { FieldNames } from '../../../src/codecs/syslog/fields.ts'
import { SyslogSender } from '../../../src/codecs/syslog/sender.ts'
import type { SyslogTagPart } from '../../../src/codecs/syslog/tag.ts'
import type { ZoneReader } from '../../../src/codecs/time/rfc3339.ts'
import { Zone } from '../../../src/codecs/time/zone.ts'
import { decodeEntries, type DecodedEntry } from '../../support/entries.ts'

export interface ReadingOptions {
  /** When messages come. */
  readonly now?: string
  readonly zone?: ZoneReader
  readonly names?: FieldNames
  readonly messageMaxBytes?: number
  readonly tag?: readonly SyslogTagPart[]
  readonly address?: string
  readonly arrivalKey?: string
  readonly onOdd?: (odd: OddMessages) => void
  readonly kernel?: Kernel | null
}

export interface ReadEvent {
  readonly tag: string
  readonly time: string
  readonly record: DecodedEntry['record']
}

const DEFAULT_TAG: readonly SyslogTagPart[] = [
  { kind: 'literal', text: 'syslog.' },
  { kind: 'named', name: 'facility' },
  { kind: 'literal', text: '.' },
  { kind: 'named', name: 'severity' },
]

export const NOW = '2026-11-26T12:00:00.500Z'

export function senderFor(options: ReadingOptions = {}): SyslogSender {
  const { zone = new Zone('UTC'), tag = DEFAULT_TAG, address = '', arrivalKey = '' } = options
  return new SyslogSender({ address, tag, zone, fields: [], arrivalKey })
}

export function streamDecoder(options: ReadingOptions = {}): SyslogStreamDecoder {
  const kernel = options.kernel === undefined ? {} : { kernel: options.kernel }
  return new SyslogStreamDecoder({ ...decoderOptions(options), ...kernel }, senderFor(options))
}

export function datagramDecoder(options: ReadingOptions = {}): SyslogDatagramDecoder {
  const senderOf = (address: string) => senderFor({ ...options, address })
  const kernel = options.kernel === undefined ? {} : { kernel: options.kernel }
  return new SyslogDatagramDecoder({ ...decoderOptions(options), ...kernel, senderOf })
}

/** What one datagram becomes. */
export function readDatagram(text: string | Uint8Array, options: ReadingOptions = {}): ReadEvent {
  const decoder = datagramDecoder(options)
  decoder.push(Buffer.from(text), options.address ?? '')
  const [event, ...others] = eventsOf(decoder.take())
  if (!event || others.length > 0) throw new Error(`${others.length + 1} events`)
  return event
}

export function eventsOf(batches: readonly SyslogBatch[]): ReadEvent[] {
  return batches.flatMap(({ tag, entries }) =>
    decodeEntries(entries.slice()).map((entry) => {
      return { tag, time: timeOf(entry), record: entry.record }
    }),
  )
}

function decoderOptions(options: ReadingOptions) {
  const { now = NOW, names = 'fluentd', messageMaxBytes = 64 * 1024, onOdd } = options
  return { names, messageMaxBytes, now: () => Date.parse(now), onOdd: onOdd ?? (() => undefined) }
}

/** `2026-11-26T12:00:00.5`, in UTC. */
function timeOf({ seconds, nanoseconds }: DecodedEntry): string {
  const fraction = String(nanoseconds).padStart(9, '0').replace(/0+$/, '')
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19)
  return fraction === '' ? whole : `${whole}.${fraction}`
}
