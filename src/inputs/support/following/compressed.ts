/**
 * A rotated file that was compressed meanwhile, read from an offset of what it was: from the
 * beginning, since there is no other way. gzip with any number of members, zstd with any number of
 * frames.
 */
import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { splitZstdFrames } from '../../../codecs/zstd-frames.ts'
import { causeCode } from './cause-code.ts'

/** A `.zst` is cut into its frames in memory; a larger one is left alone. */
const ZSTD_FILE_MAX_BYTES = 512 * 1024 * 1024

const PIECE_BYTES = 64 * 1024

export const COMPRESSED = /\.(gz|zst)$/

export class CompressedReader {
  readonly #pieces: AsyncIterator<Buffer>
  /** The piece in hand, and what offset its first byte has. */
  #piece: Uint8Array = new Uint8Array(0)
  #offset = 0
  #isAtEnd = false

  readonly #endsAtDamage: boolean

  /** The handle is left open; the path only says how it is compressed. */
  constructor(handle: FileHandle, path: string, endsAtDamage = false) {
    const pieces = path.endsWith('.zst') ? zstdPieces(handle) : gzipPieces(handle)
    this.#pieces = pieces[Symbol.asyncIterator]()
    this.#endsAtDamage = endsAtDamage
  }

  /** The least that `read` may be asked for. */
  get offset(): number {
    return this.#offset
  }

  /**
   * Up to `target.length` bytes from `offset` on; fewer only at the end. Rejects if the file is
   * damaged, unless it ends there for whoever reads.
   */
  async read(target: Uint8Array, offset: number): Promise<number> {
    await this.#skipTo(offset)
    let done = 0
    while (done < target.length) {
      const from = offset + done - this.#offset
      if (from >= this.#piece.length) {
        if (!(await this.#take())) break
        continue
      }
      const part = this.#piece.subarray(from, from + target.length - done)
      target.set(part, done)
      done += part.length
    }
    this.#keep(target.subarray(0, done), offset)
    return done
  }

  /** Settles once nothing is read any more: then the handle may be closed. */
  async close(): Promise<void> {
    await this.#pieces.return?.()
  }

  async #skipTo(offset: number): Promise<void> {
    while (offset > this.#offset + this.#piece.length) if (!(await this.#take())) return
  }

  async #take(): Promise<boolean> {
    if (this.#isAtEnd) return false
    const next = await this.#pieces.next().catch((error: unknown) => {
      if (this.#endsAtDamage && isDamage(error)) return { done: true } as const
      throw error
    })
    if (next.done === true) {
      this.#isAtEnd = true
      return false
    }
    this.#offset += this.#piece.length
    this.#piece = next.value
    return true
  }

  /** What was read last may be wanted once more: a line that is not whole is read again. */
  #keep(read: Uint8Array, offset: number): void {
    const rest = this.#piece.subarray(offset + read.length - this.#offset)
    if (offset >= this.#offset) return
    this.#piece = Buffer.concat([read, rest])
    this.#offset = offset
  }
}

/** Whether it is the contents that cannot be decompressed, and not the reading that has failed. */
export function isDamage(error: unknown): boolean {
  const isOfSystem = error instanceof Error && 'syscall' in error
  return !isOfSystem && !causeCode(error).includes('MEM')
}

/**
 * Up to `length` bytes from `offset` on of what the file at `path` was; fewer only at its end.
 * Rejects if it is damaged.
 */
export async function readDecompressed(
  { handle, path }: { readonly handle: FileHandle; readonly path: string },
  { offset, length }: { readonly offset: number; readonly length: number },
): Promise<Buffer> {
  const reader = new CompressedReader(handle, path)
  try {
    const bytes = Buffer.alloc(length)
    return bytes.subarray(0, await reader.read(bytes, offset))
  } finally {
    await reader.close()
  }
}

async function* gzipPieces(handle: FileHandle): AsyncGenerator<Buffer> {
  const file = Readable.from(storedPieces(handle))
  const text = createGunzip()
  file.once('error', (error) => text.destroy(error))
  try {
    for await (const piece of file.pipe(text)) yield piece as Buffer
  } finally {
    file.destroy()
    text.destroy()
  }
}

async function* zstdPieces(handle: FileHandle): AsyncGenerator<Buffer> {
  const { size } = await handle.stat()
  if (size > ZSTD_FILE_MAX_BYTES)
    throw new Error(`${size} bytes; expected at most ${ZSTD_FILE_MAX_BYTES}`)
  const stored: Buffer[] = []
  for await (const piece of storedPieces(handle)) stored.push(piece)
  for (const frame of splitZstdFrames(Buffer.concat(stored))) {
    const text = Readable.from([frame]).pipe(createZstdDecompress())
    for await (const piece of text) yield piece as Buffer
  }
}

/** From the beginning on, wherever the handle was read before. */
async function* storedPieces(handle: FileHandle): AsyncGenerator<Buffer> {
  for (let offset = 0; ;) {
    const piece = Buffer.allocUnsafe(PIECE_BYTES)
    const { bytesRead } = await handle.read(piece, 0, PIECE_BYTES, offset)
    if (bytesRead === 0) return
    offset += bytesRead
    yield piece.subarray(0, bytesRead)
  }
}
