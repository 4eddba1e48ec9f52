/**
 * What Fluentd's `monitor_agent` answers, for the dashboards and checks that already read it
 * (`lib/fluent/plugin/in_monitor_agent.rb` of fluent/fluentd 1.16): JSON and LTSV, with the
 * parameters `@id`, `id`, `@type`, `type`, `with_config` and `debug`. Fields that describe
 * Fluentd's own buffers are left out, as Fluentd does for plugins without a buffer.
 */
import type { Row, Rows } from '../pipeline/ledger-counts.ts'
import type { CollectorView, ComponentKind, ComponentView } from './view.ts'

export interface PluginQuery {
  readonly id: string | undefined
  readonly type: string | undefined
  readonly withConfig: boolean
}

export type PluginInfo = Readonly<Record<string, unknown>>

/** The answer of `/api/plugins.json`: inputs, outputs, filters, in Fluentd's order. */
export function pluginsInfo(view: CollectorView, query: PluginQuery): PluginInfo[] {
  const components = view.components()
  const ledger = view.ledger()
  const counts: Record<ComponentKind, Rows> = {
    input: ledger.inputs,
    output: ledger.outputs,
    filter: ledger.filters,
  }
  const kinds: ComponentKind[] = ['input', 'output', 'filter']
  return kinds
    .flatMap((kind) => components.filter((component) => component.kind === kind))
    .filter(({ name }) => query.id === undefined || query.id === name)
    .filter(({ type }) => query.type === undefined || query.type === type)
    .map((component) => pluginInfo(component, counts[component.kind][component.name], query))
}

/** The answer of `/api/config.json`: Fluentd's keys, then what only Logboom knows. */
export function configInfo(view: CollectorView): PluginInfo {
  return {
    pid: process.pid,
    ppid: process.ppid,
    config_path: view.configPath,
    pid_file: null,
    plugin_dirs: [],
    log_path: null,
    root_dir: view.dataDir,
    version: view.version,
    started_at: new Date(view.startedAt).toISOString(),
  }
}

/** One line per object, `key:value` separated by tabs; nested values are left out. */
export function ltsv(objects: readonly PluginInfo[]): string {
  return objects.map((object) => `${ltsvLine(object)}\n`).join('')
}

function pluginInfo(component: ComponentView, counts: Row = {}, query: PluginQuery) {
  const isOutput = component.kind === 'output'
  return {
    plugin_id: component.name,
    plugin_category: component.kind,
    type: component.type,
    ...(query.withConfig ? { config: fluentdConfig(component) } : {}),
    output_plugin: isOutput,
    retry_count: isOutput ? (counts['retried'] ?? 0) : null,
    emit_records: counts['received'] ?? 0,
    ...(isOutput ? { write_records: counts['delivered'] ?? 0, retry: {} } : {}),
    ...(component.label === null ? {} : { label: `@${component.label}` }),
  }
}

/** Fluentd shows every value of a configuration as text and the type as `@type`. */
function fluentdConfig(component: ComponentView): Record<string, string> {
  const config: Record<string, string> = { '@type': component.type, '@id': component.name }
  for (const [key, value] of Object.entries(component.config)) {
    if (key === 'type' || value === undefined) continue
    config[key] = typeof value === 'string' ? value : JSON.stringify(value)
  }
  return config
}

function ltsvLine(object: PluginInfo): string {
  return Object.entries(object)
    .filter(([, value]) => typeof value !== 'object' || value === null)
    .map(([key, value]) => `${key}:${ltsvValue(value as Scalar)}`)
    .join('\t')
}

type Scalar = string | number | boolean | null | undefined

function ltsvValue(value: Scalar): string {
  return value === null ? '' : String(value).replace(/[\t\r\n]/g, ' ')
}
