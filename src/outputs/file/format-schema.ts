/** How events are written: the options of src/codecs/lines/line-format.ts. */
import { Type } from '../../config/type.ts'

const strict = { additionalProperties: false } as const

export const formatSchema = Type.Union(
  [
    Type.Object({ type: Type.Literal('json') }, strict),
    Type.Object(
      {
        type: Type.Literal('out_file'),
        subsecond: Type.Boolean({
          description: 'Whether the time has nine digits behind the second.',
          default: false,
        }),
      },
      strict,
    ),
    Type.Object({ type: Type.Literal('ltsv') }, strict),
    Type.Object(
      {
        type: Type.Literal('csv'),
        fields: Type.Array(Type.String({ minLength: 1 }), {
          description: 'Columns, in order: `time`, `tag`, or fields of the record.',
          minItems: 1,
        }),
        delimiter: Type.String({
          description: 'Between two columns: one ASCII character that is not a quote.',
          default: ',',
          pattern: '^[\\t !#-~]$',
        }),
      },
      strict,
    ),
    Type.Object(
      {
        type: Type.Literal('raw'),
        field: Type.String({
          description: 'Field of which the text is written, without time and tag.',
          default: 'log',
          minLength: 1,
        }),
      },
      strict,
    ),
    Type.Object({ type: Type.Literal('msgpack') }, strict),
  ],
  {
    description:
      '`json`: one JSON object per line. `out_file`: time, tag and JSON with tabs between, as ' +
      'Fluentd writes it. `ltsv`, `csv`: columns. `raw`: one field. `msgpack`: entries end to end.',
    default: { type: 'json' },
  },
)
