/** Whether what an output does not get would come back to it by its `secondary` or `on_error`. */
import type { FailureOutline, Outline } from './outline.ts'
import type { Path } from './schema-walk.ts'

export interface FailureFault {
  readonly path: Path
  readonly message: string
}

export function failureFaults(outline: Outline): FailureFault[] {
  return outline.failures.flatMap((failure) => {
    const message = faultOf(failure, outline)
    return message === undefined ? [] : [{ path: failure.path, message }]
  })
}

function faultOf({ output, name, path }: FailureOutline, outline: Outline): string | undefined {
  const key = path.at(-1)
  const hasBoth = outline.failures.some(
    (other) => other.output === output && other.path.at(-1) !== key,
  )
  if (hasBoth && key === 'on_error')
    return 'cannot use "on_error" beside "secondary"; expected one of them'
  if (key === 'secondary' && name.startsWith('@'))
    return `cannot use a label as "secondary"; expected an output, or "on_error: ${name}"`
  if (!reachable(name, outline).has(output)) return undefined
  return `what output "${output}" does not get would come back to it by ${name}, in a circle`
}

/** Outputs and labels that events may come to from `start`, over failures too. */
function reachable(start: string, { pipelines, failures }: Outline): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (name: string): void => {
    if (found.has(name)) return
    found.add(name)
    for (const { label, steps } of pipelines)
      if (label !== undefined && `@${label}` === name)
        for (const target of steps.flatMap(({ targets }) => targets)) visit(target.name)
    for (const failure of failures) if (failure.output === name) visit(failure.name)
  }
  visit(start)
  return found
}
