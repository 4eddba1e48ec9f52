/**
 * The worker thread that compresses rotated files: piece by piece, each of about 1 MiB of whole
 * lines and each a zstd frame (RFC 8878) or a gzip member (RFC 1952) of its own. One after the
 * other they are an ordinary `.zst` or `.gz`, and a reader can begin at any of them.
 */
import * as fs from 'node:fs'
import { constants as osConstants, setPriority } from 'node:os'
import { dirname } from 'node:path'
import { parentPort } from 'node:worker_threads'
import { constants, gzipSync, zstdCompressSync } from 'node:zlib'
import { errorMessage } from '../file-system.ts'
import { COMPRESSED_ENDINGS, UNFINISHED_ENDING, type Compression } from './rotated-name.ts'

const PIECE_BYTES = 1024 * 1024
/** A line longer than this is divided between two pieces. */
const PIECE_BYTES_MAX = 16 * PIECE_BYTES
const NEWLINE = 0x0a
/** What does not get smaller by compression gets larger by less than this. */
const OVERHEAD_BYTES = PIECE_BYTES / 8

export interface CompressJob {
  readonly path: string
  readonly compression: Compression
  /** The algorithm's own default when undefined. */
  readonly level: number | undefined
}

export interface CompressResult {
  readonly path: string
  /** `gone`: deleted by keep, or by hand, while it was waiting. */
  readonly outcome: 'compressed' | 'gone' | 'failed'
  readonly error?: string
}

if (parentPort) {
  yieldToOthers()
  parentPort.on('message', (job: CompressJob) => parentPort?.postMessage(runJob(job)))
}

/** On Linux a priority belongs to a thread; elsewhere it would slow down the whole process. */
function yieldToOthers(): void {
  if (process.platform === 'linux') setPriority(osConstants.priority.PRIORITY_LOW)
}

function runJob(job: CompressJob): CompressResult {
  try {
    compressFile(job)
    return { path: job.path, outcome: 'compressed' }
  } catch (error) {
    if (!fs.existsSync(job.path)) return { path: job.path, outcome: 'gone' }
    return { path: job.path, outcome: 'failed', error: errorMessage(error) }
  }
}

/** Replaces the file by its compressed form, which is safe on disk before the original goes. */
function compressFile({ path, compression, level }: CompressJob): void {
  const target = path + COMPRESSED_ENDINGS[compression]
  const unfinished = target + UNFINISHED_ENDING
  const source = fs.openSync(path, 'r')
  try {
    writeCompressed(source, unfinished, (piece) => compress(piece, compression, level))
    fs.renameSync(unfinished, target)
    syncFolder(dirname(path))
    fs.unlinkSync(path)
  } catch (error) {
    fs.rmSync(unfinished, { force: true })
    throw error
  } finally {
    fs.closeSync(source)
  }
}

function writeCompressed(source: number, path: string, compress: (piece: Uint8Array) => Buffer) {
  const { mode, atime, mtime } = fs.fstatSync(source)
  const target = fs.openSync(path, 'w', mode)
  try {
    fs.fchmodSync(target, mode)
    for (const piece of pieces(source)) {
      const compressed = compress(piece)
      fs.writeFileSync(target, compressed)
      release(compressed)
    }
    fs.futimesSync(target, atime, mtime)
    fs.fsyncSync(target)
  } finally {
    fs.closeSync(target)
  }
}

/**
 * V8 does not see that a small object has a megabyte behind it, and would let 64 MiB of them gather
 * in each thread. So the memory of a piece is used again, and that of a result given back.
 */
const pieceBuffer = new Uint8Array(PIECE_BYTES)

/** Gives back the memory of what `compress` made, which nobody may look at any more. */
function release({ buffer }: Buffer): void {
  // Node's pool of small buffers is smaller.
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= OVERHEAD_BYTES) buffer.transfer(0)
}

/** The file in runs of whole lines; a piece is valid until the next is asked for. */
function* pieces(fd: number): Generator<Uint8Array> {
  let buffer = pieceBuffer
  let filled = 0
  let isFirst = true
  for (;;) {
    const count = fs.readSync(fd, buffer, filled, buffer.length - filled, null)
    filled += count
    if (count === 0) break
    if (filled < buffer.length) continue
    const end = buffer.lastIndexOf(NEWLINE) + 1
    if (end === 0 && buffer.length < PIECE_BYTES_MAX) {
      buffer = Buffer.concat([buffer], buffer.length * 2)
      continue
    }
    const length = end === 0 ? filled : end
    isFirst = false
    yield buffer.subarray(0, length)
    buffer.copyWithin(0, length, filled)
    filled -= length
  }
  // Even an empty file becomes one frame: a decompressor does not accept none.
  if (filled > 0 || isFirst) yield buffer.subarray(0, filled)
}

/** In memory of its own, for `release`: all of it in one chunk, which nothing else is in. */
function compress(piece: Uint8Array, compression: Compression, level: number | undefined): Buffer {
  const chunkSize = piece.length + OVERHEAD_BYTES
  if (compression === 'gzip')
    return gzipSync(piece, { chunkSize, ...(level === undefined ? {} : { level }) })
  const params = {
    [constants.ZSTD_c_checksumFlag]: 1,
    ...(level === undefined ? {} : { [constants.ZSTD_c_compressionLevel]: level }),
  }
  return zstdCompressSync(piece, { chunkSize, params })
}

function syncFolder(path: string): void {
  const fd = fs.openSync(path, 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}
