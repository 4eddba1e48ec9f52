/** The option `format` of what reads lines (`tail`, `parse`, …): which formats there are. */
import type { Static } from 'typebox'
import { Size } from '../../config/fields.ts'
import { Type } from '../../config/type.ts'

const strict = { additionalProperties: false } as const

const types = Type.Optional(
  Type.Record(
    Type.String(),
    Type.Union([
      Type.Literal('string'),
      Type.Literal('integer'),
      Type.Literal('float'),
      Type.Literal('boolean'),
    ]),
    {
      description:
        'What values are turned into, by field: `integer`, `float`, `boolean` (`true`, `yes`, ' +
        '`on`, `1` and their contraries). Others, and what is none, stay texts.',
    },
  ),
)

/** Of whatever says a time: `tail`, `parse`, `http`, … */
export const zoneField = Type.String({
  description: 'IANA name of the zone of times that do not say theirs.',
  default: 'UTC',
  minLength: 1,
  examples: ['Europe/Berlin', '+05:30'],
})

export const timeFormatField = Type.String({
  description:
    '`rfc3339`; `unix`, `unix_ms`, `unix_us` or `unix_ns` for a number since 1970; ' +
    '`auto` for either, where the number of digits tells the unit; or directives as of ' +
    'strptime: `%d/%b/%Y:%H:%M:%S %z`. A year that is left out is the nearest one.',
  default: 'auto',
  minLength: 1,
})

const time = Type.Optional(
  Type.Object(
    {
      field: Type.String({
        description: 'Field that says when the event was.',
        default: 'time',
        minLength: 1,
      }),
      format: timeFormatField,
      zone: zoneField,
      keep: Type.Boolean({
        description: 'Whether the field stays in the record. One that is no time always stays.',
        default: false,
      }),
    },
    {
      description: "Where a line's time is; absent, the event keeps the time of its arrival.",
      ...strict,
    },
  ),
)

const simple = <Name extends string>(name: Name) =>
  Type.Object({ type: Type.Literal(name) }, strict)

/** Those that may be called by their name alone. */
const NAMES = [
  'none',
  'json',
  'logfmt',
  'ltsv',
  'nginx',
  'nginx_error',
  'apache',
  'apache_error',
  'syslog',
  'docker',
  'cri',
] as const

const oneFormat = [
  Type.Object(
    {
      type: Type.Literal('none'),
      field: Type.String({
        description: 'Field that the whole line becomes.',
        default: 'log',
        minLength: 1,
      }),
    },
    strict,
  ),
  Type.Object({ type: Type.Literal('json'), time }, strict),
  Type.Object({ type: Type.Literal('logfmt'), types, time }, strict),
  Type.Object({ type: Type.Literal('ltsv'), types, time }, strict),
  Type.Object(
    {
      type: Type.Literal('csv'),
      fields: Type.Array(Type.String({ minLength: 1 }), {
        description: 'Names of the columns, in order.',
        minItems: 1,
      }),
      delimiter: Type.String({
        description: 'Between two columns: one ASCII character that is not a quote.',
        default: ',',
        pattern: '^[\\t !#-~]$',
      }),
      types,
      time,
    },
    strict,
  ),
  Type.Object(
    {
      type: Type.Literal('regexp'),
      expression: Type.String({
        description: 'Its named groups, `(?<name>…)`, become fields.',
        minLength: 1,
        examples: ['^(?<level>\\w+) (?<message>.*)$'],
      }),
      flags: Type.String({
        description:
          '`i`: letters of both cases; `m`: `^` and `$` at each line; `s`: `.` fits all.',
        default: '',
        pattern: '^[ims]*$',
      }),
      line_max: Size({
        description: 'Longer lines are not searched: they do not fit.',
        default: '256KiB',
      }),
      types,
      time,
    },
    strict,
  ),
  simple('nginx'),
  Type.Object({ type: Type.Literal('nginx_error'), zone: zoneField }, strict),
  simple('apache'),
  Type.Object({ type: Type.Literal('apache_error'), zone: zoneField }, strict),
  Type.Object({ type: Type.Literal('syslog'), zone: zoneField }, strict),
  simple('docker'),
  simple('cri'),
] as const

const name = Type.String({ enum: NAMES as unknown as string[] })

/** `format: json`, `format: { type: json, … }`, or a list of those. */
export const lineFormatSchema = (options: {
  readonly description: string
  readonly default?: string
}) =>
  Type.Union(
    [
      name,
      ...oneFormat,
      Type.Array(Type.Union([name, ...oneFormat]), {
        description: 'Several formats: the first that can read a line is taken.',
        minItems: 1,
      }),
    ],
    options,
  )

export type LineFormatConfig = Static<ReturnType<typeof lineFormatSchema>>
export type OneFormatConfig = Exclude<Exclude<LineFormatConfig, readonly unknown[]>, string>
