/**
 * A program that writes a log file, some events at a time, and has it rotated: renamed, made anew,
 * and perhaps compressed. What is in a file is acknowledged, since nobody will say it again.
 */
import { type FileHandle, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Sender } from './load.ts'

const PAUSE_MS = 10
/** Rotated files that are kept: more than come while the collector is down. */
const KEPT_FILES = 40
const compress = promisify(gzip)

export interface FileSenderOptions {
  /** The file is NAME.log in it; rotated ones are NAME.log.1 and so on. */
  readonly folder: string
  readonly name: string
  /** Written at a time. */
  readonly burstEvents: number
  /** One event's bytes. */
  readonly eventOf: (name: string, number: number) => string
  /** Written events after which it is rotated. */
  readonly rotateEvents: number
  readonly compresses?: boolean
}

export class FileSender implements Sender {
  readonly resent = 0
  readonly repeatsInOrder = true
  readonly violations: string[] = []
  rotations = 0
  sent = 0
  acknowledged = 0
  readonly #options: FileSenderOptions
  #isFinishing = false

  constructor(options: FileSenderOptions) {
    this.#options = options
  }

  get name(): string {
    return this.#options.name
  }

  get #path(): string {
    return join(this.#options.folder, `${this.name}.log`)
  }

  /** As many events as there may be in so many bytes. */
  eventsIn(bytes: number): number {
    return Math.ceil(bytes / this.#options.eventOf(this.name, 0).length)
  }

  isAcknowledged(number: number): boolean {
    return number < this.acknowledged
  }

  takeLatencies(): number[] {
    return []
  }

  async run(): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true })
    while (!this.#isFinishing) {
      const file = await open(this.#path, 'a')
      try {
        await this.#fill(file)
      } finally {
        await file.close()
      }
      if (!this.#isFinishing) await this.#rotate()
    }
  }

  finish(): void {
    this.#isFinishing = true
  }

  abandon(): void {
    this.#isFinishing = true
  }

  async #fill(file: FileHandle): Promise<void> {
    const { burstEvents, rotateEvents, eventOf } = this.#options
    const end = this.sent + rotateEvents
    while (this.sent < end && !this.#isFinishing) {
      let text = ''
      for (let left = burstEvents; left > 0; left--) text += eventOf(this.name, this.sent++)
      await file.appendFile(text)
      this.acknowledged = this.sent
      await sleep(PAUSE_MS)
    }
  }

  async #rotate(): Promise<void> {
    const endings = this.#options.compresses ? ['', '.gz'] : ['']
    for (const ending of endings) {
      await rm(`${this.#path}.${KEPT_FILES}${ending}`, { force: true })
      for (let number = KEPT_FILES - 1; number > 0; number--)
        await renameIfThere(
          `${this.#path}.${number}${ending}`,
          `${this.#path}.${number + 1}${ending}`,
        )
    }
    await rename(this.#path, `${this.#path}.1`)
    this.rotations += 1
    // As logrotate's delaycompress: what was written last stays as it is.
    if (this.#options.compresses) await this.#compress(`${this.#path}.2`)
  }

  async #compress(path: string): Promise<void> {
    const text = await readFile(path).catch(absentIsNull)
    if (text === null) return
    await writeFile(`${path}.tmp`, await compress(text))
    await rename(`${path}.tmp`, `${path}.gz`)
    await rm(path)
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  await rename(from, to).catch(absentIsNull)
}

function absentIsNull(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
  throw error
}
