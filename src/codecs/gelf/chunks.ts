/**
 * Chunked GELF over UDP: messages of several datagrams, put together in any order.
 *
 *     offset  0    1    2 … 9          10         11      12 …
 *            ┌────┬────┬──────────────┬──────────┬───────┬──────────────────┐
 *            │ 1e │ 0f │ message id   │ sequence │ count │ part of the data │
 *            └────┴────┴──────────────┴──────────┴───────┴──────────────────┘
 *
 * Docker's driver sends a last chunk without data when a message fills its chunks to the byte.
 * Pure: the caller says what time it is, and sends what is put together on, and what is not.
 */

import { crc32 } from 'node:zlib'

export const CHUNK_HEADER_BYTES = 12
/** More than GELF allows in one message. */
const COUNT_MAX = 128
/** What the objects of a set cost beside its parts. */
const SET_COST_BYTES = 1024
/** What the array of a part costs beside its bytes. */
const PART_COST_BYTES = 256

/** Whole messages whose late repeats are known, at most 600 bytes each; the oldest is forgotten. */
const COMPLETED_MAX = 8192

/** Why the parts of a message were given up. */
export type ChunkFault =
  | 'chunks_expired'
  | 'chunks_evicted'
  | 'chunk_count_mismatch'
  | 'invalid_chunk'
  | 'message_too_large'

export interface ChunkSetsOptions {
  /** Messages that may be incomplete at a time; past it the oldest is given up. */
  readonly setsMax: number
  /** Bytes of all parts, each with what it costs beside; past it the oldest is given up. */
  readonly bytesMax: number
  /** Bytes that the parts of one message may have together. */
  readonly messageMaxBytes: number
  /** How long the parts of a message may take, in milliseconds. */
  readonly timeoutMs: number
  /** Told of each message of `sender` that is given up, with what has come of it, in its order. */
  readonly onFault: (fault: ChunkFault, present: Uint8Array, sender: string) => void
}

interface ChunkSet {
  readonly sender: string
  readonly parts: (Uint8Array | undefined)[]
  readonly startedMs: number
  present: number
  /** Of the data alone. */
  bytes: number
  cost: number
}

/** What tells a repeat of a part from a part of another message with the same id. */
interface CompletedSet {
  readonly completedMs: number
  readonly checksums: Uint32Array
}

export function isChunk(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1e && bytes[1] === 0x0f
}

export class ChunkSets {
  /** What the incomplete messages hold. */
  heldBytes = 0
  /** Chunks that came a second time. */
  duplicates = 0
  readonly #options: ChunkSetsOptions
  /** By sender and id, in the order of their first chunks. */
  readonly #sets = new Map<string, ChunkSet>()
  /** In the order in which they became whole. */
  readonly #completed = new Map<string, CompletedSet>()

  constructor(options: ChunkSetsOptions) {
    this.#options = options
  }

  /** Messages of which parts are missing. */
  get size(): number {
    return this.#sets.size
  }

