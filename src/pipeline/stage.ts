/**
 * A place in a list of steps, and the decision where a tag goes from there: the first step whose
 * pattern fits. Decisions are remembered per tag, up to a bound, because senders choose tags.
 */
import type { Batch, Outcome } from './batch.ts'
import type { Counts } from './ledger-counts.ts'
import type { Sink } from './sink.ts'
import type { TagPattern } from './tag-pattern.ts'

/** Longer tags are decided anew each time: remembering them could hold a lot of memory. */
export const CACHED_TAG_LENGTH_MAX = 1024

export interface Branch {
  readonly matches: TagPattern
  readonly sink: Sink
}

export interface StageOptions {
  /** From here on, in order. */
  readonly branches: readonly Branch[]
  /** For tags that fit none. */
  readonly otherwise: Sink
  /** Decisions remembered; the oldest makes room for the next. */
  readonly cachedTagsMax: number
}

export class Stage implements Sink {
  readonly #options: StageOptions
  readonly #decisions = new Map<string, Sink>()

  constructor(options: StageOptions) {
    this.#options = options
  }

  /** Decisions remembered at the moment. */
  get cachedTags(): number {
    return this.#decisions.size
  }

  deliver(batch: Batch, tagCounts: Counts): Promise<Outcome> {
    const sink = this.#decisions.get(batch.tag) ?? this.#decide(batch.tag)
    return sink.deliver(batch, tagCounts)
  }

  #decide(tag: string): Sink {
    const branch = this.#options.branches.find(({ matches }) => matches(tag))
    const sink = branch?.sink ?? this.#options.otherwise
    if (tag.length <= CACHED_TAG_LENGTH_MAX) this.#remember(tag, sink)
    return sink
  }

  #remember(tag: string, sink: Sink): void {
    if (this.#decisions.size >= this.#options.cachedTagsMax) {
      const [oldest] = this.#decisions.keys()
      if (oldest !== undefined) this.#decisions.delete(oldest)
    }
    this.#decisions.set(tag, sink)
  }
}
