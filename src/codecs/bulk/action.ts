/**
 * Action lines: `{"create":{"_index":"logs","_id":"…"}}`. What comes from events stands in JSON
 * strings, so it cannot begin a line of its own.
 */
import type { BulkAction, BulkOperation } from './format.ts'

export interface ActionLine {
  /** Up to where the fields of the event come: `{"create":{"_index":"logs"`. */
  readonly start: string
  readonly hasFields: boolean
  /** Behind them, with the newline and what comes before the document. */
  readonly end: string
  /** Behind the document, with the newline. */
  readonly documentEnd: string
}

export function actionLine(operation: BulkOperation, action: BulkAction): ActionLine {
  const { index, pipeline, routing } = action
  const fields = { _index: index, pipeline, routing }
  const isUpdate = operation === 'update' || operation === 'upsert'
  const name = isUpdate ? 'update' : operation
  const given = Object.entries(fields)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `"${key}":${JSON.stringify(value)}`)
  const documentEnd = isUpdate
    ? operation === 'upsert'
      ? ',"doc_as_upsert":true}\n'
      : '}\n'
    : '\n'
  const start = `{"${name}":{${given.join(',')}`
  return { start, hasFields: given.length > 0, end: isUpdate ? '}}\n{"doc":' : '}}\n', documentEnd }
}
