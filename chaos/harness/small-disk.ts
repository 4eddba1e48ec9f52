/** A file system in memory in the run's folder, made full or read-only. Needs root. */
import { mkdir, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Ended, run, runWell } from '../../test/support/child.ts'
import type { World } from './scenario.ts'

const ROOMY = '1g'
const ROOM_LEFT_BYTES = 64 * 1024
/** What may be written between looking and mounting, on a machine that is busy. */
const ROOM_LEFT_MAX_BYTES = 64 * 1024 * 1024
const FILL_AGAIN_MS = 200

/** Somebody who takes what room there is. */
export interface Filler {
  /** Settles once no more is taken. */
  end(): Promise<void>
}

export class SmallDisk {
  readonly #path: string

  /** Mounts it at a folder of the run, until its end. */
  static async mount(world: World, folder: string): Promise<void> {
    const path = join(world.places.folder, folder)
    await mkdir(path, { recursive: true })
    await runWell('mount', ['-t', 'tmpfs', '-o', `size=${ROOMY}`, 'tmpfs', path])
    world.later(async () => void (await runWell('umount', ['-l', path])))
  }

  /** The one that is mounted there. */
  static at(world: World, folder: string): SmallDisk {
    return new SmallDisk(join(world.places.folder, folder))
  }

  private constructor(path: string) {
    this.#path = path
  }

  /** Leaves next to no room. It cannot be made smaller than what is in it by then. */
  async fill(): Promise<void> {
    for (let room = ROOM_LEFT_BYTES; ; room *= 4) {
      const { code, stderr } = await this.#tryToFill(room)
      if (code === 0) return
      if (room >= ROOM_LEFT_MAX_BYTES) throw new Error(`cannot fill ${this.#path}: ${stderr}`)
    }
  }

  /** Also when the collector makes room by deleting what is delivered. */
  async keepFull(): Promise<Filler> {
    let isOver = false
    const fillAgain = async () => {
      // If it is written to meanwhile, there will be no room for it next time.
      for (; !isOver; await sleep(FILL_AGAIN_MS)) await this.#tryToFill(0)
    }
    await this.fill()
    const over = fillAgain()
    return { end: () => ((isOver = true), over) }
  }

  async #tryToFill(room: number): Promise<Ended> {
    const { blocks, bfree, bsize } = await statfs(this.#path)
    const size = Math.min(blocks, blocks - bfree + room / bsize) * bsize
    return run('mount', ['-o', `remount,size=${size}`, this.#path])
  }

  async relieve(): Promise<void> {
    await this.#remount(`size=${ROOMY}`)
  }

  /** Impossible while a file is open for writing. */
  async makeReadOnly(): Promise<void> {
    await this.#remount('ro')
  }

  async makeWritable(): Promise<void> {
    await this.#remount('rw')
  }

  async #remount(option: string): Promise<void> {
    await runWell('mount', ['-o', `remount,${option}`, this.#path])
  }
}
