/** The scenarios of `npm run bench`, by name, in the order in which they run. */
import type { Traffic } from './traffic/prepare.ts'

export type Output =
  | 'file-per-tag'
  | 'one-file'
  | 'compressed-files'
  | 'buffered-files'
  | 'zstd-buffered-files'
  | 'gzip-buffered-files'
  | 'stdout'
  /** To a server that answers as Elasticsearch does (bench/bulk-sink.ts). */
  | 'bulk'
  | 'disk-bulk'
  | 'gzip-bulk'
  | 'null'

export interface Scenario {
  readonly name: string
  readonly summary: string
  readonly traffic: Traffic
  readonly output: Output
  /** Filter steps of the collector behind its default one, as YAML; peers have none. */
  readonly filters: string
  /** Whether those change records, so that what comes out is counted but not compared. */
  readonly changesRecords: boolean
  /** Sent by UDP, a message a datagram, to the collector as fast as it reads. */
  readonly isUdp: boolean
  /** Whether the copy of the same bytes is measured beside it. */
  readonly withFloor: boolean
  /** Whether peers take part: only where they are set up to do the same. */
  readonly withPeers: boolean
  /** Those of one group take turns, because their figures are compared. */
  readonly group: string
  /** Part of `--quick`. */
  readonly isQuick: boolean
}

const RECORDS = 1_000_000
/** Reading a datagram costs several times what reading a message of a stream does. */
const UDP_RECORDS = 300_000

const BUFFERS = [
  ['unbuffered', 'file-per-tag', 'without a buffer on disk'],
  ['buffered', 'buffered-files', 'behind a buffer on disk'],
  ['buffered-zstd', 'zstd-buffered-files', 'behind a buffer on disk with zstd'],
  ['buffered-gzip', 'gzip-buffered-files', 'behind a buffer on disk with gzip'],
] as const

/** Peers keep nothing on disk. */
const BULKS = [
  ['elasticsearch', 'bulk', ', buffered in memory'],
  ['elasticsearch-gzip', 'gzip-bulk', ', with gzip, buffered in memory'],
  ['elasticsearch-disk', 'disk-bulk', ', buffered on disk, the default'],
] as const

const BASE: Omit<Scenario, 'name' | 'summary'> = {
  traffic: {
    mode: 'message',
    shape: '300B',
    records: RECORDS,
    connections: 1,
    tags: 1,
    tagOf: 'record',
  },
  output: 'file-per-tag',
  filters: '',
  changesRecords: false,
  isUdp: false,
  withFloor: true,
  withPeers: false,
  group: '',
  isQuick: false,
}

type Change = Partial<Omit<Scenario, 'traffic'>> & { readonly traffic?: Partial<Traffic> }

function scenario(name: string, summary: string, { traffic, ...rest }: Change): Scenario {
  return { ...BASE, name, summary, ...rest, traffic: { ...BASE.traffic, ...traffic } }
}

const main = { withPeers: true, isQuick: true }
const docker = 'as Docker sends: message mode,'

