/** The part of an entry that a joined line keeps: its time and its other fields. */

/** An entry's first eleven bytes (time), then its fields without a map header. */
export interface Head {
  readonly bytes: Uint8Array
  readonly fieldCount: number
}
