/**
 * Reads the source of a regular expression: JavaScript's syntax as far as it can be searched in
 * linear time, and what other tools' patterns have besides (`(?P<name>…)`, `(?i)`, `\A`, `\z`,
 * `[[:alpha:]]`). Whatever would mean something else is an error with its place. The alphabet is
 * UTF-16 units, as in JavaScript without the flag `u`.
 */
import { ALL, NOT_LINE_END } from './char-set.ts'
import { ClassReader } from './class-reader.ts'
import { RegexpError } from './regexp-error.ts'
import type { RegexpNode } from './tree.ts'

/** Parentheses inside parentheses. */
const DEPTH_MAX = 100
const REPEAT_MAX = 1000

export interface ParserFlags {
  readonly ignoreCase: boolean
  readonly dotAll: boolean
  readonly multiline: boolean
}

export interface ParsedRegexp {
  readonly tree: RegexpNode
  /** `(?m)` may have set it. */
  readonly multiline: boolean
}

/** Throws a RegexpError. */
export function parseRegexp(source: string, flags: ParserFlags): ParsedRegexp {
  return new Parser(source, flags).parse()
}

class Parser {
  readonly #source: string
  readonly #names = new Set<string>()
  #multiline: boolean
  #ignoreCase: boolean
  #dotAll: boolean
  #position = 0
  #depth = 0

  constructor(source: string, flags: ParserFlags) {
    this.#source = source
    this.#multiline = flags.multiline
    this.#ignoreCase = flags.ignoreCase
    this.#dotAll = flags.dotAll
  }

