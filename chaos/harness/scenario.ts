/** What a scenario says; what must hold in all of them is in world.ts and verdict.ts. */
import type { Random } from '../../bench/traffic/random.ts'
import type { OrderScope } from './arrived.ts'
import type { Collector } from './collector.ts'
import type { Sender } from './load.ts'

/** What configurations name. */
export interface Places {
  readonly forward: number
  readonly http: number
  /** For what the collector sends to. */
  readonly peer: number
  /** A folder of its own for the run; configurations may be relative to it. */
  readonly folder: string
}

export interface Scenario {
  readonly name: string
  readonly summary: string
  readonly config: (places: Places) => string
  /**
   * Where every acknowledged event must be, one list of folders for each copy; together the folders
   * of a list have it. `logs` when left out.
   */
  readonly copies?: readonly (readonly string[])[]
  readonly env?: (places: Places) => NodeJS.ProcessEnv
  /** Who sends; clients of the forward protocol when left out. */
  readonly senders?: (places: Places) => readonly Sender[]
  /** Before the collector starts, for what must exist then; undone by `world.later`. */
  readonly prepare?: (world: World) => Promise<void>
  /**
   * Why the order of arrivals cannot be looked at. When left out, the first arrivals of each sender
   * must rise, unless it has sent again in any order.
   */
  readonly unordered?: string
  /** Where that holds for the events of each second only: chunks by time go as they are full. */
  readonly orderScope?: OrderScope
  /** Does harm while events come in, and calls `world.disturbed()` each time it has seen it. */
  readonly disturb: (world: World) => Promise<void>
  /** After everything is acknowledged, and before the collector must have delivered all. */
  readonly repair?: (world: World) => Promise<void>
}

/** A run of a scenario, as the scenario sees it. */
export interface World {
  readonly random: Random
  readonly places: Places
  readonly collector: Collector
  readonly senders: readonly Sender[]
  /** Of `chaos --kills`; the least number of rounds for scenarios that do not kill. */
  readonly kills: number
  /** Whether there is time for another round. */
  goesOn(round: number): boolean
  /** A time by chance; for when something happens, never for whether it has. */
  pause(leastMs: number, mostMs: number): Promise<void>
  /** Events acknowledged so far. */
  acknowledged(): number
  /** Resolves once so many more are acknowledged. */
  untilAcknowledged(more: number): Promise<void>
  /** Resolves once nothing is acknowledged any more while senders wait. */
  untilHeldBack(): Promise<void>
  /** Counts one thing that has been seen to go wrong; a run without any proves nothing. */
  disturbed(): void
  /** So many more duplicates can be explained, since they were on their way. */
  mayRepeat(events: number): void
  /** Something that must not be. */
  fault(message: string): void
  /** Is called at the end, the last one first, however it ends. */
  later(undo: () => Promise<void>): void
  /** Starts another collector in the same folder, which counts as this one does. */
  another(name: string, httpPort: number, config: string): Promise<Collector>
}
