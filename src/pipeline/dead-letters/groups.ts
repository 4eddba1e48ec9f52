/**
 * How many letters of a file have the same output, tag, cause and reason. Reasons and tags come
 * from peers, so there are only so many groups; what comes later goes to one for all others.
 */
import type { LetterHead } from './letter-line.ts'

export interface Group {
  readonly output: string
  readonly tag: string
  readonly cause: LetterHead['cause']
  readonly reason: string
  events: number
}

type GroupedBy = Pick<LetterHead, 'output' | 'tag' | 'cause' | 'reason'>

const GROUPS_MAX = 200
/** Of reasons and tags; longer ones differ in what they quote. */
const TEXT_LENGTH_MAX = 200
export const OTHERS = '(other)'

export class Groups {
  readonly #groups: Group[] = []
  readonly #places = new Map<string, number>()

  get all(): readonly Group[] {
    return this.#groups
  }

  /** Counts a letter and returns the place of its group. */
  add(head: GroupedBy): number {
    const place = this.#placeOf(head)
    this.#groups[place]!.events++
    return place
  }

  remove(place: number): void {
    this.#groups[place]!.events--
  }

  /** Adds what another has counted. */
  addAll(other: Groups): void {
    for (const group of other.all)
      if (group.events > 0) this.#groups[this.#placeOf(group)]!.events += group.events
  }

  #placeOf(head: GroupedBy): number {
    const by = shortened(head)
    const known = this.#places.get(keyOf(by))
    if (known !== undefined) return known
    if (this.#groups.length < GROUPS_MAX) return this.#addGroup(by)
    const others = { ...by, tag: OTHERS, reason: OTHERS }
    return this.#places.get(keyOf(others)) ?? this.#addGroup(others)
  }

  #addGroup(by: GroupedBy): number {
    this.#places.set(keyOf(by), this.#groups.length)
    return this.#groups.push({ ...by, events: 0 }) - 1
  }
}

function shortened({ output, tag, cause, reason }: GroupedBy): GroupedBy {
  return { output, tag: cut(tag), cause, reason: cut(reason) }
}

function cut(text: string): string {
  return text.length <= TEXT_LENGTH_MAX ? text : `${text.slice(0, TEXT_LENGTH_MAX)}…`
}

function keyOf({ output, tag, cause, reason }: GroupedBy): string {
  return JSON.stringify([output, tag, cause, reason])
}
