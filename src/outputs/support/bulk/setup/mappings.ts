/**
 * Types of the fields of logs. Text where people look for words, one flattened field for labels
 * (whose names conflict as objects), and for what is not known keywords: neither numbers nor dates
 * are guessed from strings. A value that does not fit is kept, if not indexed, and so are fields
 * beyond the limit.
 */
import type { Product } from '../identify.ts'
import type { Json, SetupOptions } from './options.ts'

/** Longer strings are kept, but found by words only in the text fields; as ECS has it. */
const KEYWORD_CHARS_MAX = 1024

export function logMappings({
  product,
  timeField,
  tagField,
}: Pick<SetupOptions, 'product' | 'timeField' | 'tagField'>): Json {
  const keyword = { type: 'keyword', ignore_above: KEYWORD_CHARS_MAX }
  const text = { type: 'match_only_text' }
  const labels = { type: product === 'opensearch' ? 'flat_object' : 'flattened' }
  const labelled = { properties: { labels } }
  return {
    date_detection: false,
    numeric_detection: false,
    dynamic_templates: [{ strings: { match_mapping_type: 'string', mapping: keyword } }],
    properties: {
      // An event without a readable time is refused rather than lost from every search.
      [timeField]: { type: 'date_nanos', ignore_malformed: false },
      ...(tagField !== null && { [tagField]: keyword }),
      log: text,
      message: text,
      other_fields: text,
      event: { properties: { original: text } },
      // Where fields are moved that do not fit: an event's own text there would leave no room.
      conflict: { type: 'object' },
      labels,
      container: labelled,
      docker: labelled,
      kubernetes: { properties: { labels, annotations: labels, namespace_labels: labels } },
    },
  }
}

export function logSettings(product: Product): Json {
  return {
    'index.codec': 'best_compression',
    // One node has nowhere to put a copy; more have one each.
    'index.auto_expand_replicas': '0-1',
    'index.mapping.ignore_malformed': true,
    ...(product === 'elasticsearch' && {
      'index.mapping.total_fields.ignore_dynamic_beyond_limit': true,
    }),
  }
}

/** What stands for a type where a server does not have it. */
export const FALLBACK_TYPES: Readonly<Record<string, Json>> = {
  match_only_text: { type: 'text' },
  // Kept and shown, but not found: no worse than a conflict.
  flattened: { type: 'object', enabled: false },
  flat_object: { type: 'object', enabled: false },
  date_nanos: { type: 'date' },
}
