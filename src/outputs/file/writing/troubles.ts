/**
 * What stands in the way of writing, over all files of one output: each kind of failure is said
 * once when it begins and once when it has ended, however many files and tries it concerns.
 */
import type { Logger } from '../../../pipeline/logger.ts'
import { errorCode, errorMessage } from '../file-system.ts'
import type { FileMetrics } from '../metrics.ts'

interface Trouble {
  readonly description: string
  readonly owners: Set<object>
}

export class Troubles {
  readonly #logger: Logger
  readonly #metrics: FileMetrics
  readonly #byCode = new Map<string, Trouble>()

  constructor(logger: Logger, metrics: FileMetrics) {
    this.#logger = logger
    this.#metrics = metrics
  }

  /** The first trouble that still lasts, or null. */
  get problem(): string | null {
    for (const trouble of this.#byCode.values()) return trouble.description
    return null
  }

  /** `owner` failed with `error` at `path` and will try again. */
  begin(owner: object, path: string, error: unknown): void {
    const code = errorCode(error)
    this.#metrics.writeErrors(code).add(1)
    const known = this.#byCode.get(code)
    if (known) {
      known.owners.add(owner)
      return
    }
    const cause = errorMessage(error)
    const description = `cannot write ${path}: ${cause}`
    this.#byCode.set(code, { description, owners: new Set([owner]) })
    this.#logger.error(
      { path, code, error: cause },
      'cannot write a file: its sources are held back and it is tried again',
    )
  }

  /** `owner` has written again, or has given up. */
  end(owner: object): void {
    for (const [code, trouble] of this.#byCode) {
      if (!trouble.owners.delete(owner) || trouble.owners.size > 0) continue
      this.#byCode.delete(code)
      this.#logger.info({ code }, 'files can be written again')
    }
  }
}
