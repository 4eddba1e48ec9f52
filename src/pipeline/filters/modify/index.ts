/** `modify` filter: changes the fields of a record, one operation after the other. */
import { defineFilter, type Fault } from '../../component.ts'
import { ConditionError } from '../../conditions/condition-error.ts'
import { parseFieldPath } from '../../conditions/field-path.ts'
import { Modify } from './modify.ts'
import { configSchema, type OperationConfig } from './schema.ts'

export const modify = defineFilter({
  type: 'modify',
  summary: 'Sets, renames, removes, nests and converts fields of the record.',
  configSchema,
  faults: ({ operations }) => operations.flatMap(faultsOf),
  create: ({ operations }, context) => new Modify(operations, context),
})

function faultsOf(given: OperationConfig, index: number): Fault[] {
  const path = ['operations', String(index)]
  const keys = Object.keys(given)
  if (keys.length !== 1) {
    const found = keys.length === 0 ? 'no operation' : `${keys.length}: ${keys.join(', ')}`
    const message = `cannot use item ${index + 1} of operations: it has ${found}; expected one`
    return [{ path, message }]
  }
  const { set, rename, copy, cast, keep = [] } = given
  const named = Object.entries({ set, rename, copy, cast }).flatMap(([kind, map]) =>
    Object.keys(map ?? {}).map((text) => [kind, text] as const),
  )
  return [
    ...named.flatMap(([kind, text]) => unreadable(text, [...path, kind, text])),
    ...keep.flatMap((text, at) => notAtTop(text, [...path, 'keep', String(at)])),
  ]
}

function unreadable(text: string, path: readonly string[]): Fault[] {
  try {
    parseFieldPath(text)
    return []
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error
    const place = `at column ${error.position + 1}`
    return [{ path, message: `cannot read the field ${text}: ${error.message}, ${place}` }]
  }
}

function notAtTop(text: string, path: readonly string[]): Fault[] {
  if (parseFieldPath(text).keys.length === 1) return []
  return [{ path, message: `cannot keep ${text}: it is in a map; expected a field of the record` }]
}
