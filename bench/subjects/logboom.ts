/** The collector as a subject, configured as its default is but for ports, folder and output. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { freePort } from '../../test/support/free-port.ts'
import { NewlineCount, outputFiles, outputState } from '../measure/output-files.ts'
import type { Output } from '../scenarios.ts'
import type { Traffic } from '../traffic/prepare.ts'
import { BULK_OUTPUTS, documentLine, startBulkSink } from './bulk-sink.ts'
import { expectationOf, followedFile, inputOptions } from './inputs.ts'
import type { Launch, Place, Subject } from './subject.ts'

/** Files are looked at from outside; asking the collector costs it time, so that is done seldom. */
const FILE_POLL_MS = 10
const LEDGER_POLL_MS = 100
const SMALL_ROTATION = '32MiB'

/** With a folder for profiles, each run leaves one there, named after its scenario. */
export function logboom(program: string, profileFolder?: string): Subject {
  return {
    name: 'logboom',
    canDo: () => true,
    launch: async ({ name, output, filters, isUdp, traffic }, place, { records }) => {
      const work = { mode: traffic.mode, isUdp, output, filters }
      const result = await launch(program, work, place, records)
      if (profileFolder === undefined) return result
      return { ...result, args: [...profiling(profileFolder, name), ...result.args] }
    },
    expectation: ({ output, changesRecords, traffic }, prepared) => {
      if (output === 'null' || changesRecords) return undefined
      const expectation = { prepared, ...expectationOf(traffic.mode) }
      return BULK_OUTPUTS.includes(output)
        ? // Several bodies are on their way at a time; their documents have their times.
          { ...expectation, readLine: documentLine, mayBeMixed: true }
        : expectation
    },
  }
}

function profiling(folder: string, scenario: string): string[] {
  const name = `${scenario}-${Date.now()}.cpuprofile`
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name}`]
}

/** With the default's output, for what needs no traffic. */
export function launchIdle(program: string, place: Place): Promise<Launch> {
  const work = { mode: 'message', isUdp: false, output: 'file-per-tag', filters: '' } as const
  return launch(program, work, place, 0)
}

interface Work {
  readonly mode: Traffic['mode']
  readonly isUdp: boolean
  readonly output: Output
  readonly filters: string
}

async function launch(program: string, work: Work, place: Place, records: number): Promise<Launch> {
  const { output } = work
  const config = join(place.folder, 'logboom.yaml')
  const followed = followedFile(work.mode, place)
  if (followed !== null) await mkdir(dirname(followed), { recursive: true })
  // Without an input that listens, it is ready when this does.
  const httpPort = followed === null ? await freePort() : place.port
  const http = `http://127.0.0.1:${httpPort}`
  const sink = BULK_OUTPUTS.includes(output) ? await startBulkSink(place.output) : undefined
  await writeFile(config, configuration(work, place, httpPort, sink?.port))
  const isFiles = output !== 'null' && output !== 'compressed-files'
  return {
    command: process.execPath,
    args: [program, 'run', '-c', config],
    ...(output === 'stdout' ? { stdout: join(place.output, 'stdout.log') } : {}),
    ...(sink && { beside: sink }),
    ...(followed === null ? {} : { followed }),
    isReady: () => answersWell(`${http}/readyz`),
    ...(isFiles ? byFiles(place, records) : byLedger(http, output, place, records)),
  }
}

function configuration(
  { mode, isUdp, output, filters }: Work,
  place: Place,
  httpPort: number,
  sinkPort: number | undefined,
): string {
  return `data_dir: ${JSON.stringify(join(place.folder, 'data'))}
http: { listen: "tcp://127.0.0.1:${httpPort}" }
inputs:
  docker: { ${inputOptions(mode, isUdp, place)} }
outputs:
  out: ${sinkPort === undefined ? outputConfiguration(output, place) : bulkOutput(output, sinkPort)}
pipeline:
  - filter: "**"
    type: join_parts
${stepOf(filters)}  - match: "**"
    to: out
`
}

/** `{ type: … }` as a step for all tags. */
function stepOf(filter: string): string {
  return filter === '' ? '' : `  - { filter: "**", ${filter.slice(1)}\n`
}

function bulkOutput(output: Output, port: number): string {
  const compress = output === 'gzip-bulk' ? 'gzip' : 'none'
  const buffer = output === 'disk-bulk' ? 'disk' : 'memory'
  const options = `compress: ${compress}, buffer: { type: ${buffer} }`
  return `{ type: elasticsearch, url: "http://127.0.0.1:${port}", ${options} }`
}

function outputConfiguration(output: Output, place: Place): string {
  if (output === 'null') return '{ type: "null" }'
  if (output === 'stdout') return '{ type: stdout, format: json }'
  const name = output === 'one-file' ? 'all.log' : '${tag}.log'
  const path = JSON.stringify(join(place.output, name))
  // As the default, but nothing is deleted: all of it is verified.
  const rotation =
    output === 'compressed-files'
      ? `rotate: { size: ${SMALL_ROTATION} }, compress: zstd`
      : 'rotate: { size: 100MiB, every: 1d }'
  const method = /^(?:(\w+)-)?buffered-files$/.exec(output)
  const buffer = method ? `, buffer: { type: disk, compress: ${method[1] ?? 'none'} }` : ''
  return `{ type: file, path: ${path}, ${rotation}${buffer} }`
}

type Watch = Pick<Launch, 'pollMs' | 'progress' | 'isDone'>

function byFiles(place: Place, records: number): Watch {
  const count = new NewlineCount(place.output)
  return {
    pollMs: FILE_POLL_MS,
    progress: async () => {
      const { bytes, changedMs } = outputState(place.output)
      return { mark: bytes, changedMs }
    },
    isDone: async () => count.count() >= records,
  }
}

/** Where files say nothing, or are compressed and deleted while one counts. */
function byLedger(http: string, output: Output, place: Place, records: number): Watch {
  const delivered = async () => {
    const response = await fetch(`${http}/api/ledger`)
    return ((await response.json()) as { total: { delivered: number } }).total.delivered
  }
  const isCompressed = () =>
    outputFiles(place.output).every((file) => !/@.*(\.log|\.tmp)$/.test(file))
  return {
    pollMs: LEDGER_POLL_MS,
    progress: async () => ({ mark: (await delivered()) + outputState(place.output).bytes }),
    isDone: async () => (await delivered()) >= records && (output === 'null' || isCompressed()),
  }
}

async function answersWell(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch (_refused) {
    return false
  }
}
