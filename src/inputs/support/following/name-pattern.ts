/**
 * Pattern of one name in a path: `*`, `?`, `[a-z]`, `[!a-z]`; a backslash takes the next character
 * as it is. A name that begins with a dot fits only a pattern that begins with it.
 *
 * Whoever makes the files chooses their names, so the time is name length × pattern length at most:
 * where a character does not fit, the last `*` takes one more, and none of those before it has to.
 */

/** Fits one character. */
type Step = (character: string) => boolean

const STAR = Symbol('*')
const anything: Step = () => true

export class NamePattern {
  readonly #steps: readonly (Step | typeof STAR)[]
  readonly #fitsHidden: boolean

  /** Throws a TypeError that says what is wrong with `text`, which has no slash. */
  constructor(text: string) {
    this.#fitsHidden = !/^[*?[]/.test(text)
    this.#steps = readSteps([...text], text)
  }

  fits(name: string): boolean {
    if (name.startsWith('.') && !this.#fitsHidden) return false
    const characters = [...name]
    const steps = this.#steps
    let step = 0
    let at = 0
    /** Behind the last `*`, and up to where it reaches. */
    let retryStep = -1
    let retryAt = 0
    while (at < characters.length) {
      const next = steps[step]
      if (next === STAR) {
        retryStep = ++step
        retryAt = at
      } else if (next?.(characters[at]!)) {
        step++
        at++
      } else {
        if (retryStep < 0) return false
        step = retryStep
        at = ++retryAt
      }
    }
    while (steps[step] === STAR) step++
    return step === steps.length
  }
}

function readSteps(characters: readonly string[], text: string): (Step | typeof STAR)[] {
  const steps: (Step | typeof STAR)[] = []
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index]!
    if (character === '*') steps.push(STAR)
    else if (character === '?') steps.push(anything)
    else if (character === '[') {
      const end = characters.indexOf(']', index + 2)
      if (end < 0) throw new TypeError(`cannot read [ in ${text}: expected its ]`)
      steps.push(oneOf(characters.slice(index + 1, end).join(''), text))
      index = end
    } else steps.push(literal(character === '\\' ? (characters[++index] ?? '\\') : character))
  }
  return steps
}

function literal(expected: string): Step {
  return (character) => character === expected
}

function oneOf(inside: string, text: string): Step {
  const isNegated = /^[!^]/.test(inside)
  const escaped = inside.slice(isNegated ? 1 : 0).replaceAll(/[\\\]^[&]/g, '\\$&')
  try {
    const characters = new RegExp(`^[${isNegated ? '^' : ''}${escaped}]$`, 'su')
    return (character) => characters.test(character)
  } catch (cause) {
    const message = `cannot read [${inside}] in ${text}: expected characters, or ranges like a-z`
    throw new TypeError(message, { cause })
  }
}
