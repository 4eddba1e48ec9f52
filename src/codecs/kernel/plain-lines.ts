/**
 * Lines of text to entries by the kernel (assembly/plain-lines.ts). Twin: ../lines/plain-lines.ts.
 */
import type { ByteWriter } from '../byte-writer.ts'
import { type PlainLinesMade, plainLines as byTwin, putPlainLine } from '../lines/plain-lines.ts'
import { ASIDE_BYTES, type Kernel, sharedKernel, SOURCE_BYTES } from './kernel.ts'

/** What `putPlainLines` answers when a line is too long for the source or the target. */
const FULL = 3

/** As the twin. */
export function plainLines(
  bytes: Uint8Array,
  start: number,
  end: number,
  prefix: Uint8Array,
  writer: ByteWriter,
  kernel: Kernel | null = sharedKernel,
): PlainLinesMade {
  if (kernel === null || prefix.length > ASIDE_BYTES)
    return byTwin(bytes, start, end, prefix, writer)
  const { memory, source, aside, target, targetEnd, functions } = kernel
  memory.set(prefix, aside)
  let count = 0
  let position = start
  while (position < end) {
    const length = Math.min(end - position, SOURCE_BYTES)
    memory.set(bytes.subarray(position, position + length), source)
    kernel.sourceOwner = null
    const to = source + length
    const status = functions.putPlainLines(source, to, target, targetEnd, aside, prefix.length)
    writer.append(memory.subarray(target, kernel.targetUsed))
    count += kernel.count
    const used = kernel.stoppedAt - source
    position += used
    if (used > 0) continue
    // A line longer than the source, or the beginning of one.
    const next = status === FULL || length === SOURCE_BYTES ? bytes.indexOf(0x0a, position) : -1
    if (next < 0 || next >= end) break
    putPlainLine(bytes, position, next, prefix, writer)
    count++
    position = next + 1
  }
  return { count, used: position }
}
