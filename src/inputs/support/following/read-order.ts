/** The order of the files of a path: what is held of one keeps back those begun after it. */
import type { TailedFile } from './tailed-file.ts'

/** Where something begins that is not complete. */
export interface HeldFrom {
  readonly file: TailedFile
  readonly offset: number
}

export class ReadOrder {
  readonly #order = new WeakMap<TailedFile, number>()
  #begun = 0

  begin(file: TailedFile): void {
    if (!this.#order.has(file)) this.#order.set(file, this.#begun++)
  }

  /** Up to where the lines of a stream of `file`, read up to `readTo`, are made entries of. */
  offsetOf(file: TailedFile, stream: 0 | 1, readTo: number, held: HeldFrom | null): number {
    const done = file.at[stream]
    const own = this.#order.get(file)
    if (own === undefined) return done
    if (held?.file === file) return Math.max(done, held.offset)
    const isBehind = held && own > (this.#order.get(held.file) ?? 0)
    return isBehind ? done : Math.max(done, readTo)
  }
}
