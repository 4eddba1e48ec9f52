/** How events become documents, by the options of the output. */
import { BULK_FORMAT, type BulkFormat, type IdSource } from '../../../codecs/bulk/format.ts'
import { parseFieldPath } from '../../../pipeline/conditions/field-path.ts'
import type { BulkConfig } from './schema.ts'

export function formatOf(config: BulkConfig): BulkFormat {
  const { routing_field: routingField, replace_dots: replaceDots, tag_field: tagField } = config
  return {
    ...BULK_FORMAT,
    operation: config.op_type,
    id: idSourceOf(config),
    routingPath: routingField === undefined ? null : pathOf(routingField),
    timeField: config.time_field,
    tagField: tagField === '' ? null : tagField,
    replaceDots: replaceDots === '' ? null : replaceDots,
  }
}

function idSourceOf({ id, id_field: field }: BulkConfig): IdSource {
  if (id !== 'field') return { type: id }
  return field === undefined ? { type: 'place' } : { type: 'field', path: pathOf(field) }
}

function pathOf(text: string): string[] {
  return parseFieldPath(text).keys.map((key) => Buffer.from(key).toString())
}
