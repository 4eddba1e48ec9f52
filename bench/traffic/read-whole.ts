/** A file in memory, of any size: Node's own `readFile` ends at 2 GiB. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const READ_BYTES = 256 * 1024 * 1024

export function readWhole(file: string): Buffer {
  const descriptor = openSync(file, 'r')
  try {
    const bytes = Buffer.allocUnsafeSlow(fstatSync(descriptor).size)
    for (let done = 0; done < bytes.length;) {
      const count = Math.min(READ_BYTES, bytes.length - done)
      done += readSync(descriptor, bytes, done, count, done)
    }
    return bytes
  } finally {
    closeSync(descriptor)
  }
}
