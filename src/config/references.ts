/** Checks what the parts of a configuration say of each other: names, labels, patterns, use. */
import { compileTagPattern } from '../pipeline/tag-pattern.ts'
import type { Diagnostic } from './diagnostic.ts'
import type { Config, Step } from './model.ts'
import { hint } from './nearest.ts'
import type { Path } from './schema-walk.ts'
import { locate, type Tree } from './tree.ts'

interface Target {
  /** As written: `files`, `@errors`. */
  readonly name: string
  readonly path: Path
}

export function checkReferences(tree: Tree, config: Config): Diagnostic[] {
  const at = (severity: Diagnostic['severity'], message: string, path: Path, atKey = false) => ({
    severity,
    message,
    location: locate(tree, path, atKey),
  })
  const pipelines = pipelinesOf(config)
  const targets = [...pipelines.flatMap(targetsOf), ...inputLabels(config)]
  const used = new Set(targets.map((target) => target.name))
  return [
    ...emptiness(config).map(([path, message]) => at('error', message, path, true)),
    ...targets.flatMap(({ name, path }) => {
      const message = unknownTarget(name, config)
      return message === undefined ? [] : [at('error', message, path)]
    }),
    ...pipelines.flatMap(badPatterns).map(({ path, message }) => at('error', message, path)),
    ...labelCycles(config).map(({ path, message }) => at('error', message, path)),
    ...pipelines
      .flatMap(unreachable)
      .map((path) =>
        at(
          'warning',
          'this step is never reached: a match of "**" before it takes every event',
          path,
        ),
      ),
    ...unused(config, used).map(({ path, message }) => at('warning', message, path, true)),
  ]
}

interface Pipeline {
  readonly path: Path
  readonly steps: readonly Step[]
}

function pipelinesOf(config: Config): Pipeline[] {
  const labels = Object.entries(config.labels)
  return [
    { path: ['pipeline'], steps: config.pipeline },
    ...labels.map(([name, steps]) => ({ path: ['labels', name], steps })),
  ]
}

function targetsOf({ path, steps }: Pipeline): Target[] {
  return steps.flatMap((step, index) => {
    if (!('match' in step)) return []
    const toPath = [...path, String(index), 'to']
    return step.to.map((name, position) => ({ name, path: [...toPath, String(position)] }))
  })
}

function inputLabels(config: Config): Target[] {
  return Object.entries(config.inputs).flatMap(([input, { label }]) =>
    label === undefined ? [] : [{ name: `@${label}`, path: ['inputs', input, 'label'] }],
  )
}

function emptiness(config: Config): [Path, string][] {
  const found: [Path, string][] = []
  const inputs = Object.values(config.inputs)
  if (inputs.length === 0) found.push([['inputs'], 'no inputs: nothing could arrive'])
  if (Object.keys(config.outputs).length === 0)
    found.push([['outputs'], 'no outputs: events would have nowhere to go'])
  const needsPipeline = inputs.some((input) => input.label === undefined)
  if (needsPipeline && !config.pipeline.some((step) => 'match' in step))
    found.push([['pipeline'], 'the pipeline has no match: every event would go nowhere'])
  return found
}

function unknownTarget(name: string, config: Config): string | undefined {
  if (name.startsWith('@')) {
    if (Object.hasOwn(config.labels, name.slice(1))) return undefined
    const labels = Object.keys(config.labels).map((label) => `@${label}`)
    return `no label is named "${name}"${hint(name, labels)}`
  }
  if (Object.hasOwn(config.outputs, name)) return undefined
  if (Object.hasOwn(config.labels, name))
    return `no output is named "${name}"; a label is written "@${name}"`
  return `no output is named "${name}"${hint(name, Object.keys(config.outputs))}`
}

function badPatterns({ path, steps }: Pipeline): { path: Path; message: string }[] {
  return steps.flatMap((step, index) => {
    const [key, pattern] = 'match' in step ? ['match', step.match] : ['filter', step.filter]
    try {
      compileTagPattern(pattern)
      return []
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      return [{ path: [...path, String(index), key], message }]
    }
  })
}

function unreachable({ path, steps }: Pipeline): Path[] {
  const takesAll = steps.findIndex((step) => 'match' in step && step.match === '**')
  if (takesAll === -1 || takesAll === steps.length - 1) return []
  return [[...path, String(takesAll + 1)]]
}

/** Each label that leads back to itself, reported where the circle closes. */
function labelCycles(config: Config): { path: Path; message: string }[] {
  const found: { path: Path; message: string }[] = []
  const finished = new Set<string>()
  const visit = (label: string, trail: readonly string[]): void => {
    const steps = config.labels[label]
    if (finished.has(label) || !steps) return
    for (const { name, path } of targetsOf({ path: ['labels', label], steps })) {
      const next = name.slice(1)
      if (!name.startsWith('@')) continue
      const start = [...trail, label].indexOf(next)
      if (start === -1) visit(next, [...trail, label])
      else found.push({ path, message: circleMessage([...trail, label].slice(start)) })
    }
    finished.add(label)
  }
  for (const label of Object.keys(config.labels)) visit(label, [])
  return found
}

function circleMessage(circle: readonly string[]): string {
  const names = [...circle, circle[0]].map((label) => `@${label}`).join(' → ')
  return `labels lead in a circle: ${names}; events would never leave it`
}

function unused(config: Config, used: ReadonlySet<string>): { path: Path; message: string }[] {
  const outputs = Object.keys(config.outputs).filter((name) => !used.has(name))
  const labels = Object.keys(config.labels).filter((name) => !used.has(`@${name}`))
  return [
    ...outputs.map((name) => ({
      path: ['outputs', name],
      message: `output "${name}" is never used; no match leads to it`,
    })),
    ...labels.map((name) => ({
      path: ['labels', name],
      message: `label "${name}" is never used; no match or input leads to it`,
    })),
  ]
}
