/** The middle of several runs, and how far they lie apart. */

export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** NaN, three times, of no values. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) return { median: NaN, least: NaN, most: NaN }
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const median = (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2
  return { median, least: sorted[0]!, most: sorted[sorted.length - 1]! }
}
