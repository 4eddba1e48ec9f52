/**
 * Stops the writing before the disk is full: what shares the disk goes on working, and the sources
 * are held back in good order. Looks at most once a second, or every so many bytes.
 */
import type { FileSettings, Surroundings } from '../settings.ts'

const CHECK_EVERY_MS = 1000
const CHECK_EVERY_BYTES_MAX = 16 * 1024 * 1024

export class DiskGuard {
  readonly #settings: FileSettings
  readonly #around: Surroundings
  readonly #checkEveryBytes: number
  #checkedAtMs = -Infinity
  #bytesSinceCheck = 0
  #isChecking = false
  #problem: string | null = null

  constructor(settings: FileSettings, around: Surroundings) {
    this.#settings = settings
    this.#around = around
    this.#checkEveryBytes = Math.min(CHECK_EVERY_BYTES_MAX, settings.freeBytesMin / 4)
  }

  /** Why nothing may be written now, or null. */
  get problem(): string | null {
    return this.#problem
  }

  note(writtenBytes: number): void {
    this.#bytesSinceCheck += writtenBytes
  }

  /** Looks at the disk if it is time to; after it, `problem` is up to date. */
  async check(): Promise<void> {
    if (!this.isDue) return
    this.#isChecking = true
    this.#checkedAtMs = this.#around.clock.monotonic()
    this.#bytesSinceCheck = 0
    try {
      this.#judge(await this.#around.fileSystem.freeBytes(this.#settings.root))
    } catch (error) {
      // Without an answer the disk itself has to say when it is full.
      this.#judge(Infinity)
      this.#around.logger.warn({ error }, 'cannot see how much of the disk is free')
    } finally {
      this.#isChecking = false
    }
  }

  /** True when it is time for `check`. */
  get isDue(): boolean {
    if (this.#settings.freeBytesMin === 0 || this.#isChecking) return false
    if (this.#bytesSinceCheck >= this.#checkEveryBytes) return true
    return this.#around.clock.monotonic() - this.#checkedAtMs >= CHECK_EVERY_MS
  }

  #judge(freeBytes: number): void {
    const { root, freeBytesMin } = this.#settings
    if (freeBytes >= freeBytesMin) {
      if (this.#problem !== null)
        this.#around.logger.info({ root, free_bytes: freeBytes }, 'the disk has room again')
      this.#problem = null
    } else if (this.#problem === null) {
      const limit = `min_free is ${freeBytesMin}`
      this.#problem = `disk almost full: ${freeBytes} bytes free at ${root}, ${limit}`
      this.#around.logger.error(
        { root, free_bytes: freeBytes, min_free_bytes: freeBytesMin },
        'the disk is almost full: nothing is written until it has room again',
      )
    }
  }
}
