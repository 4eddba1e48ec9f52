/** One change to a record. */
import type { ByteWriter } from '../../../codecs/byte-writer.ts'

export interface Operation {
  /**
   * Appends the changed record of the entry at `entry` to `out`, which has the entry's head
   * already, and returns true; or returns false if it changes nothing, whatever it wrote.
   */
  apply(bytes: Uint8Array, entry: number, out: ByteWriter, tag: string): boolean
}
