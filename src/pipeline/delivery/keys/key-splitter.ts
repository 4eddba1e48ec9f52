/**
 * Cuts a stored batch into runs of events with one chunk key, by its bytes; nothing is copied or
 * decoded. With the tag as the only key, or none but it, a batch stays whole.
 */
import { entrySeconds } from '../../../codecs/entry.ts'
import { entryEnd } from '../../../codecs/record.ts'
import { EventFields } from '../../placeholders/event-fields.ts'
import { type HeldBatch, Piece } from '../piece.ts'
import { boundedValue, type ChunkKey, nameOfField } from './chunk-key.ts'
import type { ChunkKeySettings } from './settings.ts'

const UTC = { offsetAt: () => 0 }

export class KeySplitter {
  readonly #settings: ChunkKeySettings
  readonly #fields: EventFields
  readonly #fieldNames: readonly string[]
  readonly #isPerEvent: boolean

  constructor(settings: ChunkKeySettings) {
    this.#settings = settings
    this.#fields = new EventFields(settings.fields)
    this.#fieldNames = settings.fields.map(nameOfField)
    this.#isPerEvent = settings.time !== null || settings.fields.length > 0
  }

  /** In the batch's order. */
  split(held: HeldBatch): Piece[] {
    const { tag, entries, count } = held.stored
    if (!this.#isPerEvent) return [Piece.whole(held, this.#keyAt(tag, entries, 0))]
    const pieces: Piece[] = []
    let first = 0
    let start = 0
    let offset = 0
    for (let event = 0; event < count; event++) {
      const end = entryEnd(entries, offset)
      if (end >= entries.length || !this.#isSameKey(entries, offset, end)) {
        const span = { first, count: event + 1 - first, start, end }
        pieces.push(new Piece(held, span, this.#keyAt(tag, entries, start)))
        first = event + 1
        start = end
      }
      offset = end
    }
    return pieces
  }

  /** Whether two entries are of one slice and agree in all fields; allocates nothing. */
  #isSameKey(entries: Uint8Array, one: number, other: number): boolean {
    const { time } = this.#settings
    if (time !== null && sliceAt(time, entries, one) !== sliceAt(time, entries, other)) return false
    return this.#fields.areSame(entries, one, other)
  }

  #keyAt(batchTag: string, entries: Uint8Array, offset: number): ChunkKey {
    const { byTag, time } = this.#settings
    const tag = byTag ? batchTag : undefined
    const slice = time === null ? null : sliceAt(time, entries, offset)
    const values = this.#isPerEvent ? this.#fields.valuesAt(entries, offset).map(boundedValue) : []
    // What an event lacks is another key than what it has as "null".
    const id = JSON.stringify([
      slice,
      ...values.map((value) => value ?? null),
      ...(byTag ? [tag] : []),
    ])
    return {
      ...{ id, tag },
      time: slice === null ? undefined : time?.startOf(slice),
      clock: time?.clock ?? UTC,
      fields: new Map(this.#fieldNames.map((name, index) => [name, values[index]])),
    }
  }
}

function sliceAt(
  time: NonNullable<ChunkKeySettings['time']>,
  entries: Uint8Array,
  offset: number,
): number {
  return time.sliceAt(entrySeconds(entries, offset) * 1000)
}
