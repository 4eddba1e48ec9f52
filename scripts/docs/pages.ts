/** The generated reference: which pages there are and what each consists of. */
import type { TSchema } from 'typebox'
import { parse } from 'yaml'
import { outputCommonSchema } from '../../src/config/buffer-schema.ts'
import type { Registry } from '../../src/config/model.ts'
import {
  filterCommonSchema,
  inputCommonSchema,
  matchSchema,
  topLevelSchema,
} from '../../src/config/top-level.ts'
import { BUFFER_GAUGES, ORPHAN_GAUGE } from '../../src/http/buffers.ts'
import { LEDGER_HELP, METRIC_PREFIX } from '../../src/http/prometheus.ts'
import type { SourceFile } from '../tidy/source.ts'
import { fieldsOf, fieldTroubles, type SchemaNode } from './fields.ts'
import { fieldsTable, metricsTable, page, table } from './markdown.ts'
import { metricsIn, type DescribedMetric } from './metrics.ts'

export interface Page {
  /** From the repository's root. */
  readonly path: string
  readonly text: string
}

export interface Component {
  readonly kind: 'input' | 'filter' | 'output'
  readonly type: string
  readonly summary: string
  readonly configSchema: SchemaNode
  /** Of an output. */
  readonly isChunked?: boolean | undefined
}

/** Seen as JSON Schema, without the types TypeBox gives their values. */
const settings: TSchema = topLevelSchema
const inputCommon: TSchema = inputCommonSchema
const filterCommon: TSchema = filterCommonSchema
const outputCommon: TSchema = outputCommonSchema
const matchStep: TSchema = matchSchema

export function componentsOf(registry: Registry): Component[] {
  return [
    ...registry.inputs.map((of) => ({ ...of, kind: 'input' as const })),
    ...registry.filters.map((of) => ({ ...of, kind: 'filter' as const })),
    ...registry.outputs.map((of) => ({ ...of, kind: 'output' as const })),
  ]
}

export function referencePages(registry: Registry, files: readonly SourceFile[]): Page[] {
  const components = componentsOf(registry)
  const metrics = metricsIn(files).filter(({ path }) => path.startsWith('src/'))
  return [
    ...components.map((component) => componentPage(component, metrics, files)),
    configurationPage(components),
    metricsPage(metrics),
  ]
}

/** What the schemas do not say about their fields. */
export function schemaTroubles(registry: Registry): string[] {
  return [
    ...componentsOf(registry).flatMap((of) => [
      ...fieldTroubles(of.configSchema, `${of.kind} ${of.type}`),
      ...(/^[A-Z].*\.$/.test(of.summary) ? [] : [`${of.kind} ${of.type}: summary is no sentence`]),
    ]),
    ...fieldTroubles(settings, 'configuration'),
  ]
}

function componentPage(
  component: Component,
  metrics: readonly DescribedMetric[],
  files: readonly SourceFile[],
): Page {
  const { kind, type, summary, configSchema } = component
  const own = metrics.filter(({ path }) => belongsTo(component, path)).map(withFullName)
  return {
    path: `docs/reference/${kind}s/${stemOf(type)}.md`,
    text: page(
      `# The \`${type}\` ${kind}`,
      summary,
      commonText(component),
      '## Options',
      fieldsTable(fieldsOf(configSchema)),
      own.length === 0 ? '' : '## Metrics',
      own.length === 0 ? '' : metricsTable(own),
      '## Examples',
      examplesText(component, files),
    ),
  }
}

function commonText({ kind, type, isChunked }: Component): string {
  const config = '[every component](../configuration.md)'
  if (kind === 'input') {
    return `It stands below \`inputs\`: \`{ type: ${type}, … }\`. What ${config} has comes on top.`
  }
  if (kind === 'output') {
    const buffered = ' It always has a buffer: on disk, unless its `buffer` says otherwise.'
    return (
      `It stands below \`outputs\`: \`{ type: ${type}, … }\`. A \`match\` sends events to it. ` +
      `What ${config} has comes on top.${isChunked ? buffered : ''}`
    )
  }
  return `It is a step of the \`pipeline\`: \`{ filter: "TAG PATTERN", type: ${type}, … }\`.`
}

function examplesText(component: Component, files: readonly SourceFile[]): string {
  const examples = files.filter(({ path }) => /^config\/.*\.yaml$/.test(path))
  const shown = examples.filter(({ text }) => uses(parse(text) as ExampleConfig, component))
  return shown.map(({ path }) => `- [${path}](../../../${path})`).join('\n')
}

type Typed = Readonly<Record<string, unknown>>

interface ExampleConfig {
  readonly inputs?: Readonly<Record<string, Typed>>
  readonly outputs?: Readonly<Record<string, Typed>>
  readonly pipeline?: readonly Typed[]
  readonly labels?: Readonly<Record<string, readonly Typed[]>>
}

/** An input and an output may have the same type. An unquoted `null` is one, too. */
function uses(config: ExampleConfig, { kind, type }: Component): boolean {
  const steps = [...(config.pipeline ?? []), ...Object.values(config.labels ?? {}).flat()]
  const components = {
    input: Object.values(config.inputs ?? {}),
    output: Object.values(config.outputs ?? {}),
    filter: steps.filter((step) => 'filter' in step),
  }
  return components[kind].some((each) => String(each['type']) === type)
}

