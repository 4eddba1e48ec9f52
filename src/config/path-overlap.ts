/** Whether two patterns, in which `*` stands for any text without `/`, can mean the same path. */
export function patternsOverlap(one: string, other: string): boolean {
  /** Lengths of beginnings of `other` that the beginning of `one` so far can equal. */
  let reachable = new Set([0])
  for (const character of one) {
    reachable = closure(reachable, other)
    const next = new Set<number>()
    for (const length of reachable) {
      if (character === '*') addAnyText(next, other, length)
      else if (other[length] === '*' && character !== '/') next.add(length)
      else if (other[length] === character) next.add(length + 1)
    }
    reachable = next
  }
  return closure(reachable, other).has(other.length)
}

/** A `*` may also stand for nothing. */
function closure(lengths: ReadonlySet<number>, pattern: string): Set<number> {
  const all = new Set(lengths)
  for (const length of all) if (pattern[length] === '*') all.add(length + 1)
  return all
}

function addAnyText(lengths: Set<number>, pattern: string, from: number): void {
  lengths.add(from)
  for (let end = from; end < pattern.length && pattern[end] !== '/'; end++) lengths.add(end + 1)
}
