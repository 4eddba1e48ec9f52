/**
 * How far a buffer is delivered: the lowest batch that is not, and those beyond it that are. What
 * is finished is kept as runs of neighbours, so that no number, however large, costs a loop.
 */
import { crc32 } from 'node:zlib'
import { newStoreId } from '../store-id.ts'

const VERSION = 1

/** A place between two batches. */
export interface Position {
  /** That of the batch behind it. */
  readonly sequence: number
  /** In all batches before it, since the buffer exists; NaN if that is not known. */
  readonly events: number
}

/** First and last of neighbouring sequences that are finished, and the events in them. */
export interface Run {
  first: number
  last: number
  events: number
}

interface State {
  readonly version: number
  readonly id: string
  readonly note: number
  readonly from: readonly [number, number]
  readonly finished: readonly (readonly [number, number, number])[]
  readonly written: readonly [number, number]
  readonly next: number
}

export class Progress {
  /** Of this buffer: no other one has it, so it makes its sequences unique. */
  readonly id: string
  /** Where the batches end that are known to have been written. */
  written: Position
  /** No batch has had this number yet, or a higher one. */
  next: number
  /** Grows from one time that this is noted to the next. */
  note = 0
  /** The lowest that is not finished is behind it. */
  #from: Position
  /** Beyond, ascending, none next to another. */
  #runs: Run[] = []

  constructor(from: Position, id = newStoreId()) {
    this.id = id
    this.#from = this.written = from
    this.next = from.sequence
  }

  get from(): Position {
    return this.#from
  }

  get runs(): readonly Readonly<Run>[] {
    return this.#runs
  }

  isFinished(sequence: number): boolean {
    if (sequence < this.#from.sequence) return true
    const run = this.#runs[this.#runAt(sequence)]
    return run !== undefined && run.first <= sequence
  }

  finish(first: number, last: number, events: number): void {
    const start = Math.max(first, this.#from.sequence)
    if (last < start) return
    if (this.#runs.length === 0 && start === this.#from.sequence) {
      this.#from = { sequence: last + 1, events: this.#from.events + events }
      return
    }
    const at = this.#runAt(start - 1)
    const neighbour = this.#runs[at]
    if (neighbour && neighbour.first <= start && neighbour.last >= last) return
    const run = { first: start, last, events }
    let end = at
    for (let next = this.#runs[end]; next && next.first <= last + 1; next = this.#runs[++end])
      join(run, next)
    this.#runs.splice(at, end - at, run)
    this.#advance()
  }

  /**
   * Finishes what lies between two places and cannot be handed out. Gives how many events of it
   * were not finished; NaN if that is not known.
   */
  lose(from: Position, to: Position): number {
    const start = from.sequence < this.#from.sequence ? this.#from : from
    if (to.sequence <= start.sequence) return 0
    let lost = to.events - start.events
    for (const run of this.#runs.slice(this.#runAt(start.sequence))) {
      if (run.first >= to.sequence) break
      if (run.first <= start.sequence && run.last >= to.sequence - 1) return 0
      // Of one that reaches over an end it is not known how much of it is inside.
      lost -= run.first >= start.sequence && run.last < to.sequence ? run.events : NaN
    }
    const events = to.events - start.events
    this.finish(start.sequence, to.sequence - 1, Number.isNaN(events) ? 0 : events)
    return Number.isNaN(lost) ? NaN : Math.max(0, lost)
  }

  encode(): Uint8Array {
    const { id, note, written, next } = this
    const state: State = {
      version: VERSION,
      ...{ id, note, next },
      from: [this.#from.sequence, this.#from.events],
      finished: this.#runs.map(({ first, last, events }) => [first, last, events] as const),
      written: [written.sequence, written.events],
    }
    const json = JSON.stringify(state)
    return Buffer.from(`${checksum(json)} ${json}\n`)
  }

  /** Undefined for what is damaged. Throws for a version that is not known. */
  static decode(bytes: Uint8Array): Progress | undefined {
    const [, sum, json] = /^([0-9a-f]{8}) (\{.*\})\n$/.exec(Buffer.from(bytes).toString()) ?? []
    if (json === undefined || sum !== checksum(json)) return undefined
    const state = JSON.parse(json) as State
    if (state.version !== VERSION)
      throw new Error(`version ${state.version}; expected version ${VERSION}`)
    const progress = new Progress(positionOf(state.from), state.id)
    progress.#runs = state.finished.map(([first, last, events]) => ({ first, last, events }))
    progress.written = positionOf(state.written)
    progress.next = state.next
    progress.note = state.note
    return progress
  }

  /** Index of the first run that does not end before a sequence. */
  #runAt(sequence: number): number {
    let low = 0
    let high = this.#runs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#runs[middle]!.last < sequence) low = middle + 1
      else high = middle
    }
    return low
  }

  #advance(): void {
    const [run] = this.#runs
    if (!run || run.first > this.#from.sequence) return
    this.#from = { sequence: run.last + 1, events: this.#from.events + run.events }
    this.#runs.shift()
  }
}

/** Takes a neighbour in, or one that overlaps; the events of one that is inside are counted. */
function join(run: Run, other: Run): void {
  const isInside = other.first >= run.first && other.last <= run.last
  if (!isInside) run.events += other.events
  run.first = Math.min(run.first, other.first)
  run.last = Math.max(run.last, other.last)
}

function positionOf([sequence, events]: readonly [number, number]): Position {
  return { sequence, events }
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0')
}