function configurationPage(components: readonly Component[]): Page {
  const links = (kind: Component['kind']) =>
    components
      .filter((component) => component.kind === kind)
      .map(({ type, summary }) => {
        return `- [\`${type}\`](${kind}s/${stemOf(type)}.md): ${summary}`
      })
      .join('\n')
  return {
    path: 'docs/reference/configuration.md',
    text: page(
      '# Configuration',
      'A configuration is one YAML file. `logboom check -c FILE` finds everything that is wrong ' +
        'with it, `logboom config -c FILE` shows it with all defaults, and editors complete it ' +
        'with [config/schema.json](../../config/schema.json). The ideas behind it are in the ' +
        '[guide](../guide/configuration.md).',
      '## The file',
      fieldsTable(fieldsOf(settings)),
      '## Inputs',
      links('input'),
      'Every input also has:',
      fieldsTable(fieldsOf(inputCommon)),
      '## Filters',
      links('filter'),
      'Every filter step also has:',
      fieldsTable(fieldsOf(filterCommon)),
      '## Outputs',
      links('output'),
      'Every output also has:',
      fieldsTable(fieldsOf(outputCommon)),
      '## Match steps',
      fieldsTable(fieldsOf(matchStep)),
      '## Values',
      table(['Value', 'Written as'], valueRows),
    ),
  }
}

const valueRows = [
  ['size', '`512KiB`, `16MiB`, `2GB`: a number and B, KB, MB, GB, TB, KiB, MiB, GiB or TiB'],
  ['duration', '`250ms`, `30s`, `5m`, `12h`, `7d`, `2w`'],
  ['mode', '`"0640"`: an octal file mode in quotes'],
  ['network', '`10.0.0.0/8`, `::1`: a network or one address'],
  ['listen', '`tcp://127.0.0.1:24224`, `tls://0.0.0.0:24224`, `unix:///run/logboom.sock`'],
  ['server', '`tcp://logs.example.org:24224`, `tls://10.0.0.7:24225`, `unix:///run/logs.sock`'],
  ['secret', 'a text that is masked wherever a configuration is shown'],
  ['`${env:NAME}`', 'the environment variable; `${env:NAME:-text}` has a default'],
  ['`${file:PATH}`', 'the contents of a file, for secrets that are mounted'],
]

function metricsPage(metrics: readonly DescribedMetric[]): Page {
  const ledger = Object.entries(LEDGER_HELP).map(([fate, help]) => [`\`${fate}\``, help])
  const prefix = METRIC_PREFIX
  return {
    path: 'docs/reference/metrics.md',
    text: page(
      '# Metrics',
      '`GET /metrics` answers in the Prometheus text format. Tags are no labels, because senders ' +
        'choose them; `GET /api/ledger` counts by tag.',
      '## What became of the events',
      `In all \`${prefix}events_…\`, by component \`${prefix}input_events_…{input="NAME"}\`, ` +
        `\`${prefix}filter_events_…{filter="NAME"}\` and ` +
        `\`${prefix}output_events_…{output="NAME"}\`, with these words for the dots; all but ` +
        '`held` and `in_flight` are counters and end in `_total`. Not every kind has every word.',
      table(['Word', 'Meaning'], ledger),
      `\`${prefix}drop_reasons_total{place="…",reason="…"}\` has the reasons.`,
      '## Components',
      'Each has the name of its component in a label of its kind (`input="NAME"`) and its ' +
        '`type`, besides the labels in the table.',
      metricsTable(metrics.map(withFullName)),
      '## Buffers',
      'Gauges of outputs that have a buffer, with `output="NAME"`; `GET /api/buffers` says more.',
      table(
        ['Name', 'Meaning'],
        [...BUFFER_GAUGES, [ORPHAN_GAUGE.name, ORPHAN_GAUGE.help] as const].map(([name, help]) => [
          `\`${prefix}${name}\``,
          help,
        ]),
      ),
      '## The process',
      `\`${prefix}build_info\` has the \`version\`; \`${prefix}ready\` is 1 when the answer of ` +
        '`/readyz` is 200. Under the names other Node.js programs use: `process_*` (CPU, memory, ' +
        'open files), `nodejs_eventloop_lag_*` (event-loop delay), `nodejs_heap_*`, `nodejs_gc_*`.',
    ),
  }
}

function withFullName(metric: DescribedMetric): DescribedMetric & { full: string } {
  return { ...metric, full: METRIC_PREFIX + prefixOf(metric.path) + metric.name }
}

/** The collector puts the kind before a component's metrics. */
function prefixOf(path: string): string {
  if (path.startsWith('src/inputs/')) return 'input_'
  if (/^src\/(outputs|pipeline\/buffers)\//.test(path)) return 'output_'
  return path.startsWith('src/pipeline/filters/') ? 'filter_' : ''
}

function belongsTo({ kind, type }: Component, path: string): boolean {
  const folders = { input: 'src/inputs', filter: 'src/pipeline/filters', output: 'src/outputs' }
  const start = `${folders[kind]}/${stemOf(type)}`
  return path === `${start}.ts` || path.startsWith(`${start}/`)
}

function stemOf(type: string): string {
  return type.replaceAll('_', '-')
}
