/** When something is over: a rotated file, a line that is not whole, a position of a file gone. */
import type { InputContext } from '../../../pipeline/component.ts'
import type { BlockReader } from './block-reader.ts'
import type { FollowedFiles } from './followed-files.ts'
import type { Positions } from './positions.ts'
import { statOrNull } from './siblings.ts'
import type { TailedFile } from './tailed-file.ts'
import type { TailedPath } from './tailed-path.ts'

/** Positions that are kept of files that are read and gone, for each path. */
const GONE_KEPT = 16

export interface EndingsOptions {
  readonly context: InputContext
  readonly files: FollowedFiles
  readonly positions: Positions
  readonly reader: () => BlockReader
  readonly rotateWaitMs: number
}

export class Endings {
  readonly #options: EndingsOptions
  #isStopped = false

  constructor(options: EndingsOptions) {
    this.#options = options
  }

  /** Nothing more is delivered: it could not be noted, and would come twice. */
  stop(): void {
    this.#isStopped = true
  }

  /** Rotated files are looked at until nothing has come for a while. */
  async endRotated(path: TailedPath): Promise<void> {
    const now = this.#options.context.clock.monotonic()
    const rotated = path.files.filter((of) => of.isRotated && !of.isDirty && !of.isLost)
    for (const file of rotated) {
      // By a look while the delivery of one before it waited.
      if (file.isLost) continue
      if (this.#isStopped) return
      if (now - file.grownAtMs >= this.#options.rotateWaitMs) await this.#finish(path, file)
      else file.isDirty = !file.isCompressed
    }
  }

  /** What nothing has come to for a while: a held event, a last line without an end. */
  async flushIdle(path: TailedPath): Promise<void> {
    if (this.#isStopped) return
    const reader = this.#options.reader()
    if (path.lines.heldBytes > 0 && !path.unread) await reader.flush(path)
    if (!this.#isStopped) await reader.flushRest(path)
  }

  /** Ends what has been read whole and is not expected to grow. */
  async #finish(path: TailedPath, file: TailedFile): Promise<void> {
    if (!(await this.#options.reader().readLast(path, file))) return
    // A line that began in it may go on in the next one.
    if (file.isDirty || file.isLost || Math.min(...file.at) < file.offset) return
    await this.#options.files.remove(path, file)
    file.isDone = true
    this.#options.positions.note(file.position)
  }

  /**
   * Leaves out the positions of files that are read and gone. Of each path a few are kept: what was
   * compressed meanwhile is known by them as something that was read.
   */
  async prune(): Promise<void> {
    const kept = new Map<string, number>()
    for (const { id, isDone, path, key, of } of this.#options.positions.all.toReversed()) {
      if (!isDone || (await statOrNull(path))?.key === key) continue
      const count = (kept.get(of) ?? 0) + 1
      kept.set(of, count)
      if (count > GONE_KEPT) this.#options.positions.forget(id)
    }
  }
}
