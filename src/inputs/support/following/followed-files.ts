/** All files that are followed: which path each belongs to, and which file has which inode. */
import type { Gauge } from '../../../pipeline/metrics.ts'
import { isDamage } from './compressed.ts'
import type { FileStat } from './identity.ts'
import type { OpenFiles } from './open-files.ts'
import type { TailedFile } from './tailed-file.ts'
import type { TailedPath } from './tailed-path.ts'

export class FollowedFiles {
  readonly #byKey = new Map<string, TailedFile>()
  readonly #byId = new Map<number, TailedFile>()
  readonly #openFiles: OpenFiles
  readonly #gauge: Gauge

  constructor(openFiles: OpenFiles, gauge: Gauge) {
    this.#openFiles = openFiles
    this.#gauge = gauge
  }

  withKey(key: string): TailedFile | undefined {
    return this.#byKey.get(key)
  }

  withId(id: number): TailedFile | undefined {
    return this.#byId.get(id)
  }

  /** A rotated one comes before the one that has the path now. */
  add(path: TailedPath, file: TailedFile): void {
    const isBefore = file.isRotated && path.current !== null
    path.files.splice(isBefore ? path.files.indexOf(path.current!) : path.files.length, 0, file)
    if (!file.isLost) this.#byKey.set(file.key, file)
    this.#byId.set(file.id, file)
    this.#gauge.set(this.#byId.size)
  }

  async remove(path: TailedPath, file: TailedFile): Promise<void> {
    path.files = path.files.filter((other) => other !== file)
    if (path.current === file) path.current = null
    this.#forgetKey(file)
    this.#byId.delete(file.id)
    this.#gauge.set(this.#byId.size)
    await this.#close(file)
  }

  /** It is none of the files that are there, for now. */
  async detach(file: TailedFile): Promise<void> {
    this.#forgetKey(file)
    await this.#close(file)
  }

  /** It goes on where the same contents are. */
  async move(file: TailedFile, to: { path: string; stat: FileStat }): Promise<void> {
    await this.detach(file)
    file.moveTo(to)
    this.#byKey.set(file.key, file)
  }

  /** By what it is found again. A damaged one is known, too: nothing more can be learned of it. */
  async learn(file: TailedFile): Promise<void> {
    const handle = await this.#openFiles.handleOf(file)
    if (!handle) return
    try {
      await file.checkHead(handle)
    } catch (error) {
      if (!file.isCompressed || !isDamage(error)) throw error
      file.isKnown = true
    }
    await this.#openFiles.closeIfFull(file)
  }

  /** Opens what is rotated, as far as there is room: it may be deleted before its turn comes. */
  async hold({ files }: TailedPath): Promise<void> {
    for (const file of files) {
      if (!file.isRotated || file.isLost || file.isOpen) continue
      if (!this.#openFiles.hasRoom) return
      await this.#openFiles.handleOf(file)
    }
  }

  #forgetKey(file: TailedFile): void {
    if (this.#byKey.get(file.key) === file) this.#byKey.delete(file.key)
  }

  async #close(file: TailedFile): Promise<void> {
    await file.closeCompressed()
    await this.#openFiles.close(file)
  }
}
