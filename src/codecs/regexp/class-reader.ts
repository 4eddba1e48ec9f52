/** Reads one character of a pattern, an escape that stands for some, or a class in brackets. */
import {
  type CharSet,
  complement,
  DIGITS,
  foldCase,
  normalize,
  POSIX,
  SPACE,
  unicodeProperty,
  WORD,
} from './char-set.ts'
import { RegexpError } from './regexp-error.ts'

const CLASSES: Readonly<Record<string, CharSet>> = {
  d: DIGITS,
  D: complement(DIGITS),
  w: WORD,
  W: complement(WORD),
  s: SPACE,
  S: complement(SPACE),
}
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, 0: 0 }
const NAME_LENGTH_MAX = 100

export class ClassReader {
  position: number
  readonly #source: string
  readonly #ignoreCase: boolean

  constructor(source: string, position: number, ignoreCase: boolean) {
    this.#source = source
    this.position = position
    this.#ignoreCase = ignoreCase
  }

  /** One set for each unit: two for a character beyond U+FFFF. */
  bracketsOrCharacter(): CharSet[] {
    if (this.#source[this.position] === '[') return [this.#brackets()]
    const code = this.#source.codePointAt(this.position)!
    if (code <= 0xffff) return [this.#fold(this.#item(false))]
    const text = String.fromCodePoint(code)
    this.position += text.length
    return text.split('').map((unit) => single(unit.charCodeAt(0)))
  }

  #brackets(): CharSet {
    const start = this.position++
    const isNegated = this.#eat('^')
    const ranges: number[] = []
    while (!this.#eat(']')) {
      if (this.position >= this.#source.length)
        throw new RegexpError('[ without a ] behind it; expected \\[ for the character', start)
      ranges.push(...this.#range())
    }
    if (ranges.length === 0)
      throw new RegexpError('nothing between [ and ]; expected \\] for the character ]', start)
    const set = this.#fold(ranges)
    return isNegated ? complement(set) : set
  }

  /** Before it is negated: `[^a]` without case is neither a nor A. */
  #fold(set: CharSet): CharSet {
    return this.#ignoreCase ? foldCase(set) : normalize(set)
  }

  #range(): CharSet {
    const start = this.position
    const posix = this.#posix()
    if (posix) return posix
    const first = this.#item(true)
    const isRange = this.#source[this.position] === '-' && this.#source[this.position + 1] !== ']'
    if (!isRange || this.position + 1 >= this.#source.length) return first
    if (!isSingle(first)) return first
    this.position++
    const last = this.#item(true)
    if (isSingle(last) && first[0]! <= last[0]!) return [first[0]!, last[0]!]
    const text = this.#source.slice(start, this.position)
    throw new RegexpError(`${text} is no range; expected the smaller character first`, start)
  }

  #posix(): CharSet | null {
    const found = /^\[:(\^?)(\w+):\]/.exec(this.#source.slice(this.position, this.position + 16))
    if (!found) return null
    const set = Object.hasOwn(POSIX, found[2]!) ? POSIX[found[2]!] : undefined
    if (!set) {
      const expected = Object.keys(POSIX).join(', ')
      throw new RegexpError(`no class is named ${found[2]}; expected ${expected}`, this.position)
    }
    this.position += found[0].length
    return found[1] === '^' ? complement(set) : set
  }

  #item(isInBrackets: boolean): CharSet {
    const code = this.#source.codePointAt(this.position)!
    if (code > 0xffff)
      throw new RegexpError('a character beyond U+FFFF cannot stand in brackets', this.position)
    if (code === 0x5c) return this.#escape(isInBrackets)
    this.position++
    return single(code)
  }

  #escape(isInBrackets: boolean): CharSet {
    const start = this.position
    const letter = this.#source[start + 1]
    if (letter === undefined) throw new RegexpError('nothing behind \\; expected \\\\', start)
    this.position += 2
    if (Object.hasOwn(CLASSES, letter)) return CLASSES[letter]!
    if (letter === 'p' || letter === 'P') return this.#property(letter === 'P', start)
    if (letter === 'x') return this.#hex(/^([0-9a-f]{2})/i, start)
    if (letter === 'u') return this.#hex(/^([0-9a-f]{4})|^\{([0-9a-f]{1,4})\}/i, start)
    if (letter === 'b' && isInBrackets) return single(8)
    if (Object.hasOwn(CONTROLS, letter)) return single(CONTROLS[letter]!)
    if (!/[A-Za-z0-9]/.test(letter)) return single(letter.charCodeAt(0))
    throw new RegexpError(`\\${letter} has no meaning here; expected ${letter}`, start)
  }

  #hex(form: RegExp, start: number): CharSet {
    const found = form.exec(this.#source.slice(this.position, this.position + 8))
    if (!found) throw new RegexpError('expected \\x41 or \\u00e4, up to U+FFFF', start)
    this.position += found[0].length
    return single(Number.parseInt(found[1] ?? found[2]!, 16))
  }

  #property(isNegated: boolean, start: number): CharSet {
    const rest = this.#source.slice(this.position, this.position + NAME_LENGTH_MAX)
    const found = /^\{([\w=]+)\}|^([A-Z])/.exec(rest)
    const set = found && unicodeProperty(found[1] ?? found[2]!)
    if (!found || !set)
      throw new RegexpError('no such property; expected one of Unicode, like \\p{Lu}', start)
    this.position += found[0].length
    return isNegated ? complement(set) : set
  }

  #eat(char: string): boolean {
    if (this.#source[this.position] !== char) return false
    this.position++
    return true
  }
}

function single(unit: number): CharSet {
  return [unit, unit]
}

function isSingle(set: CharSet): boolean {
  return set.length === 2 && set[0] === set[1]
}