  parse(): ParsedRegexp {
    this.#leadingFlags()
    const tree = this.#choice()
    if (this.#position < this.#source.length)
      throw new RegexpError(
        ') without a ( before it; expected \\) for the character',
        this.#position,
      )
    return { tree, multiline: this.#multiline }
  }

  /** `(?i)` and the like are for the whole pattern, so they may stand at its beginning only. */
  #leadingFlags(): void {
    const found = /^\(\?([ims]+)\)/.exec(this.#source)
    if (!found) return
    const [all, letters] = found as unknown as [string, string]
    this.#position = all.length
    if (letters.includes('i')) this.#ignoreCase = true
    if (letters.includes('s')) this.#dotAll = true
    if (letters.includes('m')) this.#multiline = true
  }

  #choice(): RegexpNode {
    const options = [this.#sequence()]
    while (this.#eat('|')) options.push(this.#sequence())
    return options.length === 1 ? options[0]! : { kind: 'choice', options }
  }

  #sequence(): RegexpNode {
    const items: RegexpNode[] = []
    while (this.#position < this.#source.length && !'|)'.includes(this.#next()))
      items.push(this.#repeated())
    return items.length === 1 ? items[0]! : { kind: 'sequence', items }
  }

  #repeated(): RegexpNode {
    const start = this.#position
    const inner = this.#atom()
    const position = this.#position
    const bounds = this.#bounds()
    if (!bounds) return inner
    if (inner.kind === 'assertion')
      throw new RegexpError(`${this.#source.slice(start, position)} cannot be repeated`, position)
    const isLazy = this.#eat('?')
    if (this.#eat('+'))
      throw new RegexpError('a possessive repetition is not possible in linear time', position)
    const again = this.#position
    if (this.#bounds()) throw new RegexpError('nothing to repeat; expected \\ before it', again)
    return { kind: 'repeat', inner, ...bounds, isLazy, position }
  }

  #bounds(): { min: number; max: number } | null {
    if (this.#eat('*')) return { min: 0, max: Infinity }
    if (this.#eat('+')) return { min: 1, max: Infinity }
    if (this.#eat('?')) return { min: 0, max: 1 }
    const found = /^\{(\d*)(,?)(\d*)\}/.exec(
      this.#source.slice(this.#position, this.#position + 32),
    )
    // A brace that counts nothing is itself, as everywhere but in JavaScript's `u`.
    if (!found || (found[1] === '' && found[3] === '')) return null
    const [all, least, comma, most] = found as unknown as [string, string, string, string]
    const min = Number(least)
    const max = comma === '' ? min : most === '' ? Infinity : Number(most)
    if (min > max || min > REPEAT_MAX || (max > REPEAT_MAX && max !== Infinity)) {
      const expected = `the smaller number first, at most ${REPEAT_MAX}`
      throw new RegexpError(`${all} cannot be counted; expected ${expected}`, this.#position)
    }
    this.#position += all.length
    return { min, max }
  }

  #atom(): RegexpNode {
    const char = this.#next()
    const start = this.#position
    if ('*+?'.includes(char))
      throw new RegexpError(`nothing to repeat before ${char}; expected \\${char}`, start)
    if (this.#eat('(')) return this.#group(start)
    if (this.#eat('^')) return { kind: 'assertion', text: '^' }
    if (this.#eat('$')) return { kind: 'assertion', text: '$' }
    if (this.#eat('.')) return { kind: 'set', set: this.#dotAll ? ALL : NOT_LINE_END }
    return char === '\\' ? this.#escape() : this.#characters()
  }

  #characters(): RegexpNode {
    const reader = new ClassReader(this.#source, this.#position, this.#ignoreCase)
    const sets = reader.bracketsOrCharacter()
    this.#position = reader.position
    const items = sets.map((set): RegexpNode => ({ kind: 'set', set }))
    return items.length === 1 ? items[0]! : { kind: 'sequence', items }
  }

  #escape(): RegexpNode {
    const start = this.#position
    const letter = this.#source[start + 1] ?? ''
    if (letter === 'b' || letter === 'B') return this.#assertion(letter === 'b' ? '\\b' : '\\B')
    if (letter === 'A' || letter === 'z' || letter === 'Z') return this.#edgeOfText(letter)
    if (/[1-9k]/.test(letter))
      throw new RegexpError('a back-reference is not possible in linear time', start)
    return this.#characters()
  }

  #assertion(text: '\\b' | '\\B' | '^' | '$'): RegexpNode {
    this.#position += 2
    return { kind: 'assertion', text }
  }

  #edgeOfText(letter: string): RegexpNode {
    if (!this.#multiline) return this.#assertion(letter === 'A' ? '^' : '$')
    throw new RegexpError(`\\${letter} cannot be had with the flag m`, this.#position)
  }

  #group(start: number): RegexpNode {
    if (++this.#depth > DEPTH_MAX)
      throw new RegexpError(`more than ${DEPTH_MAX} parentheses inside each other`, start)
    const before = { ignoreCase: this.#ignoreCase, dotAll: this.#dotAll }
    const name = this.#groupName(start)
    const inner = this.#choice()
    if (!this.#eat(')')) throw new RegexpError('( without a ) behind it; expected \\(', start)
    this.#depth--
    this.#ignoreCase = before.ignoreCase
    this.#dotAll = before.dotAll
    return name === undefined ? inner : { kind: 'capture', name, inner }
  }

  /** Undefined for a group that captures nothing, null for one that has a number only. */
  #groupName(start: number): string | null | undefined {
    if (!this.#eat('?')) return null
    const rest = this.#source.slice(this.#position, this.#position + 300)
    const flags = /^([is]*)(?:-([is]+))?:/.exec(rest)
    if (flags) {
      this.#position += flags[0].length
      this.#setFlags(flags[1] ?? '', true)
      this.#setFlags(flags[2] ?? '', false)
      return undefined
    }
    if (/^(=|!|<=|<!)/.test(rest))
      throw new RegexpError('looking ahead or behind is not possible in linear time', start)
    const named = /^P?<([A-Za-z_]\w*)>/.exec(rest)
    if (!named) throw new RegexpError(`unknown kind of group; expected ${GROUPS}`, start)
    this.#position += named[0].length
    return this.#newName(named[1]!, start)
  }

  #newName(name: string, start: number): string {
    if (this.#names.has(name)) throw new RegexpError(`two groups are named ${name}`, start)
    this.#names.add(name)
    return name
  }

  #setFlags(letters: string, value: boolean): void {
    if (letters.includes('i')) this.#ignoreCase = value
    if (letters.includes('s')) this.#dotAll = value
  }

  #next(): string {
    return this.#source[this.#position] ?? ''
  }

  #eat(char: string): boolean {
    if (this.#source[this.#position] !== char) return false
    this.#position++
    return true
  }
}

const GROUPS = '(…), (?:…), (?<name>…), (?i:…), or (?i) at the very beginning'
