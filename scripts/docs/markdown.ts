/** Pieces of the generated pages. */
import type { Field } from './fields.ts'
import type { DescribedMetric } from './metrics.ts'

export const GENERATED =
  '<!-- Made by `npm run docs` from the sources; change those, not this file. -->'

/** Options with their defaults; `required` stands where one must be given. */
export function fieldsTable(fields: readonly Field[]): string {
  if (fields.length === 0) return 'It has no options.'
  return table(
    ['Option', 'Value', 'Default', 'Meaning'],
    fields.map((field) => [
      `\`${field.path}\``,
      field.type,
      defaultCell(field),
      field.description + examplesText(field),
    ]),
  )
}

export function metricsTable(metrics: readonly (DescribedMetric & { full: string })[]): string {
  return table(
    ['Metric', 'Kind', 'Labels', 'Meaning'],
    metrics.map(({ full, kind, labels, help }) => {
      const names = labels.map((label) => `\`${label}\``).join(', ')
      return [`\`${full}\``, kind, names || '–', help]
    }),
  )
}

export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Pages of parts separated by empty lines, ending in one newline. */
export function page(...parts: readonly string[]): string {
  return `${[GENERATED, ...parts.filter((part) => part !== '')].join('\n\n')}\n`
}

function defaultCell(field: Field): string {
  if (field.required) return '**required**'
  return field.defaultText === undefined ? '–' : `\`${field.defaultText}\``
}

function examplesText({ examples }: Field): string {
  return examples.length === 0
    ? ''
    : ` For example ${examples.map((of) => `\`${of}\``).join(', ')}.`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
