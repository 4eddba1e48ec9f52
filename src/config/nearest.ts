/** The name a person probably meant, for "did you mean" hints. */

/** The candidate closest to `name`, or undefined if none is close. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = normalized(name)
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(wanted.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = distanceOf(wanted, normalized(candidate))
    if (distance >= bestDistance || distance >= wanted.length) continue
    best = candidate
    bestDistance = distance
  }
  return best
}

/** `; did you mean "listen"?`, or `; expected one of: …` when nothing is close. */
export function hint(name: string, candidates: readonly string[]): string {
  const meant = nearest(name, candidates)
  if (meant !== undefined) return `; did you mean "${meant}"?`
  return candidates.length > 0 ? `; expected one of: ${candidates.join(', ')}` : ''
}

/** People mix up case and word separators; that is no distance at all. */
function normalized(name: string): string {
  return name.toLowerCase().replaceAll('-', '_').slice(0, 64)
}

/** A name cut short or drawn out, `loging` for `log`, is close however many letters that takes. */
function distanceOf(wanted: string, candidate: string): number {
  const isLonger = candidate.length >= 3 && wanted.startsWith(candidate)
  const isShorter = wanted.length >= 3 && candidate.startsWith(wanted)
  return Math.min(editDistance(wanted, candidate), isLonger || isShorter ? 2 : Infinity)
}

/** Levenshtein's distance, where two neighbours swapped count as one edit. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let distance = Math.min(replaced, previous[j]! + 1, current[j - 1]! + 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) distance = Math.min(distance, beforePrevious[j - 2]! + 1)
      current.push(distance)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[b.length]!
}
