/** What is printed of a document: the line as it stands in files, or the text for people. */
import type { FieldNames } from './query-body.ts'
import { DEFAULT_FIELDS } from './query-body.ts'
import type { Hit } from './answer.ts'

/** One line of JSON, time and tag first, as the file output writes it. */
export function jsonLine({ source, time }: Hit, fields: FieldNames = DEFAULT_FIELDS): string {
  const { [fields.time]: own, tag, time: other, ...rest } = source
  return JSON.stringify({
    time: own ?? time,
    ...(tag !== undefined && { tag }),
    ...(other !== undefined && { _time: other }),
    ...rest,
  })
}

/**
 * Time, tag and text; the other fields as JSON where there is no text. Control characters are made
 * visible: what was logged must not steer a terminal.
 */
export function textLine({ source, time }: Hit, fields: FieldNames = DEFAULT_FIELDS): string {
  const { [fields.time]: own, tag, ...rest } = source
  const name = fields.text.find((field) => typeof rest[field] === 'string')
  const text = name === undefined ? JSON.stringify(rest) : String(rest[name]).trimEnd()
  const head = [own ?? time, tag].filter((part) => typeof part === 'string' && part !== '')
  return [...head.map((part) => visible(String(part))), visible(text)].join(' ')
}

function visible(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
