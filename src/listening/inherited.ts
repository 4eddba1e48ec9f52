/**
 * Sockets that systemd opened and passed to this process, so that a restart refuses nothing: they
 * outlive the process, and what comes meanwhile waits in the kernel. Protocol: sd_listen_fds(3).
 *
 * Which address each has is read from Linux's tables of sockets, by the inode: to ask Node for it
 * would be to start accepting before it is known whether an input wants it.
 */
import { readFileSync, readlinkSync } from 'node:fs'
import { endianness } from 'node:os'
import { keyOf, plainIp } from './address.ts'

const FIRST_FD = 3
/** `st` of a TCP socket that listens, and the flag of such a unix socket. */
const TCP_LISTEN = '0A'
const UNIX_LISTEN_FLAG = 0x10000
const UNIX_STREAM = '0001'

export interface ProcessFacts {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly pid: number
  /** Content of a table below /proc/self/net, `tcp` for instance; empty if there is none. */
  readonly table: (name: string) => string
  /** What a descriptor is: `socket:[4711]`. */
  readonly descriptor: (fd: number) => string
}

export class InheritedSockets {
  /** By `keyOf` their endpoint. */
  readonly #free: Map<string, number>
  readonly #unknown: readonly string[]

  constructor(facts: ProcessFacts) {
    const keys = keysByInode(facts.table)
    this.#free = new Map()
    const unknown: string[] = []
    for (const { fd, name } of passed(facts)) {
      const inode = /^socket:\[(\d+)\]$/.exec(facts.descriptor(fd))?.[1]
      const key = inode === undefined ? undefined : keys.get(inode)
      if (key === undefined) unknown.push(`${name} (descriptor ${fd})`)
      else this.#free.set(key, fd)
    }
    this.#unknown = unknown
  }

  /** The descriptor of the socket with that key, once. */
  take(key: string): number | undefined {
    const fd = this.#free.get(key)
    this.#free.delete(key)
    return fd
  }

  /** Those that nobody has taken: whoever connects there waits in vain. */
  get unused(): readonly string[] {
    return [...[...this.#free.keys()].map(addressOf), ...this.#unknown]
  }
}

/** As a configuration would name it. */
function addressOf(key: string): string {
  return key
    .replace(/^stream /, 'tcp://')
    .replace(/^datagram /, 'udp://')
    .replace(/^unix /, 'unix://')
}

/** Of this process, or undefined if it was passed none. */
export function inheritedSockets(): InheritedSockets | undefined {
  const { env, pid } = process
  if (passed({ env, pid }).length === 0) return undefined
  const table = (name: string) => textOf(() => readFileSync(`/proc/self/net/${name}`, 'latin1'))
  const descriptor = (fd: number) => textOf(() => readlinkSync(`/proc/self/fd/${fd}`))
  return new InheritedSockets({ env, pid, table, descriptor })
}

/** A table that is missing (no IPv6) is as good as an empty one: its sockets are `unused`. */
function textOf(read: () => string): string {
  try {
    return read()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

function passed({ env, pid }: Pick<ProcessFacts, 'env' | 'pid'>) {
  const count = Number(env['LISTEN_FDS'] ?? 0)
  if (env['LISTEN_PID'] !== String(pid) || !Number.isInteger(count) || count < 1) return []
  const names = (env['LISTEN_FDNAMES'] ?? '').split(':')
  return Array.from({ length: count }, (_, index) => {
    return { fd: FIRST_FD + index, name: names[index] || 'unknown' }
  })
}

function keysByInode(table: ProcessFacts['table']): Map<string, string> {
  return new Map([
    ...networkKeys(table('tcp'), 'stream'),
    ...networkKeys(table('tcp6'), 'stream'),
    ...networkKeys(table('udp'), 'datagram'),
    ...networkKeys(table('udp6'), 'datagram'),
    ...unixKeys(table('unix')),
  ])
}

/** `sl local_address rem_address st … inode` with `0100007F:5EA0`; proc_net_tcp in Linux's docs. */
function networkKeys(table: string, kind: 'stream' | 'datagram'): [string, string][] {
  return rowsOf(table).flatMap((row): [string, string][] => {
    const [, local = '', , state = '', , , , , , inode = ''] = row.split(/\s+/)
    const [address = '', port = ''] = local.split(':')
    if (kind === 'stream' && state !== TCP_LISTEN) return []
    const host = hostOf(Buffer.from(address, 'hex'))
    return [[inode, keyOf({ kind, host, port: Number.parseInt(port, 16) })]]
  })
}

/** `Num RefCount Protocol Flags Type St Inode Path` */
function unixKeys(table: string): [string, string][] {
  return rowsOf(table).flatMap((row): [string, string][] => {
    const [, , , flags = '', type, , inode = '', ...words] = row.split(' ').filter(Boolean)
    const listens = (Number.parseInt(flags, 16) & UNIX_LISTEN_FLAG) !== 0 && type === UNIX_STREAM
    const path = Buffer.from(words.join(' '), 'latin1').toString()
    return listens ? [[inode, keyOf({ kind: 'unix', path })]] : []
  })
}

function rowsOf(table: string): string[] {
  return table
    .split('\n')
    .slice(1)
    .map((row) => row.trim())
    .filter((row) => row !== '')
}

/** Four bytes, or sixteen: words in the order of the machine. */
function hostOf(words: Buffer): string {
  const bytes = Buffer.from(words)
  if (endianness() === 'LE') bytes.swap32()
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16))
  return plainIp(groups.join(':'))
}
