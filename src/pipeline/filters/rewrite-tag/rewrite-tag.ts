/**
 * Sorts the entries of a batch by their new tags. Entries of one tag stay in their order, and each
 * tag is one batch, however the tags alternate. They go on at the next step, never back to one
 * before it, so nothing can go round in circles.
 */
import { entryEnd } from '../../../codecs/record.ts'
import type { Batch } from '../../batch.ts'
import type { Filter, FilterContext, Filtered } from '../../component.ts'
import type { Counter } from '../../metrics.ts'
import { Rule, type RuleConfig } from './rules.ts'

/** UTF-16 units; what senders put into tags must not grow without bound. */
const TAG_LENGTH_MAX = 1024

/** Runs of neighbouring entries that share a tag, as first and last offsets in turn. */
interface Group {
  readonly runs: number[]
  count: number
}

export class RewriteTag implements Filter {
  readonly problem = null
  readonly #rules: readonly Rule[]
  readonly #refused: Counter

  constructor(rules: readonly RuleConfig[], { metrics }: FilterContext) {
    this.#rules = rules.map((rule) => new Rule(rule))
    this.#refused = metrics.counter(
      'refused_tags_total',
      'Events that kept their tag because the new one was empty or longer than 1,024 characters.',
    )
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  process(batch: Batch): Batch | Filtered {
    const groups = this.#groups(batch)
    const batches = [...groups].map(([tag, group]) => batchOf(batch, tag, group))
    const [first = batch, ...more] = batches
    if (more.length > 0) return { batch: first, more, held: 0 }
    return first.tag === batch.tag ? batch : first
  }

  #groups({ entries, tag }: Batch): Map<string, Group> {
    const groups = new Map<string, Group>()
    for (let entry = 0, end = 0; entry < entries.length; entry = end) {
      end = entryEnd(entries, entry)
      const newTag = this.#tagFor(entries, entry, tag)
      let group = groups.get(newTag)
      if (!group) groups.set(newTag, (group = { runs: [], count: 0 }))
      const { runs } = group
      if (runs.at(-1) === entry) runs[runs.length - 1] = end
      else runs.push(entry, end)
      group.count++
    }
    return groups
  }

  #tagFor(entries: Uint8Array, entry: number, tag: string): string {
    for (const rule of this.#rules) {
      const newTag = rule.tagFor(entries, entry, tag)
      if (newTag === null) continue
      if (newTag !== '' && newTag.length <= TAG_LENGTH_MAX) return newTag
      this.#refused.add(1)
      return tag
    }
    return tag
  }
}

function batchOf(batch: Batch, tag: string, { runs, count }: Group): Batch {
  if (runs.length === 2)
    return { ...batch, tag, entries: batch.entries.subarray(runs[0], runs[1]), count }
  let length = 0
  for (let run = 0; run < runs.length; run += 2) length += runs[run + 1]! - runs[run]!
  const entries = new Uint8Array(length)
  let position = 0
  for (let run = 0; run < runs.length; run += 2) {
    const part = batch.entries.subarray(runs[run], runs[run + 1])
    entries.set(part, position)
    position += part.length
  }
  return { ...batch, tag, entries, count }
}
