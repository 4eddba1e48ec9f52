/** Applies operations (operations.ts) to each entry, from one buffer to the other and back. */
import { ByteWriter } from '../../../codecs/byte-writer.ts'
import { ENTRY_RECORD_OFFSET } from '../../../codecs/entry.ts'
import type { Batch } from '../../batch.ts'
import type { Filter, FilterContext } from '../../component.ts'
import type { EntryRewriter } from '../support/rewrite-entries.ts'
import { rewriteEntries } from '../support/rewrite-entries.ts'
import type { OperationConfig } from './schema.ts'
import type { Operation } from './operation.ts'
import { createOperations } from './operations.ts'

/** Buffers that one huge entry has made larger are let go. */
const KEPT_MAX = 1024 * 1024

export class Modify implements Filter, EntryRewriter {
  readonly problem = null
  readonly #operations: readonly Operation[]
  readonly #buffers = [new ByteWriter(4096), new ByteWriter(4096)] as const
  #tag = ''

  constructor(operations: readonly OperationConfig[], { metrics }: FilterContext) {
    const failures = metrics.counter(
      'cast_failed_total',
      'Values that could not be turned into the type asked for, and stayed.',
    )
    this.#operations = operations.flatMap((each) => createOperations(each, failures))
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  process(batch: Batch): Batch {
    this.#tag = batch.tag
    const changed = rewriteEntries(batch, this)
    for (const buffer of this.#buffers)
      if (buffer.bytes.length > KEPT_MAX) buffer.bytes = new Uint8Array(4096)
    return changed
  }

  rewrite(bytes: Uint8Array, entry: number, _end: number, out: ByteWriter): boolean {
    let from = bytes
    let at = entry
    let next = 0
    let latest: ByteWriter | null = null
    for (const operation of this.#operations) {
      const target = this.#buffers[next]!
      target.clear()
      target.appendRange(from, at, at + ENTRY_RECORD_OFFSET)
      if (!operation.apply(from, at, target, this.#tag)) continue
      latest = target
      from = target.bytes
      at = 0
      next = 1 - next
    }
    if (!latest) return false
    out.appendRange(latest.bytes, 0, latest.length)
    return true
  }
}
