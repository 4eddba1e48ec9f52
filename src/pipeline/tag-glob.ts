/**
 * Globs over tags, exactly as Fluentd's GlobMatchPattern: `*` is any run without a dot, `**` any
 * run, `a.**` also fits `a`, `**.a` also fits `a`, `{a,b}` is either and may be nested, a backslash
 * takes the next character as it is, a lone dot at the end is ignored.
 *
 * Fluentd makes a regular expression of it. We run the same automaton over all its states at once,
 * so the time is tag length × pattern length whatever a sender puts into its tag.
 */
import { TagPatternError } from './tag-pattern-error.ts'

type Instruction =
  | { readonly op: 'character'; readonly code: number }
  | { readonly op: 'anything' }
  | { readonly op: 'no_dot' }
  | { readonly op: 'tag_start' }
  /** At the end of the tag or before a dot. */
  | { readonly op: 'part_end' }
  | { readonly op: 'jump'; to: number }
  /** Goes on behind itself and at `to`. */
  | { readonly op: 'fork'; to: number }
  /** Fits whatever is left of the tag. */
  | { readonly op: 'rest' }
  | { readonly op: 'end' }

/** `start` is where the pattern begins in the whole text, for error positions. */
export function compileTagGlob(pattern: string, start: number): (tag: string) => boolean {
  if (!/[*{}\\]|\.$/.test(pattern)) return (tag) => tag === pattern
  const program = new GlobCompiler(pattern, start).compile()
  const run = new GlobRun(program)
  return (tag) => run.matches(tag)
}

class GlobCompiler {
  readonly #pattern: string
  readonly #start: number
  readonly #program: Instruction[] = []
  #position = 0

  constructor(pattern: string, start: number) {
    this.#pattern = pattern
    this.#start = start
  }

  compile(): readonly Instruction[] {
    this.#sequence(0)
    this.#program.push({ op: 'end' })
    return this.#program
  }

  /** Up to the end, or inside braces to the comma or brace that ends this alternative. */
  #sequence(depth: number): void {
    while (this.#position < this.#pattern.length) {
      const character = this.#pattern[this.#position]!
      if (depth > 0 && (character === ',' || character === '}')) return
      if (character === '{') this.#alternatives(depth + 1)
      else if (character === '*') this.#star(depth)
      else if (character === '.') this.#dot(depth)
      else this.#literal(character)
    }
  }

  #dot(depth: number): void {
    this.#position++
    if (this.#startsWith('**')) {
      this.#program.push({ op: 'part_end' })
      return
    }
    const isLast = this.#position === this.#pattern.length
    if (!isLast || depth > 0) this.#program.push(characterOf('.'))
  }

  #star(depth: number): void {
    if (!this.#startsWith('**')) {
      this.#position++
      this.#repeat({ op: 'no_dot' })
      return
    }
    this.#position += 2
    if (depth === 0 && this.#position === this.#pattern.length) this.#program.push({ op: 'rest' })
    else if (this.#startsWith('.')) this.#leadingParts()
    else this.#repeat({ op: 'anything' })
  }

  /** `**.`: any run that ends in a dot, or nothing at the start of the tag. */
  #leadingParts(): void {
    this.#position++
    const fork = this.#push({ op: 'fork', to: 0 })
    this.#repeat({ op: 'anything' })
    this.#program.push(characterOf('.'))
    const jump = this.#push({ op: 'jump', to: 0 })
    fork.to = this.#program.length
    this.#program.push({ op: 'tag_start' })
    jump.to = this.#program.length
  }

  #alternatives(depth: number): void {
    const jumps: { to: number }[] = []
    for (;;) {
      this.#position++
      const fork = this.#push({ op: 'fork', to: 0 })
      this.#sequence(depth)
      jumps.push(this.#push({ op: 'jump', to: 0 }))
      fork.to = this.#program.length
      if (this.#pattern[this.#position] !== ',') break
    }
    // The last fork leads here when no alternative is left: a state that nothing leaves.
    this.#program.push({ op: 'jump', to: this.#program.length })
    this.#position++
    for (const jump of jumps) jump.to = this.#program.length
  }

  #literal(character: string): void {
    this.#position++
    if (character !== '\\') {
      this.#program.push(characterOf(character))
      return
    }
    const escaped = this.#pattern[this.#position]
    if (escaped === undefined) {
      const at = this.#start + this.#position - 1
      throw new TagPatternError('nothing follows the backslash', at)
    }
    this.#position++
    this.#program.push(characterOf(escaped))
  }

  #repeat(instruction: Instruction): void {
    const loop = this.#program.length
    const fork = this.#push({ op: 'fork', to: 0 })
    this.#program.push(instruction, { op: 'jump', to: loop })
    fork.to = this.#program.length
  }

  #push<Pushed extends Instruction>(instruction: Pushed): Pushed {
    this.#program.push(instruction)
    return instruction
  }

  #startsWith(text: string): boolean {
    return this.#pattern.startsWith(text, this.#position)
  }
}

