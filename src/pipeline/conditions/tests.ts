/** The parts of a compiled condition: each says of an entry whether it is so. */
import type { Regexp } from '../../codecs/regexp/regexp.ts'
import { ENTRY_RECORD_OFFSET, entryNanoseconds, entrySeconds } from '../../codecs/entry.ts'
import { findNested, valueAsText } from '../placeholders/field-value.ts'
import type { FieldPath } from './field-path.ts'
import { compare, contains, endsWith, isEqual, type Literal, startsWith } from './values.ts'

export interface Test {
  /** `entry` is where it starts in `bytes`. */
  fits(bytes: Uint8Array, entry: number, tag: string): boolean
}

export type Order = '<' | '<=' | '>' | '>='

export class AllOf implements Test {
  readonly #tests: readonly Test[]

  constructor(tests: readonly Test[]) {
    this.#tests = tests
  }

  fits(bytes: Uint8Array, entry: number, tag: string): boolean {
    for (const test of this.#tests) if (!test.fits(bytes, entry, tag)) return false
    return true
  }
}

export class AnyOf implements Test {
  readonly #tests: readonly Test[]

  constructor(tests: readonly Test[]) {
    this.#tests = tests
  }

  fits(bytes: Uint8Array, entry: number, tag: string): boolean {
    for (const test of this.#tests) if (test.fits(bytes, entry, tag)) return true
    return false
  }
}

export class Not implements Test {
  readonly #test: Test

  constructor(test: Test) {
    this.#test = test
  }

  fits(bytes: Uint8Array, entry: number, tag: string): boolean {
    return !this.#test.fits(bytes, entry, tag)
  }
}

/** What is asked of a field's value; `offset` is -1 if there is no such field. */
export type ValueTest = (bytes: Uint8Array, offset: number) => boolean

export class FieldTest implements Test {
  readonly #keys: readonly Uint8Array[]
  readonly #asks: ValueTest

  constructor(path: FieldPath, asks: ValueTest) {
    this.#keys = path.keys
    this.#asks = asks
  }

  fits(bytes: Uint8Array, entry: number): boolean {
    return this.#asks(bytes, findNested(bytes, entry + ENTRY_RECORD_OFFSET, this.#keys))
  }
}

/** Entries of a batch share a tag, so the answer for the last one is kept. */
export class TagTest implements Test {
  readonly #asks: (tag: string) => boolean
  #tag: string | null = null
  #answer = false

  constructor(asks: (tag: string) => boolean) {
    this.#asks = asks
  }

  fits(_bytes: Uint8Array, _entry: number, tag: string): boolean {
    if (tag !== this.#tag) {
      this.#answer = this.#asks(tag)
      this.#tag = tag
    }
    return this.#answer
  }
}

export class TimeTest implements Test {
  readonly #seconds: number
  readonly #nanoseconds: number
  readonly #accepts: (order: number) => boolean

  constructor(seconds: number, nanoseconds: number, accepts: (order: number) => boolean) {
    this.#seconds = seconds
    this.#nanoseconds = nanoseconds
    this.#accepts = accepts
  }

  fits(bytes: Uint8Array, entry: number): boolean {
    const seconds = entrySeconds(bytes, entry) - this.#seconds
    return this.#accepts(
      seconds !== 0 ? seconds : entryNanoseconds(bytes, entry) - this.#nanoseconds,
    )
  }
}

export const exists: ValueTest = (_bytes, offset) => offset >= 0

export function equals(literal: Literal): ValueTest {
  return (bytes, offset) => isEqual(bytes, offset, literal)
}

export function isOneOf(literals: readonly Literal[]): ValueTest {
  return (bytes, offset) => literals.some((literal) => isEqual(bytes, offset, literal))
}

export function inOrder(operator: Order, literal: Literal): ValueTest {
  const accepts = orderOf(operator)
  return (bytes, offset) => accepts(compare(bytes, offset, literal))
}

/** NaN is in no order. */
export function orderOf(operator: Order | '==' | '!='): (order: number) => boolean {
  switch (operator) {
    case '<':
      return (order) => order < 0
    case '<=':
      return (order) => order <= 0
    case '>':
      return (order) => order > 0
    case '>=':
      return (order) => order >= 0
    case '==':
      return (order) => order === 0
    case '!=':
      return (order) => order !== 0
  }
}

export function matches(regexp: Regexp): ValueTest {
  return (bytes, offset) => {
    const text = offset < 0 ? undefined : valueAsText(bytes, offset)
    return text !== undefined && regexp.test(text)
  }
}

export function holds(literal: Literal): ValueTest {
  return (bytes, offset) => contains(bytes, offset, literal)
}

export function begins(text: Uint8Array): ValueTest {
  return (bytes, offset) => startsWith(bytes, offset, text)
}

export function ends(text: Uint8Array): ValueTest {
  return (bytes, offset) => endsWith(bytes, offset, text)
}
