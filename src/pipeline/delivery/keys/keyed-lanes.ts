/**
 * What waits for its first attempt where chunks have keys: lanes (../lanes.ts) for each key, so a
 * chunk is of one key, and events of a tag are in order within it. The keys take turns, the one
 * first whose oldest event has waited longest. Of too many keys the oldest is sent before its time.
 */
import type { BatchLimit } from '../../buffers/batch-store.ts'
import { Lanes } from '../lanes.ts'
import type { Piece } from '../piece.ts'

export interface KeyedLanesOptions {
  readonly isOrdered: boolean
  /** Of a chunk. */
  readonly limit: BatchLimit
  readonly openMax: number
  /** Called for a chunk that is sent though it is neither full nor due. */
  readonly onClosedEarly: () => void
}

/** What is of one key. */
class Group {
  readonly id: string
  readonly lanes: Lanes

  constructor(id: string, isOrdered: boolean) {
    this.id = id
    this.lanes = new Lanes(isOrdered)
  }
}

export class KeyedLanes {
  readonly #options: KeyedLanesOptions
  /** All that something waits of or is on its way, by id. */
  readonly #groups = new Map<string, Group>()
  /** Those with something that may be taken; the one that was served last is last. */
  readonly #open = new Set<Group>()
  /** Those of them that fill a chunk. */
  readonly #full = new Set<Group>()
  /** By lane that is on its way. */
  readonly #busy = new Map<string, Group>()
  #oldest: Group | null = null

  constructor(options: KeyedLanesOptions) {
    this.#options = options
  }

  /** How many keys have something that may be taken. */
  get open(): number {
    return this.#open.size
  }

  /** More keys than may be open. */
  get isCrowded(): boolean {
    return this.#open.size > this.#options.openMax
  }

  /** Monotonic milliseconds from which something is to be sent. */
  get dueAtMs(): number {
    return this.isCrowded ? -Infinity : (this.#oldest?.lanes.dueAtMs ?? Infinity)
  }

  fills(): boolean {
    return this.#full.size > 0
  }

  add(piece: Piece): void {
    const group = this.#obtain(piece.key!.id)
    group.lanes.add(piece)
    this.#show(group)
  }

  /** Pieces of one chunk within the limit, but at least one event; empty if nothing may go. */
  take(limit: BatchLimit, nowMs: number): Piece[] {
    const group = this.#next(nowMs)
    if (!group) return []
    const pieces = group.lanes.take(limit)
    if (this.#options.isOrdered) for (const { lane } of pieces) this.#busy.set(lane, group)
    if (group.lanes.isEmpty) this.#groups.delete(group.id)
    this.#hide(group)
    this.#show(group)
    return pieces
  }

  /** The lane is not on its way any more. */
  release(lane: string): void {
    const group = this.#busy.get(lane)
    if (!group) return
    this.#busy.delete(lane)
    group.lanes.release(lane)
    if (group.lanes.isEmpty) this.#groups.delete(group.id)
    this.#show(group)
  }

  #obtain(id: string): Group {
    const known = this.#groups.get(id)
    if (known) return known
    const group = new Group(id, this.#options.isOrdered)
    this.#groups.set(id, group)
    return group
  }

  #next(nowMs: number): Group | null {
    const oldest = this.#oldest
    if (!oldest || oldest.lanes.dueAtMs <= nowMs) return oldest
    if (!this.isCrowded) for (const full of this.#full) return full
    if (!this.#full.has(oldest)) this.#options.onClosedEarly()
    return oldest
  }

  /** After something was added to what may be taken. */
  #show(group: Group): void {
    const { lanes } = group
    if (lanes.dueAtMs === Infinity) return
    this.#open.add(group)
    if (lanes.fills(this.#options.limit)) this.#full.add(group)
    if (!this.#oldest || lanes.dueAtMs < this.#oldest.lanes.dueAtMs) this.#oldest = group
  }

  /** Before what is left is shown again. */
  #hide(group: Group): void {
    this.#open.delete(group)
    this.#full.delete(group)
    if (this.#oldest !== group) return
    this.#oldest = null
    for (const other of this.#open)
      if (!this.#oldest || other.lanes.dueAtMs < this.#oldest.lanes.dueAtMs) this.#oldest = other
  }
}