/** Steps through a tag with the set of all states the program can be in. */
class GlobRun {
  readonly #program: readonly Instruction[]
  readonly #seen: Int32Array
  readonly #todo: number[] = []
  #states: number[] = []
  #nextStates: number[] = []

  constructor(program: readonly Instruction[]) {
    this.#program = program
    this.#seen = new Int32Array(program.length)
  }

  matches(tag: string): boolean {
    this.#seen.fill(-1)
    this.#nextStates.length = 0
    if (this.#enter(0, tag, 0)) return true
    for (let position = 0; position < tag.length; position++) {
      this.#swap()
      if (this.#states.length === 0) return false
      if (this.#step(tag, position)) return true
    }
    return this.#nextStates.some((state) => this.#program[state]!.op === 'end')
  }

  /** Whether the rest of the tag fits whatever it is. */
  #step(tag: string, position: number): boolean {
    const code = tag.charCodeAt(position)
    for (const state of this.#states) {
      const instruction = this.#program[state]!
      if (takes(instruction, code) && this.#enter(state + 1, tag, position + 1)) return true
    }
    return false
  }

  /** Adds a state and all that it leads to without a character; true as for `#step`. */
  #enter(first: number, tag: string, position: number): boolean {
    this.#todo.push(first)
    for (let state = this.#todo.pop(); state !== undefined; state = this.#todo.pop()) {
      if (this.#seen[state] === position) continue
      this.#seen[state] = position
      const instruction = this.#program[state]!
      if (instruction.op === 'rest') {
        this.#todo.length = 0
        return true
      }
      this.#follow(state, instruction, tag, position)
    }
    return false
  }

  #follow(state: number, instruction: Instruction, tag: string, position: number): void {
    switch (instruction.op) {
      case 'jump':
        this.#todo.push(instruction.to)
        return
      case 'fork':
        this.#todo.push(instruction.to, state + 1)
        return
      case 'tag_start':
        if (position === 0) this.#todo.push(state + 1)
        return
      case 'part_end':
        if (position === tag.length || tag[position] === '.') this.#todo.push(state + 1)
        return
      case 'character':
      case 'anything':
      case 'no_dot':
      case 'rest':
      case 'end':
        this.#nextStates.push(state)
    }
  }

  #swap(): void {
    const states = this.#states
    this.#states = this.#nextStates
    this.#nextStates = states
    states.length = 0
  }
}

function takes(instruction: Instruction, code: number): boolean {
  if (instruction.op === 'character') return instruction.code === code
  if (instruction.op === 'no_dot') return code !== DOT
  return instruction.op === 'anything'
}

const DOT = 0x2e

function characterOf(character: string): Instruction {
  return { op: 'character', code: character.charCodeAt(0) }
}
