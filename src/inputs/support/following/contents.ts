/**
 * What the file at a path has in it, held against what is known of files. Compressed ones are what
 * they were before.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { beginningOf } from './beginning.ts'
import { COMPRESSED, readDecompressed } from './compressed.ts'
import {
  fitsHead,
  type FileStat,
  type Foot,
  footLength,
  footOf,
  type Head,
  HEAD_BYTES_MAX,
  HEAD_BYTES_SURE,
  NO_FOOT,
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
  /** Of a compressed file, which does not change: those that were asked for, by their ends. */
  readonly #feet: Map<number, Foot>

  private constructor(
    { path, stat, beginning }: Pick<Contents, 'path' | 'stat' | 'beginning'>,
    feet = new Map<number, Foot>(),
  ) {
    this.path = path
    this.stat = stat
    this.beginning = beginning
    this.#feet = feet
  }

  /** Rejects if it cannot be read, or is another one by now. */
  static async of(path: string, stat: FileStat): Promise<Contents> {
    const beginning = await withSame(path, stat, (handle) => beginningOf(handle, path))
    return new Contents({ path, stat, beginning })
  }

  /** The same under another name. */
  at(path: string): Contents {
    const { stat, beginning } = this
    return new Contents({ path, stat, beginning }, this.#feet)
  }

  async likenessTo({ head, foot, beginning }: Print): Promise<Likeness> {
    if (this.beginning.length < head.length) return this.#begins(beginning) ? 'part' : 'other'
    if (!fitsHead(this.beginning, head)) return 'other'
    if (head.length < HEAD_BYTES_SURE) return 'unsure'
    if (foot.end <= head.length) return 'same'
    const there = await this.#footAt(foot.end)
    if (there === NO_FOOT) return head.length === HEAD_BYTES_MAX ? 'part' : 'other'
    return there.hash === foot.hash ? 'same' : 'other'
  }

  /** `NO_FOOT` if it ends before that. */
  async #footAt(end: number): Promise<Foot> {
    const known = this.#feet.get(end)
    if (known) return known
    const bytes = await this.#bytesBefore(end)
    const foot = bytes.length < footLength(end) ? NO_FOOT : footOf(bytes, end)
    if (this.#isCompressed) this.#feet.set(end, foot)
    return foot
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
  #bytesBefore(end: number): Promise<Uint8Array> {
    const { path } = this
    const length = footLength(end)
    const range = { offset: end - length, length }
    const read = this.#isCompressed ? readDecompressed : readStored
    return withSame(path, this.stat, (handle) => read({ handle, path }, range))
  }
}

/** Rejects if there is another one at the path by now. */
async function withSame<Result>(
  path: string,
  { key }: FileStat,
  work: (handle: FileHandle) => Promise<Result>,
): Promise<Result> {
  const handle = await open(path, 'r')
  try {
    if ((await statOf(handle)).key !== key) throw new Error(`${path} is another file by now`)
    return await work(handle)
  } finally {
    await handle.close()
  }
}

async function readStored(
  { handle }: { readonly handle: FileHandle },
  { offset, length }: { readonly offset: number; readonly length: number },
): Promise<Uint8Array> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, offset)
  return buffer.subarray(0, bytesRead)
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}