  /**
   * Takes a chunk of `sender`, of which a copy is kept; the whole message if it was the last one
   * missing. `nowMs` never goes back.
   */
  push(chunk: Uint8Array, sender: string, nowMs: number): Uint8Array | null {
    this.expire(nowMs)
    const sequence = chunk[10] ?? 0
    const count = chunk[11] ?? 0
    if (chunk.length < CHUNK_HEADER_BYTES || sequence >= count || count > COUNT_MAX) {
      this.#options.onFault('invalid_chunk', chunk, sender)
      return null
    }
    const key = `${sender} ${idOf(chunk)}`
    if (this.#isLate(key, chunk)) {
      this.duplicates++
      return null
    }
    const set = this.#sets.get(key) ?? this.#start(key, sender, count, nowMs)
    if (set.parts.length !== count) {
      set.parts.push(chunk.subarray(CHUNK_HEADER_BYTES))
      return this.#giveUp(key, set, 'chunk_count_mismatch')
    }
    if (set.parts[sequence] !== undefined) {
      this.duplicates++
      return null
    }
    this.#add(set, sequence, chunk)
    if (set.bytes > this.#options.messageMaxBytes)
      return this.#giveUp(key, set, 'message_too_large')
    if (set.present === count) return this.#complete(key, set, nowMs)
    this.#makeRoom()
    return null
  }

  /** Gives up what has waited too long, and forgets what was whole as long ago. */
  expire(nowMs: number): void {
    for (const [key, { completedMs }] of this.#completed) {
      if (nowMs - completedMs < this.#options.timeoutMs) break
      this.#completed.delete(key)
    }
    for (const [key, set] of this.#sets) {
      if (nowMs - set.startedMs < this.#options.timeoutMs) return
      this.#giveUp(key, set, 'chunks_expired')
    }
  }

  /** Gives up everything: the end has come. */
  clear(): void {
    for (const [key, set] of this.#sets) this.#giveUp(key, set, 'chunks_expired')
  }

  /** Whether it repeats a part of a message that is whole already. */
  #isLate(key: string, chunk: Uint8Array): boolean {
    const known = this.#completed.get(key)
    if (known === undefined || this.#sets.has(key)) return false
    if (known.checksums.length !== chunk[11]) return false
    return known.checksums[chunk[10]!] === crc32(chunk.subarray(CHUNK_HEADER_BYTES))
  }

  #start(key: string, sender: string, count: number, startedMs: number): ChunkSet {
    const parts = new Array<Uint8Array | undefined>(count).fill(undefined)
    const set = { sender, parts, startedMs, present: 0, bytes: 0, cost: SET_COST_BYTES }
    this.heldBytes += set.cost
    this.#sets.set(key, set)
    return set
  }

  #add(set: ChunkSet, sequence: number, chunk: Uint8Array): void {
    // A copy: a view would keep all of the memory that the datagram was read into.
    const part = new Uint8Array(chunk.subarray(CHUNK_HEADER_BYTES))
    const cost = part.length + PART_COST_BYTES
    set.parts[sequence] = part
    set.present++
    set.bytes += part.length
    set.cost += cost
    this.heldBytes += cost
  }

  #makeRoom(): void {
    const { setsMax, bytesMax } = this.#options
    for (const [key, set] of this.#sets) {
      if (this.#sets.size <= setsMax && this.heldBytes <= bytesMax) return
      this.#giveUp(key, set, 'chunks_evicted')
    }
  }

  #complete(key: string, set: ChunkSet, completedMs: number): Uint8Array {
    this.#remove(key, set)
    this.#remember(key, set, completedMs)
    return joined(set)
  }

  #remember(key: string, { parts }: ChunkSet, completedMs: number): void {
    const checksums = Uint32Array.from(parts, (part) => crc32(part!))
    // Behind the others, also if there was one of that id.
    this.#completed.delete(key)
    this.#completed.set(key, { completedMs, checksums })
    if (this.#completed.size <= COMPLETED_MAX) return
    const [oldest] = this.#completed.keys()
    this.#completed.delete(oldest!)
  }

  #giveUp(key: string, set: ChunkSet, fault: ChunkFault): null {
    this.#remove(key, set)
    this.#options.onFault(fault, joined(set), set.sender)
    return null
  }

  #remove(key: string, set: ChunkSet): void {
    this.#sets.delete(key)
    this.heldBytes -= set.cost
  }
}

/** Of an incomplete one, what is there. */
function joined({ parts }: ChunkSet): Uint8Array {
  const present = parts.filter((part) => part !== undefined)
  const message = new Uint8Array(present.reduce((sum, { length }) => sum + length, 0))
  let length = 0
  for (const part of present) {
    message.set(part, length)
    length += part.length
  }
  return message
}

function idOf(chunk: Uint8Array): string {
  return Buffer.from(chunk.buffer, chunk.byteOffset + 2, 8).toString('latin1')
}
