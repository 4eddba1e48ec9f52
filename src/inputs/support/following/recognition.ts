/**
 * Which of the known files are those that lie beside a log. A file that has its inode as before is
 * told by that, if its contents say nothing else; a copy and what was compressed, by the contents.
 *
 * Of files that are alike, as those of a program that writes the same at each start, the older one
 * is taken for the older: then what is not known is read once more rather than never.
 */
import { COMPRESSED } from './compressed.ts'
import type { Contents, Likeness } from './contents.ts'
import { HEAD_BYTES_SURE } from './identity.ts'
import type { Position } from './positions.ts'
import type { SeenContents } from './seen-contents.ts'
import type { Sibling } from './siblings.ts'

export interface Known extends Position {
  /** The bytes that `head` is of, if they were seen in this run. */
  readonly beginning?: Uint8Array
  /** Whether it is open: then nothing else has its inode. */
  readonly isOpen?: boolean
}

export class Recognition {
  readonly #found = new Map<Sibling, Known>()
  readonly #contents = new Map<Sibling, Contents | null>()
  readonly #taken = new Set<number>()
  readonly #unsure = new Set<number>()
  /** From the oldest on. */
  readonly #known: readonly Known[]
  readonly #seen: SeenContents

  constructor(known: readonly Known[], seen: SeenContents) {
    this.#seen = seen
    this.#known = known.toSorted((one, other) => one.id - other.id)
  }

  of(sibling: Sibling): Known | undefined {
    return this.#found.get(sibling)
  }

  /** Whether it can only be this one; else there is nothing against it. */
  isSure(known: Known): boolean {
    return !this.#unsure.has(known.id)
  }

  siblingOf(id: number): Sibling | undefined {
    for (const [sibling, known] of this.#found) if (known.id === id) return sibling
    return undefined
  }

  /** Null if it could not be read. */
  async contentsOf(sibling: Sibling): Promise<Contents | null> {
    const known = this.#contents.get(sibling)
    if (known !== undefined) return known
    const contents = await this.#seen.of(sibling.path, sibling.stat).catch(() => null)
    this.#contents.set(sibling, contents)
    return contents
  }

  /** Those with their inodes. */
  async findByKey(siblings: readonly Sibling[]): Promise<void> {
    await this.#match(siblings, 'same', hasKey)
  }

  /** Those with others, and those of which little is known. */
  async findByContents(siblings: readonly Sibling[]): Promise<void> {
    await this.#match(siblings, 'same', mayBeElsewhere)
    await this.#match(siblings, 'part', mayBeElsewhere)
    await this.#match(siblings, 'unsure', hasKey)
  }

  async #match(
    siblings: readonly Sibling[],
    wanted: Likeness,
    mayBe: (known: Known, sibling: Sibling) => boolean,
  ): Promise<void> {
    for (const sibling of siblings) {
      if (this.#found.has(sibling)) continue
      for (const known of this.#known) {
        if (this.#taken.has(known.id) || !mayBe(known, sibling)) continue
        if ((await this.#likeness(sibling, known)) !== wanted) continue
        this.#found.set(sibling, known)
        this.#taken.add(known.id)
        if (wanted === 'unsure') this.#unsure.add(known.id)
        break
      }
    }
  }

  async #likeness(sibling: Sibling, known: Known): Promise<Likeness> {
    // What is compressed is not emptied either.
    if (known.isOpen && hasKey(known, sibling) && COMPRESSED.test(sibling.path)) return 'same'
    const contents = await this.contentsOf(sibling)
    // One that cannot be read just now is taken for what it was.
    if (!contents) return hasKey(known, sibling) ? 'same' : 'other'
    return contents.likenessTo(known).catch((): Likeness => 'other')
  }
}

function hasKey({ key }: Known, { stat }: Sibling): boolean {
  return key === stat.key
}

/** What is read to its end and closed is copied by nobody, but may be compressed. */
function mayBeElsewhere({ isDone, head }: Known, { path }: Sibling): boolean {
  return head.length >= HEAD_BYTES_SURE && (!isDone || COMPRESSED.test(path))
}
