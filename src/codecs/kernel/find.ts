/** Bytes in bytes by the kernel (assembly/find.ts). Twin: `Buffer.indexOf`. */
import { type Kernel, sharedKernel, SOURCE_BYTES } from './kernel.ts'

/** Fewer bytes are searched faster than they are copied. */
const KERNEL_MIN_BYTES = 64

export interface Needle {
  /** 2 to 256 bytes. */
  readonly bytes: Buffer
  /** Where in it two neighbouring bytes are that are rare in what is searched. */
  readonly rarePair: number
}

/** Whether `needle` is anywhere in `bytes`. */
export function includesBytes(
  bytes: Uint8Array,
  needle: Needle,
  kernel: Kernel | null = sharedKernel,
): boolean {
  if (kernel === null || bytes.length < KERNEL_MIN_BYTES) {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(needle.bytes)
  }
  const { memory, source, aside, functions } = kernel
  const needleLength = needle.bytes.length
  memory.set(needle.bytes, aside)
  kernel.sourceOwner = null
  // Each piece begins a little before the end of the last one, for what lies across.
  for (let start = 0; start < bytes.length; start += SOURCE_BYTES - needleLength + 1) {
    const length = Math.min(bytes.length - start, SOURCE_BYTES)
    memory.set(length === bytes.length ? bytes : bytes.subarray(start, start + length), source)
    const at = functions.find(source, source + length, aside, needleLength, needle.rarePair)
    if (at >= 0) return true
    if (start + length === bytes.length) break
  }
  return false
}