export const scenarios: readonly Scenario[] = [
  ...[
    scenario('message', `${docker} 300 B, one connection, one file`, main),
    scenario('forward', 'Forward mode, 500 events a frame', withMode('forward', main)),
    scenario('packed', 'PackedForward, 500 events a frame', withMode('packed', main)),
    scenario('packed-gzip', 'CompressedPackedForward', withMode('packed-gzip', main)),
  ],
  ...[10, 100, 1000].map((connections) =>
    scenario(`connections-${connections}`, `${docker} ${connections} connections, one tag`, {
      group: 'connections',
      traffic: { connections },
    }),
  ),
  scenario('files-1000-connections', `${docker} 1,000 connections, each with a tag and file`, {
    group: 'connections',
    traffic: { connections: 1000, tags: 1000, tagOf: 'connection' },
  }),
  ...[10, 1000, 10_000].map((tags) =>
    scenario(`tags-${tags}`, `10 connections, each record one of ${tags} tags, one file`, {
      group: 'tags',
      output: 'one-file',
      traffic: { connections: 10, tags },
    }),
  ),
  scenario('files-1000', '10 connections, each record one of 1,000 tags, a file per tag', {
    group: 'tags',
    traffic: { connections: 10, tags: 1000 },
  }),
  scenario('records-100', `${docker} records of 100 B`, { traffic: { shape: '100B' } }),
  scenario('records-16k', `${docker} records of 16 KiB`, {
    traffic: { shape: '16KiB', records: 50_000 },
  }),
  scenario('parts', `${docker} one line in ten cut into two or three parts`, {
    traffic: { shape: 'parts', records: 100_000 },
  }),
  ...[1, 100].map((connections) =>
    scenario(`request-ack-${connections}`, `a frame in flight on ${connections} connection(s)`, {
      isQuick: connections === 1,
      traffic: { mode: 'message-ack', connections, records: 100_000 },
    }),
  ),
  ...(['stdout', 'null'] as const).map((output) =>
    scenario(output, `${docker} to the ${output} output`, { group: 'outputs', output }),
  ),
  scenario('compression', `${docker} files of 32 MiB, zstd in the background`, {
    group: 'outputs',
    output: 'compressed-files',
  }),
  ...BUFFERS.map(([name, output, what]) =>
    scenario(name, `PackedForward, ${what}`, {
      ...{ group: 'buffers', output, traffic: { mode: 'packed' } },
    }),
  ),
  ...BULKS.map(([name, output, what]) =>
    scenario(name, `PackedForward, as bulk requests to what answers as Elasticsearch does${what}`, {
      ...{ group: 'bulk', output, traffic: { mode: 'packed' } },
      ...{ withPeers: output !== 'disk-bulk', isQuick: output === 'bulk' },
    }),
  ),
  scenario('memory', `${docker} from 100 connections: see the peak`, {
    withFloor: false,
    traffic: { connections: 100 },
  }),
  scenario('grep', 'PackedForward, each event asked by a condition', {
    group: 'filters',
    traffic: { mode: 'packed' },
    filters: `{ type: grep, keep: 'source in ["stdout", "stderr"] or not exists(source)' }`,
  }),
  scenario('modify', 'PackedForward, one field set and one renamed', {
    group: 'filters',
    traffic: { mode: 'packed' },
    filters: `{ type: modify, operations: [{ set: { env: prod } }, { rename: { log: message } }] }`,
    changesRecords: true,
  }),
  // Counted but not compared: the sequence is not where it is looked for.
  ...(
    [
      ['json-plain', 'as it is', ''],
      ['parse-json', 'parsed', '{ type: parse }'],
      [
        'parse-json-time',
        'parsed, with the time of the line',
        '{ type: parse, format: { type: json, time: {} } }',
      ],
    ] as const
  ).map(([name, what, filters]) =>
    scenario(name, `PackedForward, each log a JSON object, ${what}`, {
      ...{ group: 'json', traffic: { mode: 'packed', shape: 'json' }, filters },
      changesRecords: true,
    }),
  ),
  scenario('http-ndjson', 'one POST of NDJSON in chunks, 300 B a line', {
    traffic: { mode: 'http-ndjson' },
  }),
  scenario('tcp-lines', 'plain lines over TCP, 130 B on average', {
    traffic: { mode: 'tcp-lines' },
  }),
  scenario('tail-docker', "a file of Docker's json-file driver, 205 B a line on average", {
    traffic: { mode: 'json-file' },
  }),
  scenario('gelf-tcp', 'GELF over TCP as Docker sends it, NUL behind each message', {
    isQuick: true,
    traffic: { mode: 'gelf' },
  }),
  scenario('syslog-5424', 'RFC 5424 over TCP, length before each message', {
    withPeers: true,
    traffic: { mode: 'rfc5424' },
  }),
  scenario('syslog-3164', 'RFC 3164 over TCP, newline behind each message', {
    withPeers: true,
    traffic: { mode: 'rfc3164' },
  }),
  scenario('syslog-udp', 'RFC 3164 by UDP', {
    isUdp: true,
    traffic: { mode: 'rfc3164', records: UDP_RECORDS },
  }),
  scenario('gelf-udp', 'GELF by UDP, neither compressed nor in chunks', {
    isUdp: true,
    traffic: { mode: 'gelf', records: UDP_RECORDS },
  }),
]

function withMode(mode: Traffic['mode'], change: Change): Change {
  return { ...change, traffic: { mode } }
}
