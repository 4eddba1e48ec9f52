/**
 * Conditions on events, one form for all that has an `if`; docs/guide/conditions.md explains them.
 * They read the bytes of an entry in place and make no objects of it.
 */
import { ConditionError } from './condition-error.ts'
import { ConditionParser } from './parser.ts'
import type { Test } from './tests.ts'

export { ConditionError } from './condition-error.ts'

/** Of what a condition is written in; what is longer is generated, and better a list of steps. */
const LENGTH_MAX = 10_000

/** Says whether the entry at an offset of trusted bytes fits. */
export type Condition = Test

/** Throws a ConditionError that says what is wrong, and where. */
export function compileCondition(text: string): Condition {
  if (text.length > LENGTH_MAX)
    throw new ConditionError(`it is longer than ${LENGTH_MAX} characters`, LENGTH_MAX)
  return new ConditionParser(text).parse()
}
