/** Items of answers to bulk requests by the kernel (assembly/stored-items.ts). */
import { itemStart, type StoredItems, storedItems as twin } from '../bulk/stored-items.ts'
import { type Kernel, sharedKernel, SOURCE_BYTES } from './kernel.ts'

const COMMA = 0x2c

/** As the twin; by the twin alone where `kernel` is null. */
export function storedItems(
  answer: Buffer,
  start: number,
  operation: string,
  kernel: Kernel | null = sharedKernel,
): StoredItems {
  if (kernel === null) return twin(answer, start, operation)
  const { memory, source, aside, functions } = kernel
  const prefix = Buffer.from(`,${itemStart(operation)}`)
  memory.set(prefix, aside)
  kernel.sourceOwner = null
  let [count, end] = [0, start]
  for (;;) {
    // The comma before an item is read with it; before the first there is something else.
    const from = count === 0 ? start - 1 : end
    const piece = answer.subarray(from, from + SOURCE_BYTES)
    memory.set(piece, source)
    if (count === 0) memory[source] = COMMA
    functions.readStored(source, source + piece.length, aside, prefix.length)
    if (kernel.count === 0) return { count, end }
    count += kernel.count
    end = from + kernel.stoppedAt - source
  }
}
