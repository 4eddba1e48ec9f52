/** Joins the lines of stack traces (traces.ts); every other line is an event of its own. */
import { compileRegexp, type Regexp } from '../regexp/regexp.ts'
import { headText, type MultilineRule } from './multiline.ts'
import { type Language, OUTSIDE, TRACES } from './traces.ts'

interface Transition {
  readonly pattern: Regexp
  readonly to: number
}

export class TraceRule implements MultilineRule {
  continues = false
  isOpen = false
  /** By the number of a state; 0 is outside. */
  readonly #transitions: readonly (readonly Transition[])[]

  constructor(languages: readonly Language[]) {
    this.#transitions = compile(languages)
  }

  next(state: number, bytes: Uint8Array, start: number, end: number): number {
    const text = headText(bytes, start, end)
    let next = state === 0 ? -1 : this.#follow(state, text)
    this.continues = next >= 0
    // A line that does not go on with a trace may begin another.
    if (next < 0) next = Math.max(0, this.#follow(0, text))
    this.isOpen = next > 0
    return next
  }

  /** The state behind the line, or -1. */
  #follow(state: number, text: string): number {
    const transitions = this.#transitions[state]!
    for (let index = 0; index < transitions.length; index++) {
      if (transitions[index]!.pattern.test(text)) return transitions[index]!.to
    }
    return -1
  }
}

function compile(languages: readonly Language[]): readonly (readonly Transition[])[] {
  const rules = languages.flatMap((language) => TRACES[language])
  const names = [...new Set([OUTSIDE, ...rules.flatMap(({ from, to }) => [...from, to])])]
  return names.map((name) =>
    rules
      .filter(({ from }) => from.includes(name))
      // As users' patterns are: some would take long for a line that is made to have them do so.
      .map(({ pattern, to }) => ({
        pattern: compileRegexp(pattern.source),
        to: names.indexOf(to),
      })),
  )
}
