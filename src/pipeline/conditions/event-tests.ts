/** Conditions about what every event has: `tag` and `time`. */
import { ConditionError } from './condition-error.ts'
import type { Operand, Operator } from './operand.ts'
import { Not, type Order, orderOf, TagTest, type Test, TimeTest } from './tests.ts'

export function tagTest(operator: Operator, operand: Operand): Test {
  if (operand.kind === 'regexp') {
    const test = new TagTest((tag) => operand.regexp.test(tag))
    return operator === '!~' ? new Not(test) : test
  }
  if (operand.kind === 'list') {
    const tags = new Set(operand.literals.map((literal) => textOf(literal, operand.position)))
    const test = new TagTest((tag) => tags.has(tag))
    return operator === 'not in' ? new Not(test) : test
  }
  return new TagTest(asks(operator, textOf(operand.literal, operand.position)))
}

function asks(operator: Operator, text: string): (tag: string) => boolean {
  if (operator === 'contains') return (tag) => tag.includes(text)
  if (operator === 'startswith') return (tag) => tag.startsWith(text)
  if (operator === 'endswith') return (tag) => tag.endsWith(text)
  const accepts = orderOf(operator as Order | '==' | '!=')
  return (tag) => accepts(tag < text ? -1 : tag === text ? 0 : 1)
}

function textOf(literal: { readonly kind: string; readonly value?: unknown }, position: number) {
  if (literal.kind === 'text') return literal.value as string
  throw new ConditionError('a tag is compared with a text in quotes', position)
}

const TIME = /^(\d{4}-\d\d-\d\d)([Tt ]\d\d:\d\d:\d\d(?:\.(\d{1,9}))?(Z|z|[+-]\d\d:\d\d))?$/

export function timeTest(operator: Operator, operand: Operand, position: number): Test {
  if (!/^([<>]=?|[=!]=)$/.test(operator) || operand.kind !== 'literal')
    throw new ConditionError('time is compared with < <= > >= == or !=', position)
  const { literal } = operand
  const found = literal.kind === 'text' ? TIME.exec(literal.value) : null
  const [, date, clock, fraction = '', zone] = found ?? []
  const whole = clock?.slice(1, 9) ?? '00:00:00'
  const milliseconds = found ? Date.parse(`${date}T${whole}${zone ?? 'Z'}`.toUpperCase()) : NaN
  if (Number.isNaN(milliseconds)) {
    const example = '"2026-11-26T10:00:00Z" or "2026-11-26"'
    throw new ConditionError(`expected a time of RFC 3339: ${example}`, operand.position)
  }
  const nanoseconds = Number(fraction.padEnd(9, '0'))
  return new TimeTest(milliseconds / 1000, nanoseconds, orderOf(operator as Order | '==' | '!='))
}
