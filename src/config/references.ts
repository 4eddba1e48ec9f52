/** Checks what the parts of a configuration say of each other: names, labels, patterns, use. */
import { compileTagPattern } from '../pipeline/tag-pattern.ts'
import { failureFaults } from './failure-targets.ts'
import type { Diagnostic } from './diagnostic.ts'
import { hint, nearest } from './nearest.ts'
import type { Named, Outline, PipelineOutline } from './outline.ts'
import type { Path } from './schema-walk.ts'
import { locate, type Tree } from './tree.ts'

export function checkReferences(tree: Tree, outline: Outline): Diagnostic[] {
  const at = (severity: Diagnostic['severity'], message: string, path: Path, atKey = false) => ({
    severity,
    message,
    location: locate(tree, path, atKey),
  })
  const { pipelines } = outline
  const targets = [...pipelines.flatMap(targetsOf), ...inputLabels(outline), ...outline.failures]
  const used = new Set(targets.flatMap(({ name }) => [name, ...meantBy(name, outline)]))
  const empty = emptiness(outline)
  return [
    ...empty.map(([path, message]) => at('error', message, path, true)),
    ...targets.flatMap(({ name, path }) => {
      const message = unknownTarget(name, outline)
      return message === undefined ? [] : [at('error', message, path)]
    }),
    ...pipelines.flatMap(repeatedTargets).map(({ path, message }) => at('error', message, path)),
    ...pipelines.flatMap(badPatterns).map(({ path, message }) => at('error', message, path)),
    ...labelCycles(outline).map(({ path, message }) => at('error', message, path)),
    ...failureFaults(outline).map(({ path, message }) => at('error', message, path)),
    ...pipelines
      .flatMap(unreachable)
      .map((path) =>
        at(
          'warning',
          'this step is never reached: a match of "**" before it takes every event',
          path,
        ),
      ),
    ...(empty.length > 0 ? [] : unused(outline, used)).map(({ path, message }) =>
      at('warning', message, path, true),
    ),
  ]
}

function targetsOf({ steps }: PipelineOutline): Named[] {
  return steps.flatMap((step) => step.targets)
}

function inputLabels({ inputs = [] }: Outline): Named[] {
  return inputs.flatMap(({ label }) => label ?? [])
}

function emptiness({ inputs, outputs, pipelines }: Outline): [Path, string][] {
  const found: [Path, string][] = []
  if (inputs?.length === 0) found.push([['inputs'], 'no inputs: nothing could arrive'])
  if (outputs?.length === 0)
    found.push([['outputs'], 'no outputs: events would have nowhere to go'])
  const pipeline = pipelines.find(({ label }) => label === undefined)
  const needsPipeline = inputs?.some(({ label }) => label === null)
  if (needsPipeline && pipeline?.steps.every(({ kind }) => kind === 'filter'))
    found.push([['pipeline'], 'the pipeline has no match: every event would go nowhere'])
  return found
}

/** How a label is written as a target; one that is named so by mistake is meant all the same. */
function targetOf(label: string): string {
  return label.startsWith('@') ? label : `@${label}`
}

function unknownTarget(name: string, { outputs, labels }: Outline): string | undefined {
  const group = name.startsWith('@') ? labels?.map(targetOf) : outputs
  if (!group || group.includes(name)) return undefined
  if (name.startsWith('@')) return `no label is named "${name}"${hint(name, group)}`
  if (labels?.includes(name)) return `no output is named "${name}"; a label is written "@${name}"`
  // That there are no outputs at all is said already.
  return group.length === 0 ? undefined : `no output is named "${name}"${hint(name, group)}`
}

/** A name that is wrong counts as a use of what was probably meant by it: any, if none is close. */
function meantBy(name: string, { outputs = [], labels = [] }: Outline): string[] {
  if (!name.startsWith('@') && labels.includes(name)) return [`@${name}`]
  const group = name.startsWith('@') ? labels.map(targetOf) : outputs
  if (group.includes(name)) return []
  const meant = nearest(name, group)
  return meant === undefined ? [...group] : [meant]
}

/** A copy to the same place would be there twice. */
function repeatedTargets({ steps }: PipelineOutline): { path: Path; message: string }[] {
  return steps.flatMap(({ targets }) =>
    targets
      .filter(({ name }, index) => targets.findIndex((target) => target.name === name) < index)
      .map(({ name, path }) => ({ path, message: `"${name}" is there already; expected it once` })),
  )
}

function badPatterns({ steps }: PipelineOutline): { path: Path; message: string }[] {
  return steps.flatMap(({ pattern }) => {
    try {
      if (pattern) compileTagPattern(pattern.name)
      return []
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      return [{ path: pattern!.path, message }]
    }
  })
}

function unreachable({ steps }: PipelineOutline): Path[] {
  const takesAll = steps.findIndex(
    ({ kind, pattern }) => kind === 'match' && pattern?.name === '**',
  )
  const next = takesAll === -1 ? undefined : steps[takesAll + 1]
  return next ? [next.path] : []
}

/** Each label that leads back to itself, reported where the circle closes. */
function labelCycles({ pipelines }: Outline): { path: Path; message: string }[] {
  const found: { path: Path; message: string }[] = []
  const finished = new Set<string>()
  const visit = (label: string, trail: readonly string[]): void => {
    const pipeline = pipelines.find((candidate) => candidate.label === label)
    if (finished.has(label) || !pipeline) return
    for (const { name, path } of targetsOf(pipeline)) {
      const next = name.slice(1)
      if (!name.startsWith('@')) continue
      const start = [...trail, label].indexOf(next)
      if (start === -1) visit(next, [...trail, label])
      else found.push({ path, message: circleMessage([...trail, label].slice(start)) })
    }
    finished.add(label)
  }
  for (const { label } of pipelines) if (label !== undefined) visit(label, [])
  return found
}

function circleMessage(circle: readonly string[]): string {
  const names = [...circle, circle[0]].map((label) => `@${label}`).join(' → ')
  return `labels lead in a circle: ${names}; events would never leave it`
}

function unused({ outputs, labels, hasAllTargets }: Outline, used: ReadonlySet<string>) {
  if (!hasAllTargets) return []
  const unusedOutputs = outputs?.filter((name) => !used.has(name)) ?? []
  const unusedLabels = labels?.filter((name) => !used.has(targetOf(name))) ?? []
  return [
    ...unusedOutputs.map((name) => ({
      path: ['outputs', name],
      message:
        `output "${name}" is never used: no match leads to it, and only ` +
        `"dead-letters replay --to ${name}" could send to it`,
    })),
    ...unusedLabels.map((name) => ({
      path: ['labels', name],
      message: `label "${name}" is never used; no match or input leads to it`,
    })),
  ]
}
