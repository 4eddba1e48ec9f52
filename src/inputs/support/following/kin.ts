/** What is known of a log and of the files beside it, whichever path they are followed for. */
import { basename, dirname, join } from 'node:path'
import type { FollowedFiles } from './followed-files.ts'
import type { Positions } from './positions.ts'
import type { Known } from './recognition.ts'
import { logOf } from './siblings.ts'
import type { TailedPath } from './tailed-path.ts'

export class Kin {
  readonly #files: FollowedFiles
  readonly #positions: Positions

  constructor(files: FollowedFiles, positions: Positions) {
    this.#files = files
    this.#positions = positions
  }

  /** What is noted of the path and of those beside it; with what is followed, as it is now. */
  of({ path, realPath }: TailedPath): Known[] {
    const beside = [rootOf(path), rootOf(realPath)]
    // Rotated files may be kept in a folder beside their log.
    const above = beside.map((root) => join(dirname(dirname(root)), basename(root)))
    const roots = new Set([...beside, ...above])
    const folders = [...roots].map((root) => join(dirname(root), '/'))
    const noted = this.#positions.all.filter(
      ({ of }) => folders.some((folder) => of.startsWith(folder)) && roots.has(rootOf(of)),
    )
    return noted.map((position) => this.#asItIs(position))
  }

  /** What is noted of a file with that device and inode. */
  withKey(key: string): Known[] {
    return this.#positions
      .withKey(key)
      .map((position) => this.#asItIs(position))
      .filter((known) => known.key === key)
  }

  #asItIs(position: Known): Known {
    const file = this.#files.withId(position.id)
    if (!file) return position
    const { beginning, isOpen } = file
    return { ...file.position, beginning, isOpen }
  }
}

/** The log that the path is a rotated file of, or itself. */
function rootOf(path: string): string {
  return logOf(path) ?? path
}
