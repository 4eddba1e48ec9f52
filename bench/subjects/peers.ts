/**
 * Other collectors, those that are on PATH. Each is set up by `bench/peers/NAME.conf` for the
 * same work: one port in, one JSON file out.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findTool } from '../../test/support/tool.ts'
import { NewlineCount, outputState } from '../measure/output-files.ts'
import type { Scenario } from '../scenarios.ts'
import type { Traffic } from '../traffic/prepare.ts'
import type { Fields } from '../verify/lines.ts'
import type { ReadLine } from '../verify/verify.ts'
import { BULK_OUTPUTS, type BulkSink, startBulkSink } from './bulk-sink.ts'
import type { Launch, Place, Subject } from './subject.ts'

type Mode = Traffic['mode']

interface Peer {
  readonly name: string
  readonly modes: readonly Mode[]
  readonly args: (config: string, folder: string) => readonly string[]
  /** The record in a line of its output, without what it has added. */
  readonly readLine: (mode: Mode) => ReadLine
}

const POLL_MS = 10
const FORWARD: readonly Mode[] = ['message', 'forward', 'packed', 'packed-gzip']
const SYSLOG: readonly Mode[] = ['rfc5424', 'rfc3164']
const ADDED = new Set(['time', 'tag', 'host', 'timestamp', 'source_type', '@timestamp'])

const PEERS: readonly Peer[] = [
  {
    name: 'fluent-bit',
    modes: FORWARD,
    args: (config) => ['-c', config],
    readLine: () => withoutAdded,
  },
  {
    name: 'fluentd',
    modes: FORWARD,
    args: (config) => ['-c', config],
    readLine: () => withoutAdded,
  },
  {
    name: 'vector',
    modes: FORWARD,
    args: (config) => ['--config-toml', config],
    readLine: () => withoutAdded,
  },
  {
    name: 'rsyslogd',
    modes: SYSLOG,
    args: (config, folder) => ['-n', '-f', config, '-i', join(folder, 'pid')],
    readLine: syslogLine,
  },
  {
    name: 'syslog-ng',
    modes: SYSLOG,
    args: (config, folder) => [
      ...['--foreground', '--no-caps', '--cfgfile', config],
      ...['--persist-file', join(folder, 'persist'), '--pidfile', join(folder, 'pid')],
      ...['--control', join(folder, 'control')],
    ],
    readLine: syslogLine,
  },
]

export function peersOnPath(): Subject[] {
  return PEERS.flatMap((peer) => {
    const command = findTool(peer.name)
    return command === undefined ? [] : [subjectOf(peer, command)]
  })
}

function subjectOf(peer: Peer, command: string): Subject {
  return {
    name: peer.name,
    canDo: ({ withPeers, traffic, output }) => {
      const isAble = peer.modes === FORWARD || !BULK_OUTPUTS.includes(output)
      return withPeers && isAble && peer.modes.includes(traffic.mode)
    },
    launch: (scenario, place, { records }) => launch(peer, command, scenario, place, records),
    expectation: ({ traffic }, prepared) => {
      return { prepared, readLine: peer.readLine(traffic.mode), withEnvelope: false }
    },
  }
}

async function launch(
  peer: Peer,
  command: string,
  { traffic, output }: Scenario,
  place: Place,
  records: number,
): Promise<Launch> {
  const config = join(place.folder, `${peer.name}.conf`)
  const sink = BULK_OUTPUTS.includes(output) ? await startBulkSink(place.output) : undefined
  const file = sink ? `${peer.name}-elasticsearch` : peer.name
  await writeFile(
    config,
    await configuration(file, { ...placeValues(traffic.mode, place), ...sinkValues(output, sink) }),
  )
  const count = new NewlineCount(place.output)
  return {
    command,
    ...(sink && { beside: sink }),
    args: peer.args(config, place.folder),
    pollMs: POLL_MS,
    progress: async () => {
      const { bytes, changedMs } = outputState(place.output)
      return { mark: bytes, changedMs }
    },
    isDone: async () => count.count() >= records,
  }
}

type Values = Readonly<Record<string, string>>

function placeValues(mode: Mode, { port, output, folder }: Place): Values {
  const driver = mode === 'rfc5424' ? 'syslog' : 'network'
  return { port: String(port), output, folder, driver }
}

/** Compression in the words of each. */
function sinkValues(output: Scenario['output'], sink: BulkSink | undefined): Values {
  if (!sink) return {}
  const isGzip = output === 'gzip-bulk'
  return {
    sinkPort: String(sink.port),
    compress: isGzip ? 'gzip' : 'none',
    compressFluentBit: isGzip ? 'Compress gzip' : '',
    compressFluentd: isGzip ? 'best_speed' : 'no_compression',
  }
}

async function configuration(name: string, values: Values): Promise<string> {
  const text = await readFile(join(import.meta.dirname, `../peers/${name}.conf`), 'utf8')
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_all, key: string) => values[key] ?? '')
}

function withoutAdded(line: Fields): Fields {
  return Object.fromEntries(Object.entries(line).filter(([name]) => !ADDED.has(name)))
}

/** With the structured data taken apart; RFC 3164 has none, and a space before the text. */
function syslogLine(mode: Mode): ReadLine {
  return ({ container_name, attempt, service, data, log }) => {
    const text = typeof log === 'string' ? log.trimStart() : log
    const fields = { container_name, attempt, log: text }
    if (mode === 'rfc3164') return fields
    const pairs = [...String(data).matchAll(/ (\w+)="([^"]*)"/g)]
    const parameters = pairs.map(([, name, value]) => [name, value] as const)
    return { ...fields, service, ...(Object.fromEntries(parameters) as Fields) }
  }
}
