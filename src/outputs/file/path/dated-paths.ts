/**
 * What the time in a path says about its file: whether that time is over, and which of two files
 * is of the later time. For a template without strftime no file is ever over and none is later.
 *
 * With `time: event` a file may get late events at any time, so it is over only when it has not
 * been written for a while too; an event that is even later begins it again.
 */
import type { Regexp } from '../../../codecs/regexp/regexp.ts'
import { DIRECTIVES, LEVELS } from '../../../pipeline/placeholders/strftime.ts'
import { compilePattern, type PathTemplate } from './path-template.ts'
import type { Zone } from '../../../codecs/time/zone.ts'

const QUIET_MIN_MS = 300_000
/** What arrived at the end of a slice is on its way to the file for a moment. */
const ARRIVAL_QUIET_MS = 1000
const LOOK_MIN_MS = 1000
const LOOK_MAX_MS = 60_000

export class DatedPaths {
  readonly #template: PathTemplate
  readonly #zone: Zone
  readonly #quietMs: number
  /** How often to look at the clock, for files that are over or have to be rotated. */
  readonly lookEveryMs: number
  /** Its names with the times as groups, and which directive each group is. */
  readonly #timed: readonly Regexp[]
  readonly #letters: readonly string[]
  /** Directives that order two files, the coarsest first. */
  readonly #rank: readonly string[]
  /** Its names as they are in the slice of time `#slice`. */
  #current: readonly Regexp[] = []
  #slice = NaN

  constructor(template: PathTemplate, zone: Zone, time: 'event' | 'arrival') {
    const { components, sliceMs } = template
    const isEventTime = time === 'event'
    this.#template = template
    this.#zone = zone
    this.#quietMs = isEventTime ? Math.max(sliceMs, QUIET_MIN_MS) : ARRIVAL_QUIET_MS
    this.lookEveryMs =
      isEventTime || sliceMs === 0
        ? LOOK_MAX_MS
        : Math.min(Math.max(sliceMs, LOOK_MIN_MS), LOOK_MAX_MS)
    this.#timed = components.map(({ parts }) =>
      compilePattern(parts, '[^@/]+?', (letter) => `(${DIRECTIVES[letter]!.pattern})`),
    )
    this.#letters = components.flatMap(({ parts }) =>
      parts.flatMap((part) => (part.kind === 'time' ? [part.letter] : [])),
    )
    this.#rank = rankOf(this.#letters)
  }

  get isDated(): boolean {
    return this.#template.sliceMs > 0
  }

  /** Whether an event of this moment would have such a path. */
  isCurrent(path: string, nowMs: number): boolean {
    if (!this.isDated) return true
    this.#moveTo(nowMs)
    const names = this.#template.namesIn(path)
    return this.#current.every((pattern, index) => pattern.test(names?.[index] ?? ''))
  }

  /** Whether nothing more is expected in a file that was written last at this time. */
  isOver(path: string, writtenAtMs: number, nowMs: number): boolean {
    return this.isDated && nowMs - writtenAtMs >= this.#quietMs && !this.isCurrent(path, nowMs)
  }

  /** Orders paths by their times as text; all are equal when no year is in them. */
  rank(path: string): string {
    if (this.#rank.length === 0) return ''
    const names = this.#template.namesIn(path)
    const texts = this.#timed.flatMap((pattern, index) =>
      (pattern.exec(names?.[index] ?? '') ?? []).slice(1),
    )
    const inOrder = this.#rank.map((letter) => {
      const text = texts[this.#letters.indexOf(letter)] ?? ''
      return DIRECTIVES[letter]!.sortable?.(text) ?? text
    })
    return inOrder.join(' ')
  }

  /** Whether `path` is of a later time than `other`. */
  isLater(path: string, other: string, nowMs: number): boolean {
    if (this.isCurrent(other, nowMs)) return false
    return this.isCurrent(path, nowMs) || this.rank(path) > this.rank(other)
  }

  #moveTo(nowMs: number): void {
    const slice = Math.floor(nowMs / this.#template.sliceMs)
    if (slice === this.#slice) return
    this.#slice = slice
    const offset = this.#zone.offsetAt(nowMs)
    const wall = new Date(nowMs + offset)
    this.#current = this.#template.components.map(({ parts }) =>
      compilePattern(parts, '[^@/]+?', (letter) =>
        // What a directive renders has no special characters but the sign of %z.
        DIRECTIVES[letter]!.render(wall, nowMs, offset).replace('+', '\\+'),
      ),
    )
  }
}

/** One directive for each level of the calendar, down to the first that the template leaves out. */
function rankOf(letters: readonly string[]): string[] {
  const rank = new Set<string>()
  for (const level of LEVELS) {
    const letter = [...level].find((letter) => letters.includes(letter))
    if (letter === undefined) break
    rank.add(letter)
  }
  return [...rank]
}
