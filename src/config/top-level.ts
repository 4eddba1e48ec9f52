/** The keys of a configuration beside the components' own, with defaults and descriptions. */
import { Condition, Duration, Size } from './fields.ts'
import { Type } from './type.ts'

/** Keys of the top level that start so mean nothing: a place for anchors. */
export const FREE_KEY_PREFIX = 'x-'

const NAME = '^[A-Za-z][A-Za-z0-9_.-]{0,63}$'

/** Checked one by one later, with the schema of the component. */
const component = Type.Unknown({ description: 'A component: its `type` and the options of it.' })
const steps = Type.Array(Type.Unknown({ description: 'A `filter` or a `match`.' }))
const closed = { additionalProperties: false } as const

const httpSchema = Type.Object(
  {
    enabled: Type.Boolean({
      description: 'Serve the status page, metrics and API.',
      default: true,
    }),
    listen: Type.String({
      format: 'http_listen',
      description: 'Where the status page, metrics and API are served.',
      default: 'tcp://127.0.0.1:24220',
    }),
  },
  { ...closed, description: 'The status page, metrics and API.', default: {} },
)

const logSchema = Type.Object(
  {
    level: Type.Union(
      [Type.Literal('error'), Type.Literal('warn'), Type.Literal('info'), Type.Literal('debug')],
      {
        description:
          'Least severe messages to log: error = data lost or an operator needed, ' +
          'warn = recovered or refused, info = lifecycle, debug = details.',
        default: 'info',
      },
    ),
    format: Type.Union([Type.Literal('auto'), Type.Literal('pretty'), Type.Literal('json')], {
      description: 'How messages look; auto is pretty on a terminal and json elsewhere.',
      default: 'auto',
    }),
  },
  { ...closed, description: "Logboom's own log, on standard error.", default: {} },
)

const deadLettersSchema = Type.Object(
  {
    max_bytes: Size({
      description:
        'Most that is kept of them; beyond it the oldest are thrown away, which is counted and ' +
        'logged as an error.',
      default: '256MiB',
    }),
    max_age: Duration({
      description:
        'How long they are kept; a file of older ones is thrown away, counted and logged too, ' +
        'unless it is the one that is being written.',
      default: '30d',
    }),
  },
  { ...closed, description: 'Events that an output behind a buffer did not get.', default: {} },
)

/** `include` is not here: it is gone once the files are put together. */
export const topLevelSchema = Type.Object(
  {
    data_dir: Type.String({
      description: 'Folder for state that must survive a restart; made when first needed.',
      default: './data',
      minLength: 1,
    }),
    http: httpSchema,
    log: logSchema,
    stop_timeout: Duration({
      description: 'Time an ordered stop may take; Docker kills a container after 10 s.',
      default: '8s',
    }),
    memory_max: Size({
      description:
        'Memory for what waits to be delivered, over all inputs, buffers and filters. Half of it ' +
        'is shared out to the inputs, the other half is for whoever needs it. When that is half ' +
        'full, buffers on disk stop reading ahead; when it is full, inputs that hold more than ' +
        'their share stop reading until half of it is free. Nothing is dropped. The process ' +
        'itself needs up to about 250 MiB more.',
      default: '256MiB',
    }),
    dead_letters: deadLettersSchema,
    inputs: Type.Record(Type.String({ pattern: NAME }), component, {
      ...closed,
      description: 'Where events come from, by a name of your choice.',
      default: {},
    }),
    outputs: Type.Record(Type.String({ pattern: NAME }), component, {
      ...closed,
      description: 'Where events go, by a name of your choice.',
      default: {},
    }),
    pipeline: Type.Array(Type.Unknown(), {
      description:
        'Steps from top to bottom: a filter whose pattern fits the tag changes the event, the ' +
        'first match that fits takes it.',
      default: [],
    }),
    labels: Type.Record(Type.String({ pattern: NAME }), steps, {
      ...closed,
      description: 'Pipelines of their own, reached with `to: "@name"` or the `label` of an input.',
      default: {},
    }),
  },
  closed,
)

/** What every input has beside its own options. */
export const inputCommonSchema = Type.Object(
  {
    label: Type.Optional(
      Type.String({
        description: 'Label its events start at, "@name"; absent, they start at `pipeline`.',
        format: 'label',
      }),
    ),
  },
  closed,
)

/** What a `match` step consists of. */
export const matchSchema = Type.Object(
  {
    match: Type.String({ description: 'Tag pattern: `docker.**`, `{app,web}.*`, `**`.' }),
    to: Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })], {
      description: 'Output to take the events, "@name" for a label, or a list for a copy to each.',
    }),
  },
  closed,
)

/** What every `filter` step has beside its own options. */
export const filterCommonSchema = Type.Object(
  {
    filter: Type.String({ description: 'Tag pattern of the events it works on.' }),
    if: Type.Optional(
      Condition({
        description:
          'Condition for it to work on an event (docs/guide/conditions.md); others pass ' +
          'unchanged.',
        examples: ['level == "error" and not container_name =~ /^test/'],
      }),
    ),
  },
  closed,
)
