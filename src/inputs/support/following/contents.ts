/**
 * What the file at a path has in it, held against what is known of files. Compressed ones are what
 * they were before.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { beginningOf } from './beginning.ts'
import { CompressedReader, COMPRESSED } from './compressed.ts'
import {
  fitsHead,
  type FileStat,
  type Foot,
  footLength,
  footOf,
  type Head,
  HEAD_BYTES_MAX,
  HEAD_BYTES_SURE,
  statOf,
} from './identity.ts'

/** What is known of a file's contents. */
export interface Print {
  readonly head: Head
  readonly foot: Foot
  /** The bytes that `head` is of, if they were seen in this run. */
  readonly beginning?: Uint8Array
}

/**
 * `same`: all that is known of the one is in the other. `part`: the other ends before what was
 * read does, as a copy that is being made. `unsure`: too little is known to say.
 */
export type Likeness = 'same' | 'part' | 'unsure' | 'other'

export class Contents {
  readonly path: string
  readonly stat: FileStat
  readonly beginning: Uint8Array

  private constructor(path: string, stat: FileStat, beginning: Uint8Array) {
    this.path = path
    this.stat = stat
    this.beginning = beginning
  }

  /** Rejects if it cannot be read, or is another one by now. */
  static async of(path: string, stat: FileStat): Promise<Contents> {
    const beginning = await beginningOf(path)
    await (await openSame(path, stat)).close()
    return new Contents(path, stat, beginning)
  }

  async likenessTo({ head, foot, beginning }: Print): Promise<Likeness> {
    if (this.beginning.length < head.length) return this.#begins(beginning) ? 'part' : 'other'
    if (!fitsHead(this.beginning, head)) return 'other'
    if (head.length < HEAD_BYTES_SURE) return 'unsure'
    if (foot.end <= head.length) return 'same'
    const there = await this.#bytesBefore(foot.end)
    if (there.length < footLength(foot.end))
      return head.length === HEAD_BYTES_MAX ? 'part' : 'other'
    return footOf(there, foot.end).hash === foot.hash ? 'same' : 'other'
  }

  /**
   * Whether one has all that the other has; of little it cannot be said. What is compressed is no
   * copy of a file that is still there.
   */
  async isLike(other: Contents): Promise<boolean> {
    if (this.#isCompressed || other.#isCompressed) return false
    const common = Math.min(this.beginning.length, other.beginning.length)
    if (common < HEAD_BYTES_SURE) return false
    if (!isEqual(this.beginning.subarray(0, common), other.beginning.subarray(0, common)))
      return false
    const end = Math.min(this.stat.size, other.stat.size)
    return end <= common || isEqual(await this.#bytesBefore(end), await other.#bytesBefore(end))
  }

  get #isCompressed(): boolean {
    return COMPRESSED.test(this.path)
  }

  /** Whether a file that began so did begin with all there is here. */
  #begins(beginning: Uint8Array | undefined): boolean {
    const { length } = this.beginning
    if (!beginning || length < HEAD_BYTES_SURE) return false
    return isEqual(beginning.subarray(0, length), this.beginning)
  }

  /** Fewer than a foot has if there are fewer. */
  async #bytesBefore(end: number): Promise<Uint8Array> {
    const bytes = Buffer.alloc(footLength(end))
    const start = end - bytes.length
    const handle = await openSame(this.path, this.stat)
    if (!this.#isCompressed) return closing(handle, () => readAt(handle, bytes, start))
    const reader = new CompressedReader(handle, this.path)
    return closing(reader, async () => bytes.subarray(0, await reader.read(bytes, start)))
  }
}

async function openSame(path: string, { key }: FileStat): Promise<FileHandle> {
  const handle = await open(path, 'r')
  if ((await statOf(handle)).key === key) return handle
  await handle.close()
  throw new Error(`${path} is another file by now`)
}

async function readAt(handle: FileHandle, bytes: Buffer, start: number): Promise<Uint8Array> {
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, start)
  return bytes.subarray(0, bytesRead)
}

async function closing<Result>(
  what: { close(): Promise<void> },
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } finally {
    await what.close()
  }
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}
