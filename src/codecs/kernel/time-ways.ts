/** Ways to write a time that the kernel can read (assembly/field-time.ts). */
import type { TimeReader } from '../time/time-reader.ts'

/** RFC 3339, or a number of which the size tells the unit: ../records/record-time.ts. */
export const BY_SIZE = 0xffff_ffff

const WAYS: Readonly<Record<string, number>> = {
  rfc3339: 1,
  auto: 2,
  unix: 2 + 1,
  unix_ms: 2 + 1000,
  unix_us: 2 + 1_000_000,
}

/** Undefined for one that is for the twin. */
export function timeWayOf(reader: TimeReader): number | undefined {
  return WAYS[reader.format]
}
