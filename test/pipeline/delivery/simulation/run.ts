/** One life of the engine, between two restarts. What is dead has no effect on the world. */
import type { OwnTimers } from './virtual-time.ts'

export interface Run {
  /** Of the engine alone. */
  readonly timers: OwnTimers
  /** From then on it may send nothing. */
  isStopping: boolean
  /** What is not answered yet will not be waited for. */
  isPastDeadline: boolean
  /** It has stopped or was killed; what it hears from now on must have no effect. */
  isOver: boolean
  /** It hears nothing any more. */
  isKilled: boolean
}
