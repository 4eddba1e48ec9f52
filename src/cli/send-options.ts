/** The command line of `logboom send`, checked. Secrets come from files or the environment only. */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { causeOf } from '../config/cause.ts'
import { parseListen, type ListenAddress } from '../config/listen-address.ts'
import { hint } from '../config/nearest.ts'
import { DURATION_EXPECTED, parseDuration } from '../config/units.ts'
import { CommandError, parseOptions, UsageError } from './command.ts'
import { recordOf, type RecordSource } from './send-records.ts'

const MODES = {
  message: 'Message',
  forward: 'Forward',
  packed: 'PackedForward',
  compressed: 'CompressedPackedForward',
} as const

export interface SendOptions extends RecordSource {
  readonly tag: string
  readonly address: string
  readonly target: ListenAddress
  readonly mode: (typeof MODES)[keyof typeof MODES]
  readonly ack: boolean
  readonly timeoutMs: number
  readonly security: Security | undefined
  readonly tls: TlsFiles
}

export interface Security {
  readonly sharedKey: string
  readonly clientHostname: string
  readonly username: string
  readonly password: string
}

export interface TlsFiles {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly rejectUnauthorized: boolean
}

/** Throws `UsageError` for a line it cannot use, `CommandError` for a file it cannot read. */
export function parseSendOptions(args: readonly string[]): SendOptions {
  const { values, positionals } = parseLine(args)
  const [tag, ...fields] = positionals
  if (tag === undefined || tag === '') throw new UsageError('the TAG is missing')
  if (tag.includes('=')) throw new UsageError(`the TAG is missing; "${tag}" looks like a field`)
  if (values.json && fields.length > 0)
    throw new UsageError('--json reads standard input; it cannot be used with KEY=VALUE')
  return {
    tag,
    record: fields.length > 0 ? recordOf(fields) : undefined,
    lineKey: values.key,
    isJson: values.json,
    address: values.address,
    target: parseAddress(values.address),
    mode: parseMode(values.mode),
    ack: !values['no-ack'],
    timeoutMs: parseTimeout(values.timeout),
    security: readSecurity(values),
    tls: readTls(values),
  }
}

type Line = ReturnType<typeof parseLine>['values']

function parseLine(args: readonly string[]) {
  return parseOptions({
    args: [...args],
    allowPositionals: true,
    options: {
      address: { type: 'string', short: 'a', default: 'tcp://127.0.0.1:24224' },
      key: { type: 'string', default: 'log' },
      json: { type: 'boolean', default: false },
      mode: { type: 'string', default: 'packed' },
      'no-ack': { type: 'boolean', default: false },
      timeout: { type: 'string', default: '10s' },
      'shared-key-file': { type: 'string' },
      user: { type: 'string' },
      'password-file': { type: 'string' },
      hostname: { type: 'string', default: hostname() },
      ca: { type: 'string' },
      cert: { type: 'string' },
      'cert-key': { type: 'string' },
      insecure: { type: 'boolean', default: false },
    },
  })
}

function parseAddress(text: string): ListenAddress {
  const address = parseListen(text)
  if (address && address.scheme !== 'udp') return address
  const expected = 'expected tcp://HOST:PORT, tls://HOST:PORT or unix:///PATH'
  throw new UsageError(`cannot use address "${text}"; ${expected}`)
}

function parseMode(text: string): SendOptions['mode'] {
  if (Object.hasOwn(MODES, text)) return MODES[text as keyof typeof MODES]
  throw new UsageError(`cannot use mode "${text}"${hint(text, Object.keys(MODES))}`)
}

function parseTimeout(text: string): number {
  const milliseconds = parseDuration(text)
  if (milliseconds !== undefined && milliseconds > 0) return milliseconds
  throw new UsageError(`cannot use timeout "${text}"; expected ${DURATION_EXPECTED}`)
}

function readSecurity(line: Line): Security | undefined {
  const sharedKey = secret(line['shared-key-file'], 'LOGBOOM_SHARED_KEY')
  if (sharedKey === undefined) {
    if (line.user === undefined) return undefined
    throw new UsageError('--user needs a shared key: --shared-key-file or LOGBOOM_SHARED_KEY')
  }
  const password = secret(line['password-file'], 'LOGBOOM_PASSWORD') ?? ''
  return { sharedKey, clientHostname: line.hostname, username: line.user ?? '', password }
}

function secret(file: string | undefined, variable: string): string | undefined {
  if (file !== undefined) return readText(file).replace(/\r?\n$/, '')
  return process.env[variable]
}

function readTls(line: Line): TlsFiles {
  return {
    ...(line.ca !== undefined && { ca: readText(line.ca) }),
    ...(line.cert !== undefined && { cert: readText(line.cert) }),
    ...(line['cert-key'] !== undefined && { key: readText(line['cert-key']) }),
    rejectUnauthorized: !line.insecure,
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new CommandError(`cannot read ${path}: ${causeOf(error)}`, { cause: error })
  }
}
