/** The page at `/`: what listens where, what became of the events, and where to read more. */
import { bufferAnswers } from './buffers.ts'
import type { Row, Rows } from '../pipeline/ledger-counts.ts'
import type { CollectorView, ComponentView } from './view.ts'

const STYLE = `
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; padding: 0 1rem;
    color: #1b2530; background: #fff; }
  table { border-collapse: collapse; margin: .5rem 0 1.5rem; width: 100%; }
  th, td { border-bottom: 1px solid #d5dbe1; padding: .3rem .75rem .3rem 0; text-align: left; }
  td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
  code { font-size: .95em; } .bad { color: #b00020; } .good { color: #0a6b2d; }
  @media (prefers-color-scheme: dark) {
    body { color: #dde3ea; background: #14191f; } th, td { border-color: #333c46; }
    a { color: #7fb4ff; } .bad { color: #ff7b8a; } .good { color: #6fd08c; }
  }`

const LINKS: readonly (readonly [string, string])[] = [
  ['/healthz', 'the process is alive'],
  ['/readyz', 'it takes events, or why not'],
  ['/metrics', 'Prometheus text'],
  ['/api/ledger', 'what became of every event, by input, tag and output'],
  ['/api/buffers', 'what waits in front of each output, and why'],
  ['/api/plugins.json', 'components, in the form of Fluentd’s monitor_agent'],
  ['/api/config.json', 'the process, in the form of Fluentd’s monitor_agent'],
]

export function statusPage(view: CollectorView, now: number): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="5">
<title>Logboom</title>
<style>${STYLE}</style>
<h1>Logboom ${escapeHtml(view.version)}</h1>
${summary(view, now)}
${inputsTable(view)}
${countsTable('Filters', 'filter', view.ledger().filters)}
${outputsTable(view)}
${buffersTable(view, now)}
<h2>More</h2>
<ul>${LINKS.map(([path, text]) => `<li><a href="${path}">${path}</a> – ${text}</li>`).join('')}</ul>
</html>
`
}

/** Text that may stand inside an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

function summary(view: CollectorView, now: number): string {
  const { ready, reasons } = view.readiness()
  const state = ready
    ? '<strong class="good">Ready.</strong>'
    : `<strong class="bad">Not ready:</strong> ${reasons.map(escapeHtml).join('; ')}`
  const seconds = Math.max(0, Math.round((now - view.startedAt) / 1000))
  const config = view.configPath ?? 'none (built-in defaults)'
  const running = `Running for ${duration(seconds)}.`
  return `<p>${state} ${running} Configuration: <code>${escapeHtml(config)}</code>.</p>`
}

function inputsTable(view: CollectorView): string {
  const rows = ofKind(view, 'input').map((component) => [
    ...identity(component),
    component.addresses.map((address) => `<code>${escapeHtml(address)}</code>`).join(' '),
    ...numbers(view.ledger().inputs[component.name], ['received', 'dropped']),
  ])
  return table('Inputs', ['name', 'type', 'listens on', '#received', '#dropped'], rows)
}

function outputsTable(view: CollectorView): string {
  const counts = ['delivered', 'retried', 'rejected', 'in_flight']
  const rows = ofKind(view, 'output').map((component) => [
    ...identity(component),
    component.problem === null
      ? '<span class="good">ok</span>'
      : `<span class="bad">${escapeHtml(component.problem)}</span>`,
    ...numbers(view.ledger().outputs[component.name], counts),
  ])
  const heads = ['name', 'type', 'state', ...counts.map((count) => `#${count.replace('_', ' ')}`)]
  return table('Outputs', heads, rows)
}

function buffersTable(view: CollectorView, now: number): string {
  const rows = bufferAnswers(view.buffers(), now).map((buffer) => [
    escapeHtml(buffer.output),
    escapeHtml(buffer.last_failure?.reason ?? ''),
    buffer.next_try === null ? '' : escapeHtml(buffer.next_try.slice(11, 19)),
    ...[
      buffer.events,
      buffer.bytes,
      Math.round(buffer.oldest_age_seconds ?? 0),
      buffer.retries,
    ].map((count) => count.toLocaleString('en-US')),
  ])
  const heads = [
    'output',
    'last failure',
    'next try',
    '#events',
    '#bytes',
    '#oldest, s',
    '#retries',
  ]
  return rows.length === 0 ? '' : table('Buffers', heads, rows)
}

function countsTable(title: string, what: string, counts: Rows): string {
  const fates = [...new Set(Object.values(counts).flatMap((fate) => Object.keys(fate)))]
  const rows = Object.entries(counts).map(([name, of]) => [escapeHtml(name), ...numbers(of, fates)])
  const heads = fates.map((fate) => `#${escapeHtml(fate.replaceAll('_', ' '))}`)
  return rows.length === 0 ? '' : table(title, [what, ...heads], rows)
}

/** A head that starts with `#` is a column of numbers. */
function table(title: string, heads: readonly string[], rows: readonly string[][]): string {
  const isNumber = heads.map((head) => head.startsWith('#'))
  const mark = (index: number) => (isNumber[index] ? ' class="number"' : '')
  const head = heads.map((text, index) => `<th${mark(index)}>${text.replace('#', '')}</th>`)
  const body = rows.map(
    (row) => `<tr>${row.map((cell, index) => `<td${mark(index)}>${cell}</td>`).join('')}</tr>`,
  )
  return `<h2>${title}</h2><table><tr>${head.join('')}</tr>${body.join('')}</table>`
}

function identity(component: ComponentView): string[] {
  return [escapeHtml(component.name), escapeHtml(component.type)]
}

function numbers(counts: Row = {}, fates: readonly string[]): string[] {
  return fates.map((fate) => (counts[fate] ?? 0).toLocaleString('en-US'))
}

function ofKind(view: CollectorView, kind: ComponentView['kind']): ComponentView[] {
  return view.components().filter((component) => component.kind === kind)
}

function duration(seconds: number): string {
  const days = Math.floor(seconds / 86_400)
  const clock = new Date((seconds % 86_400) * 1000).toISOString().slice(11, 19)
  return days === 0 ? clock : `${days} d ${clock}`
}
