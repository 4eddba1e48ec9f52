/** Whether a step of a pipeline is a `filter` or a `match`, also when that word is misspelt. */
import { nearest } from './nearest.ts'

export interface StepKind {
  readonly kind: 'filter' | 'match' | 'both' | 'neither'
  /** The key that says so, if one of them does: `match`, or `mtach`. */
  readonly key?: string
}

const STEP_KEYS = ['filter', 'match', 'to', 'type']

export function stepKind(keys: readonly string[]): StepKind {
  const [isFilter, isMatch] = [keys.includes('filter'), keys.includes('match')]
  if (isFilter && isMatch) return { kind: 'both' }
  if (isFilter) return { kind: 'filter', key: 'filter' }
  if (isMatch) return { kind: 'match', key: 'match' }
  return guessed(keys, 'match', 'to') ?? guessed(keys, 'filter', 'type') ?? { kind: 'neither' }
}

/** A key that is nearly `kind` is taken for it if what goes with `kind` is there as well. */
function guessed(keys: readonly string[], kind: 'filter' | 'match', companion: string) {
  if (!keys.includes(companion)) return undefined
  const key = keys.find((each) => nearest(each, STEP_KEYS) === kind)
  return key === undefined ? undefined : { kind, key }
}
