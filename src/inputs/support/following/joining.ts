/** Which lines are one event, and how long one waits for its next line. */
import type { MultilineRule } from '../../../codecs/multiline/multiline.ts'

export interface Joining {
  /** Null if each line is an event. */
  readonly rule: MultilineRule | null
  readonly flushAfterMs: number
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number
}
