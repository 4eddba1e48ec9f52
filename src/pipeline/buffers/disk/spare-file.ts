/**
 * Two places for a note that have their room on the disk from the start, so that a disk which is
 * full takes one all the same: notes go to them in turn, and the one before stays whole.
 */
import { dirname } from 'node:path'
import type { FileAccess } from '../../files/file-access.ts'
import { Progress } from './progress.ts'

/** Of one of the two; a note that is longer has no room. */
const PLACE_BYTES = 4096
const FILE_BYTES = 2 * PLACE_BYTES
const NEWLINE = 0x0a

export class SpareFile {
  readonly #path: string
  readonly #access: FileAccess
  #isMade = false
  #nextPlace = 0

  constructor(path: string, access: FileAccess) {
    this.#path = path
    this.#access = access
  }

  /** What is whole of an existing one. Rejects for a version that is not known. */
  async load(): Promise<Progress[]> {
    const file = await this.#access.open(this.#path, 'existing')
    try {
      const bytes = await file.read(0, FILE_BYTES)
      this.#isMade = bytes.length === FILE_BYTES
      const places = [bytes.subarray(0, PLACE_BYTES), bytes.subarray(PLACE_BYTES)]
      const notes = places.map((place) => Progress.decode(place.subarray(0, lineEnd(place))))
      const [first, second] = notes.map((progress) => progress?.note ?? 0)
      this.#nextPlace = first! > second! ? 1 : 0
      return notes.filter((progress) => progress !== undefined)
    } finally {
      await file.close()
    }
  }

  /** If there is none yet. Without room, or the right, for one it is tried again next time. */
  async make(): Promise<void> {
    if (this.#isMade) return
    try {
      const file = await this.#access.open(this.#path, 'replace')
      try {
        await file.write([new Uint8Array(FILE_BYTES)], 0)
        this.#isMade = true
      } finally {
        await file.close()
      }
    } catch (_withoutIt) {
      // The note that matters is written; this file is for when there is no room.
      this.#isMade = false
    }
  }

  /** Synced. False if there is no room in it, or it is not there. */
  async write(bytes: Uint8Array): Promise<boolean> {
    if (!this.#isMade || bytes.length > PLACE_BYTES) return false
    try {
      const file = await this.#access.open(this.#path, 'existing')
      try {
        await file.write([bytes], this.#nextPlace * PLACE_BYTES)
        await file.datasync()
      } finally {
        await file.close()
      }
      await this.#access.syncFolder(dirname(this.#path))
    } catch (_noRoom) {
      // Somebody has removed it, or the file system writes nothing in place.
      this.#isMade = false
      return false
    }
    this.#nextPlace = 1 - this.#nextPlace
    return true
  }
}

function lineEnd(bytes: Uint8Array): number {
  return bytes.indexOf(NEWLINE) + 1
}
