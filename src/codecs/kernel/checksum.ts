/** CRC-32 as zlib has it (RFC 1952), by the kernel (assembly/checksum.ts). Twin: zlib's own. */
import { crc32 as plainCrc32 } from 'node:zlib'
import { type Kernel, sharedKernel } from './kernel.ts'

/** Of fewer bytes too much is left over. */
const KERNEL_MIN_BYTES = 16 * 1024
/** Copied into the kernel at a time: they are still in the processor's cache when they are read. */
const PIECE_BYTES = 256 * 1024

/** Of all bytes that `sum` is of, if it is given, and then these. */
export function crc32(bytes: Uint8Array, sum = 0, kernel: Kernel | null = sharedKernel): number {
  let checksum = sum
  let start = 0
  for (; kernel && bytes.length - start >= KERNEL_MIN_BYTES; start += PIECE_BYTES) {
    checksum = checksumOf(bytes.subarray(start, start + PIECE_BYTES), checksum, kernel)
  }
  return start < bytes.length ? plainCrc32(bytes.subarray(start), checksum) : checksum
}

function checksumOf(piece: Uint8Array, sum: number, kernel: Kernel): number {
  const { memory, target, functions } = kernel
  memory.set(piece, target)
  const end = target + piece.length
  const rest = functions.foldChecksum(target, end, ~sum)
  // zlib's state is the complement of the sum it gives.
  return plainCrc32(memory.subarray(rest, end), ~0 >>> 0)
}
