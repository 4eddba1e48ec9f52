/**
 * Which file is which, whatever it is called: by device and inode as long as it is there, and by
 * its contents, since an inode is used again and a copy or a compressed file has another. Of these
 * two places are known: how it begins, and what stands before the place it was read to.
 *
 *     │ head 1,024 bytes │ … │ foot 128 bytes │ not read yet …
 */
import { hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'

/** Of a beginning; the longer the surer, and read again at each look at a file that has grown. */
export const HEAD_BYTES_MAX = 1024
/** Of less than this the beginnings of two files may well be the same by chance. */
export const HEAD_BYTES_SURE = 16

/** The first `length` bytes of a file, as far as it had them. */
export interface Head {
  readonly length: number
  readonly hash: string
}

export const NO_HEAD: Head = { length: 0, hash: '' }

/** Of so many bytes, or of as many as there are. */
export const FOOT_BYTES = 128

/** The bytes before `end`: files that begin alike are told apart by them. */
export interface Foot {
  readonly end: number
  readonly hash: string
}

export const NO_FOOT: Foot = { end: 0, hash: '' }

export interface FileStat {
  readonly key: string
  readonly inode: string
  readonly size: number
  readonly modifiedMs: number
  readonly modifiedNs: bigint
  readonly isFile: boolean
  readonly isFolder: boolean
  readonly isLinked: boolean
}

interface BigStat {
  readonly dev: bigint
  readonly ino: bigint
  readonly size: bigint
  readonly mtimeMs: bigint
  readonly mtimeNs: bigint
  readonly nlink: bigint
  isFile(): boolean
  isDirectory(): boolean
}

/** Of a stat with big integers: some file systems have inodes beyond 2^53. */
export function fileStat(stat: BigStat): FileStat {
  return {
    key: `${stat.dev}:${stat.ino}`,
    inode: String(stat.ino),
    size: Number(stat.size),
    modifiedMs: Number(stat.mtimeMs),
    modifiedNs: stat.mtimeNs,
    isFile: stat.isFile(),
    isFolder: stat.isDirectory(),
    isLinked: stat.nlink > 0n,
  }
}

export async function statOf(handle: FileHandle): Promise<FileStat> {
  return fileStat(await handle.stat({ bigint: true }))
}

/** Of the first bytes of `bytes`, `length` at most. */
export function headOf(bytes: Uint8Array, length = HEAD_BYTES_MAX): Head {
  const head = bytes.subarray(0, Math.min(length, HEAD_BYTES_MAX))
  if (head.length === 0) return NO_HEAD
  return { length: head.length, hash: hash('sha1', head, 'base64url') }
}

/** Of the bytes that stand right before `end`. */
export function footOf(bytes: Uint8Array, end: number): Foot {
  if (end === 0) return NO_FOOT
  return { end, hash: hash('sha1', bytes.subarray(-FOOT_BYTES), 'base64url') }
}

export function footLength(end: number): number {
  return Math.min(FOOT_BYTES, end)
}

/** Whether the file that `bytes` is the beginning of is the one that had this head. */
export function fitsHead(bytes: Uint8Array, head: Head): boolean {
  return bytes.length >= head.length && headOf(bytes, head.length).hash === head.hash
}

/** The first bytes of an open file, up to as many as a head has; what is short is learned later. */
export async function readBeginning(handle: FileHandle): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES_MAX)
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0)
  return bytes.subarray(0, bytesRead)
}
