/**
 * Reads a condition. The grammar, loosest first:
 *
 *     condition := all ("or" all)*            all := one ("and" one)*
 *     one       := "not" one | "(" condition ")" | "exists" "(" field ")" | comparison
 *     comparison := (field | "tag" | "time") operator value
 *     operator  := == != < <= > >= =~ !~ contains startswith endswith ["not"] in
 *
 * Fields are in field-path.ts; a value is a number, a text in quotes, true, false, null, a list in
 * brackets behind `in`, or a /pattern/ behind =~ and !~.
 */
import { compileRegexp, type Regexp, RegexpError } from '../../codecs/regexp/regexp.ts'
import { ConditionError } from './condition-error.ts'
import { type FieldPath, foundAt, readFieldPath, readQuoted } from './field-path.ts'
import {
  AllOf,
  AnyOf,
  begins,
  ends,
  equals,
  exists,
  FieldTest,
  holds,
  inOrder,
  isOneOf,
  matches,
  Not,
  type Order,
  type Test,
} from './tests.ts'
import { tagTest, timeTest } from './event-tests.ts'
import type { Operand, Operator } from './operand.ts'
import type { Literal } from './values.ts'

const OPERATORS = /(==|!=|<=|>=|=~|!~|<|>|contains\b|startswith\b|endswith\b|not\s+in\b|in\b)/y
const EXPECTED_OPERATOR = '== != < <= > >= =~ !~ in contains startswith or endswith'
const NUMBER = /[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?(?![\w.])/iy
const WORD = /[a-z]+(?![\w.[-])/y
const DEPTH_MAX = 50

export class ConditionParser {
  readonly #text: string
  #position = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Throws a ConditionError. */
  parse(): Test {
    const test = this.#any()
    if (this.#position < this.#text.length) this.#fail('"and", "or" or the end')
    return test
  }

  #any(): Test {
    const tests = [this.#all()]
    while (this.#eatWord('or')) tests.push(this.#all())
    return tests.length === 1 ? tests[0]! : new AnyOf(tests)
  }

  #all(): Test {
    const tests = [this.#one()]
    while (this.#eatWord('and')) tests.push(this.#one())
    return tests.length === 1 ? tests[0]! : new AllOf(tests)
  }

  #one(): Test {
    if (++this.#depth > DEPTH_MAX)
      throw new ConditionError(`more than ${DEPTH_MAX} levels of "not" and (`, this.#position)
    const test = this.#oneInside()
    this.#depth--
    return test
  }

  #oneInside(): Test {
    if (this.#eatWord('not')) return new Not(this.#one())
    if (this.#eat('(')) {
      const test = this.#any()
      if (!this.#eat(')')) this.#fail('"and", "or" or )')
      return test
    }
    return /^exists\s*\(/.test(this.#text.slice(this.#position)) ? this.#exists() : this.#compare()
  }

  #exists(): Test {
    this.#eatWord('exists')
    this.#eat('(')
    const path = this.#path()
    if (!this.#eat(')')) this.#fail(')')
    return new FieldTest(path, exists)
  }

  #compare(): Test {
    const start = this.#position
    if (this.#isAtJoint()) this.#fail('a field, "tag", "time", exists(…) or (')
    const path = this.#path()
    const operator = this.#operator(path)
    const operand = this.#operand(operator)
    if (path.text === 'tag') return tagTest(operator, operand)
    if (path.text === 'time') return timeTest(operator, operand, start)
    return fieldTest(path, operator, operand)
  }

  /** At the end, or at a word between two conditions; a field of that name is written `$.and`. */
  #isAtJoint(): boolean {
    return /^$|^(and|or)(?![\w.[-])/.test(this.#text.slice(this.#position))
  }

  #path(): FieldPath {
    this.#skipSpace()
    const path = readFieldPath(this.#text, this.#position)
    this.#position = path.end
    this.#skipSpace()
    return path
  }

  #operator(path: FieldPath): Operator {
    OPERATORS.lastIndex = this.#position
    const found = OPERATORS.exec(this.#text)
    if (!found) {
      const isOne = /^=(?!=)/.test(this.#text.slice(this.#position))
      const hint = isOne ? '== ' : EXPECTED_OPERATOR
      const bare = `${hint.trim()}${isOne ? '' : `; that it is there is exists(${path.text})`}`
      return this.#fail(bare)
    }
    this.#position = OPERATORS.lastIndex
    this.#skipSpace()
    return found[0].replace(/\s+/, ' ') as Operator
  }

  #operand(operator: Operator): Operand {
    const position = this.#position
    if (operator === '=~' || operator === '!~')
      return { kind: 'regexp', regexp: this.#regexp(), position }
    if (operator === 'in' || operator === 'not in')
      return { kind: 'list', literals: this.#list(), position }
    const literal = this.#literal()
    const isOrder = operator.startsWith('<') || operator.startsWith('>')
    const isText = literal.kind === 'text'
    if (isOrder && !isText && literal.kind !== 'number')
      throw new ConditionError(`${operator} needs a number or a text in quotes`, position)
    if (/^(starts|ends)with$/.test(operator) && !isText)
      throw new ConditionError(`${operator} needs a text in quotes`, position)
    return { kind: 'literal', literal, position }
  }

  #list(): Literal[] {
    if (!this.#eat('[')) this.#fail('a list: ["a", "b"]')
    const literals = [this.#literal()]
    while (this.#eat(',')) literals.push(this.#literal())
    if (!this.#eat(']')) this.#fail(', or ]')
    return literals
  }

  #literal(): Literal {
    this.#skipSpace()
    const char = this.#text[this.#position]
    if (char === '"' || char === "'") return this.#quoted()
    NUMBER.lastIndex = this.#position
    const number = NUMBER.exec(this.#text)
    if (number) {
      this.#moveTo(NUMBER.lastIndex)
      return { kind: 'number', value: Number(number[0]) }
    }
    if (this.#eatWord('true')) return { kind: 'boolean', value: true }
    if (this.#eatWord('false')) return { kind: 'boolean', value: false }
    if (this.#eatWord('null')) return { kind: 'null' }
    return this.#fail('a value: a number, "text", true, false or null')
  }

  #quoted(): Literal {
    const { value, end } = readQuoted(this.#text, this.#position)
    this.#moveTo(end)
    return { kind: 'text', value, bytes: Buffer.from(value) }
  }

  /** `/pattern/` with flags behind it; a slash inside is written `\/`. */
  #regexp(): Regexp {
    const start = this.#position
    if (this.#text[start] !== '/') this.#fail('a pattern: /error/i')
    const found = /^\/((?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\[])*)\/([a-z]*)/su.exec(
      this.#text.slice(start),
    )
    if (!found) throw new ConditionError('the pattern has no closing /', start)
    this.#moveTo(start + found[0].length)
    try {
      return compileRegexp(found[1]!, found[2])
    } catch (error) {
      if (!(error instanceof RegexpError)) throw error
      throw new ConditionError(error.message, start + 1 + error.position)
    }
  }

  #eatWord(word: string): boolean {
    this.#skipSpace()
    WORD.lastIndex = this.#position
    if (WORD.exec(this.#text)?.[0] !== word) return false
    this.#moveTo(WORD.lastIndex)
    return true
  }

  #eat(char: string): boolean {
    this.#skipSpace()
    if (this.#text[this.#position] !== char) return false
    this.#moveTo(this.#position + 1)
    return true
  }

  #moveTo(position: number): void {
    this.#position = position
    this.#skipSpace()
  }

  #skipSpace(): void {
    while (/\s/.test(this.#text[this.#position] ?? '')) this.#position++
  }

  #fail(expected: string): never {
    const { length } = this.#text.trimEnd()
    const at = Math.min(this.#position, length)
    throw new ConditionError(`${foundAt(this.#text, this.#position)}; expected ${expected}`, at)
  }
}

function fieldTest(path: FieldPath, operator: Operator, operand: Operand): Test {
  if (operand.kind === 'regexp') {
    const test = new FieldTest(path, matches(operand.regexp))
    return operator === '!~' ? new Not(test) : test
  }
  if (operand.kind === 'list') {
    const test = new FieldTest(path, isOneOf(operand.literals))
    return operator === 'not in' ? new Not(test) : test
  }
  const { literal } = operand
  if (operator === '==') return new FieldTest(path, equals(literal))
  if (operator === '!=') return new Not(new FieldTest(path, equals(literal)))
  if (operator === 'contains') return new FieldTest(path, holds(literal))
  const bytes = literal.kind === 'text' ? literal.bytes : new Uint8Array()
  if (operator === 'startswith') return new FieldTest(path, begins(bytes))
  if (operator === 'endswith') return new FieldTest(path, ends(bytes))
  return new FieldTest(path, inOrder(operator as Order, literal))
}
