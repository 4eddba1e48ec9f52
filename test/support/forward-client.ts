/**
 * A sender for the Fluentd forward protocol, made for tests: it writes exactly the bytes it is
 * given and checks every acknowledgement strictly (type, order, nothing extra).
 * Protocol: docs/specs/forward-protocol.md.
 */
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { promisify } from 'node:util'
import { gzip, zstdCompress } from 'node:zlib'
import { Packr, UnpackrStream } from 'msgpackr'

export type Address =
  | { readonly port: number; readonly host?: string }
  | { readonly path: string }
  | { readonly port: number; readonly ca: string }

/** A time with nanoseconds, written as the protocol's EventTime. */
export class EventTime {
  readonly seconds: number
  readonly nanoseconds: number

  constructor(seconds: number, nanoseconds = 0) {
    this.seconds = seconds
    this.nanoseconds = nanoseconds
  }
}

export type EntryTime = number | EventTime | null
export type Fields = Readonly<Record<string, unknown>>
export type Option = Readonly<Record<string, unknown>>

const packr = new Packr({ useRecords: false, variableMapSize: true })

/** `[tag, time, record, option]`, one event, as Docker sends it. */
export function message(tag: string, time: EntryTime, record: Fields, option?: Option): Buffer {
  return array(pack(tag), timeBytes(time), pack(record), ...optional(option))
}

/** `[tag, [[time, record], …], option]`. */
export function forward(tag: string, entries: readonly Entry[], option?: Option): Buffer {
  return array(pack(tag), array(...entries.map(entry)), ...optional(option))
}

export type Entry = readonly [EntryTime, Fields]

/** `[tag, bin, option]`: the entries as one blob of msgpack. */
export function packed(tag: string, entries: readonly Entry[], option?: Option): Buffer {
  return array(pack(tag), pack(entryStream(entries)), ...optional(option))
}

/** As `packed`, with the blob compressed and the option that says so. */
export async function compressed(
  tag: string,
  entries: readonly Entry[],
  { by, ...option }: Option & { readonly by: 'gzip' | 'zstd' },
): Promise<Buffer> {
  const compress = promisify(by === 'gzip' ? gzip : zstdCompress) as (b: Buffer) => Promise<Buffer>
  const blob = await compress(entryStream(entries))
  return pack([tag, blob, { size: entries.length, compressed: by, ...option }])
}

interface Awaited {
  readonly chunk: string
  readonly resolve: () => void
  readonly reject: (cause: Error) => void
}

/** One connection. Requests may be pipelined; their acknowledgements must come in order. */
export class ForwardClient implements AsyncDisposable {
  readonly #socket: Socket
  readonly #awaited: Awaited[] = []
  #problem: Error | undefined

  static async connect(address: Address): Promise<ForwardClient> {
    const socket =
      'ca' in address
        ? connectTls({ host: '127.0.0.1', servername: 'localhost', ...address })
        : connect({ host: '127.0.0.1', ...address })
    await new Promise<void>((resolve, reject) => {
      socket.once('ca' in address ? 'secureConnect' : 'connect', resolve)
      socket.once('error', reject)
    })
    return new ForwardClient(socket)
  }

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.pipe(new UnpackrStream({ mapsAsObjects: true })).on('data', (ack) => this.#take(ack))
    socket.on('error', (cause) => this.#fail(cause))
    socket.on('close', () => this.#fail(new Error('the connection was closed')))
  }

  get closed(): boolean {
    return this.#problem !== undefined
  }

  /** Writes bytes that ask for no acknowledgement; settles once the kernel has them. */
  send(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (cause) => (cause ? reject(cause) : resolve()))
    })
  }

  /** Writes a request that carries `chunk` and settles with its acknowledgement. */
  request(bytes: Uint8Array, chunk: string): Promise<void> {
    if (this.#problem) return Promise.reject(this.#problem)
    return new Promise((resolve, reject) => {
      this.#awaited.push({ chunk, resolve, reject })
      this.#socket.write(bytes)
    })
  }

  /** Says goodbye (FIN) and waits until the peer has too. */
  async close(): Promise<void> {
    if (this.#socket.closed) return
    await new Promise<void>((resolve) => {
      this.#socket.once('close', () => resolve())
      this.#socket.end()
      this.#socket.resume()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy()
  }

  #take(reply: unknown): void {
    const awaited = this.#awaited.shift()
    const expected = JSON.stringify({ ack: awaited?.chunk })
    if (awaited && JSON.stringify(reply) === expected) return awaited.resolve()
    const error = new Error(`acknowledged ${JSON.stringify(reply)}; expected ${expected}`)
    awaited?.reject(error)
    this.#fail(error)
    this.#socket.destroy()
  }

  #fail(cause: Error): void {
    this.#problem ??= cause
    for (const { reject } of this.#awaited.splice(0)) reject(cause)
  }
}

function pack(value: unknown): Buffer {
  return packr.pack(value)
}

/** A msgpack array of values that are packed already. */
function array(...values: readonly Buffer[]): Buffer {
  const head = Buffer.from([0xdd, 0, 0, 0, 0])
  head.writeUInt32BE(values.length, 1)
  const shortHead = Buffer.from([0x90 | values.length])
  return Buffer.concat([values.length < 16 ? shortHead : head, ...values])
}

function entry([time, record]: Entry): Buffer {
  return array(timeBytes(time), pack(record))
}

function entryStream(entries: readonly Entry[]): Buffer {
  return Buffer.concat(entries.map(entry))
}

/** By hand, because msgpackr reserves the extension type 0 that EventTime has. */
function timeBytes(time: EntryTime): Buffer {
  if (!(time instanceof EventTime)) return pack(time)
  const bytes = Buffer.from([0xd7, 0x00, 0, 0, 0, 0, 0, 0, 0, 0])
  bytes.writeUInt32BE(time.seconds, 2)
  bytes.writeUInt32BE(time.nanoseconds, 6)
  return bytes
}

function optional(option: Option | undefined): Buffer[] {
  return option === undefined ? [] : [pack(option)]
}
