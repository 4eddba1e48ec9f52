/**
 * What breaks a rule on purpose, by name. The list may only shrink: an entry that is no longer
 * needed is a finding, and so is one more entry than `EXCEPTIONS_MAX`, which is only ever lowered.
 */
import type { Finding } from './source.ts'

export interface Exception {
  readonly rule: string
  readonly path: string
  readonly reason: string
}

export const EXCEPTIONS_MAX = 0

export const exceptions: readonly Exception[] = []

/** Takes the excepted findings out and adds those about the list itself. */
export function applyExceptions(
  findings: readonly Finding[],
  list: readonly Exception[] = exceptions,
  max = EXCEPTIONS_MAX,
): Finding[] {
  const fits = (exception: Exception, finding: Finding) =>
    exception.rule === finding.rule && exception.path === finding.path
  const kept = findings.filter((finding) => !list.some((exception) => fits(exception, finding)))
  const stale = list.filter((exception) => !findings.some((finding) => fits(exception, finding)))
  const about = (message: string): Finding => {
    return { rule: 'exceptions', path: 'scripts/tidy/exceptions.ts', line: 0, message }
  }
  return [
    ...kept,
    ...stale.map(({ rule, path }) => about(`${rule} for ${path} is no longer needed; remove it`)),
    ...(list.length > max ? [about(`${list.length} exceptions; at most ${max}`)] : []),
  ]
}
