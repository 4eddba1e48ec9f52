/** Which dead letters are meant. What is not said does not matter. */
import type { TagPattern } from '../tag-pattern.ts'
import type { LetterHead } from './letter-line.ts'

export interface Selection {
  readonly ids?: ReadonlySet<string>
  /** The output that did not get them. */
  readonly output?: string
  readonly matches?: TagPattern
  /** Milliseconds since 1970 between which they became dead letters, both included. */
  readonly since?: number
  readonly until?: number
}

export function isSelected(head: LetterHead, selection: Selection): boolean {
  const { ids, output, matches, since, until } = selection
  if (ids && !ids.has(head.id)) return false
  if (output !== undefined && head.output !== output) return false
  if (matches && !matches(head.tag)) return false
  const at = Date.parse(head.at)
  return (since === undefined || at >= since) && (until === undefined || at <= until)
}
