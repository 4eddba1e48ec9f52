/** Changes to whole fields in the kernel, and by their twin what is not usual. */
import { ByteWriter } from '../../../codecs/byte-writer.ts'
import { type FieldEdit, KernelEdits } from '../../../codecs/kernel/edit-fields.ts'
import type { Kernel } from '../../../codecs/kernel/kernel.ts'
import { entryEnd } from '../../../codecs/record.ts'
import type { Batch } from '../../batch.ts'
import type { EntryChanges } from '../support/entry-changes.ts'

/** What a record may grow by before the memory of a batch has to. */
const GROWTH_BYTES = 32

export class FieldEdits {
  readonly #kernel: KernelEdits
  readonly #twin: EntryChanges

  /** Null if the kernel cannot be of use; `twin` makes the same changes. */
  static create(
    kernel: Kernel | null,
    edits: readonly FieldEdit[],
    twin: EntryChanges,
  ): FieldEdits | null {
    const quick = KernelEdits.create(kernel, edits)
    return quick && new FieldEdits(quick, twin)
  }

  private constructor(kernel: KernelEdits, twin: EntryChanges) {
    this.#kernel = kernel
    this.#twin = twin
  }

  /** The batch itself if nothing in it changed. */
  apply(batch: Batch): Batch {
    const { entries, count } = batch
    const writer = new ByteWriter(entries.length + count * GROWTH_BYTES)
    let hasChanged = false
    this.#kernel.reset()
    for (let offset = 0; offset < entries.length;) {
      offset = this.#kernel.apply(entries, offset, writer)
      if (this.#kernel.changed > 0) hasChanged = true
      if (offset === entries.length) break
      const end = entryEnd(entries, offset)
      const before = writer.length
      if (this.#twin.rewrite(entries, offset, end, writer)) hasChanged = true
      else {
        writer.length = before
        writer.append(entries.subarray(offset, end))
      }
      offset = end
    }
    return hasChanged ? { ...batch, entries: writer.written() } : batch
  }
}
