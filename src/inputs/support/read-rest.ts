/** Reads what the kernel still has of a connection that is to be ended. */
import { turn } from './turn.ts'

/** More than any kernel holds for a socket: a stop does not run after a sender that goes on. */
const DRAIN_MAX_BYTES = 32 * 1024 * 1024
/** Turns of the event loop without a byte after which the kernel is known to hold none. */
const QUIET_TURNS = 2

export interface Reading {
  readonly bytesRead: number
  /** Nothing more is wanted. */
  readonly finishing: boolean
  /** Settles once the connection is being read. */
  untilReading(): Promise<void>
}

export async function readRest(reading: Reading): Promise<void> {
  const readBefore = reading.bytesRead
  for (let quiet = 0; quiet < QUIET_TURNS && !reading.finishing;) {
    const before = reading.bytesRead
    await turn()
    await reading.untilReading()
    quiet = reading.bytesRead === before ? quiet + 1 : 0
    if (reading.bytesRead - readBefore > DRAIN_MAX_BYTES) break
  }
}
