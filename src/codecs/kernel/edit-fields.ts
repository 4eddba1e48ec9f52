/**
 * Changes to the fields of records by the kernel (assembly/edit-fields.ts). An entry that it stops
 * before is for the twin, the operations of the filter that asks.
 */
import { ByteWriter } from '../byte-writer.ts'
import { writeStrBytes } from '../msgpack/writer.ts'
import { EntryWindow } from './entry-window.ts'
import { ASIDE_BYTES, type Kernel } from './kernel.ts'

/** One change to the fields of a record; names in UTF-8, a value in msgpack. */
export type FieldEdit =
  | { readonly kind: 'set'; readonly name: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: 'rename'; readonly name: Uint8Array; readonly to: Uint8Array }
  | { readonly kind: 'remove'; readonly name: Uint8Array }
  | { readonly kind: 'keep'; readonly names: readonly Uint8Array[] }

const SET = 0
const RENAME = 1
const REMOVE = 2
const KEEP = 3
const FULL = 3
const STEP_BYTES = 24

export class KernelEdits {
  /** How many entries the last call has changed. */
  changed = 0
  readonly #kernel: Kernel
  readonly #window: EntryWindow
  readonly #plan: Plan

  /** Null if the kernel cannot be of use. */
  static create(kernel: Kernel | null, edits: readonly FieldEdit[]): KernelEdits | null {
    if (kernel === null) return null
    const plan = planOf(edits, kernel.aside)
    return plan.bytes.length <= ASIDE_BYTES ? new KernelEdits(kernel, plan) : null
  }

  private constructor(kernel: Kernel, plan: Plan) {
    this.#kernel = kernel
    this.#window = new EntryWindow(kernel)
    this.#plan = plan
  }

  /** To be called before the entries of another array come. */
  reset(): void {
    this.#window.reset()
  }

  /**
   * Appends what becomes of the entries from `offset` on; returns the offset of the first that is
   * for the twin, or where they end.
   */
  apply(entries: Uint8Array, offset: number, writer: ByteWriter): number {
    this.changed = 0
    let position = offset
    while (position < entries.length) {
      // An entry that is larger than the source.
      if (!this.#window.open(entries, position)) return position
      const stopped = this.#applyLoaded(position, writer)
      if (stopped < this.#window.end) return stopped
      position = stopped
    }
    return position
  }

  #applyLoaded(offset: number, writer: ByteWriter): number {
    const { memory, target, targetEnd, aside, functions } = this.#kernel
    const { bytes, steps, growth } = this.#plan
    memory.set(bytes, aside)
    functions.startEdits(aside, steps, growth)
    const { shift } = this.#window
    const end = this.#window.end + shift
    let position = offset + shift
    while (position < end) {
      const status = functions.editFields(position, end, target, targetEnd)
      const { targetUsed, stoppedAt } = this.#kernel
      writer.append(memory.subarray(target, targetUsed))
      this.changed += functions.changedCount()
      const isStuck = stoppedAt === position
      position = stoppedAt
      if (isStuck || status !== FULL) break
    }
    return position - shift
  }
}

interface Plan {
  /** Steps, six u32 each, and behind them the texts that they are about. */
  readonly bytes: Uint8Array
  readonly steps: number
  /** What a record grows by at most. */
  readonly growth: number
}

interface Step {
  readonly kind: number
  readonly name: Uint8Array
  /** A name to put, and the bytes behind it. */
  readonly put?: Uint8Array
  readonly value?: Uint8Array
  /** In place of what is put: how many steps say names that stay. */
  readonly names?: number
}

/** `aside` is where the bytes are going to be. */
function planOf(edits: readonly FieldEdit[], aside: number): Plan {
  const steps = edits.flatMap(stepsOf)
  const table = new Uint32Array(steps.length * (STEP_BYTES / 4))
  const texts = new ByteWriter(256)
  const base = aside + table.byteLength
  for (const [index, { kind, name, put, value, names }] of steps.entries()) {
    const nameAt = base + texts.length
    texts.append(name)
    const putAt = base + texts.length
    if (put) writeStrBytes(texts, put, 0, put.length)
    const putEnd = base + texts.length
    if (value) texts.append(value)
    const row = [kind, nameAt, name.length, names ?? putAt, putEnd, base + texts.length]
    table.set(row, index * row.length)
  }
  const bytes = Buffer.concat([new Uint8Array(table.buffer), texts.written()])
  return { bytes, steps: steps.length, growth: bytes.length }
}

function stepsOf(edit: FieldEdit): Step[] {
  switch (edit.kind) {
    case 'set':
      return [{ kind: SET, name: edit.name, put: edit.name, value: edit.value }]
    case 'rename':
      // To its own name: nothing changes.
      if (Buffer.compare(edit.name, edit.to) === 0) return []
      return [{ kind: RENAME, name: edit.name, put: edit.to }]
    case 'remove':
      return [{ kind: REMOVE, name: edit.name }]
    case 'keep':
      return edit.names.map((name) => ({ kind: KEEP, name, names: edit.names.length }))
  }
}
