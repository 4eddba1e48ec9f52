/**
 * Memory that several look at, given back to the system when the last of them lets go, not when
 * the garbage collector comes round: at hundreds of megabytes a second that is most of what memory
 * costs (docs/guide/performance.md).
 *
 * Whoever forgets to let go only leaves the memory to the garbage collector. Whoever lets go too
 * early finds its bytes gone: views of memory that was given back are empty, they never show
 * what others write.
 */
export class Lease {
  readonly #bytes: Uint8Array
  #users = 1

  /** Held by its maker. `bytes` must be all of their buffer, else they are left alone. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  retain(): this {
    this.#users++
    return this
  }

  /** To be called once by the maker, and once for each `retain`. */
  release(): void {
    this.#users--
    if (this.#users > 0) return
    const { buffer, byteLength } = this.#bytes
    const isAll = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength
    // Emptied by moving its memory into a buffer without any, which is how it can be freed.
    if (isAll && byteLength > 0) buffer.transfer(0)
  }
}
