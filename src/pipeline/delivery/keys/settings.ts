/** What the configuration says of chunk keys, checked and in plain numbers. */
import type { TimeSlices } from './time-slices.ts'

export interface ChunkKeySettings {
  readonly byTag: boolean
  readonly time: TimeSlices | null
  /** Record fields, each by its keys from the outside in. */
  readonly fields: readonly (readonly string[])[]
  /** Keys of which events wait at a time; with one more, the oldest is sent. At least 1. */
  readonly openMax: number
}
