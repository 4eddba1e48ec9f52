/** The collector's own account (docs/guide/operating.md), held against what must be true of it. */

const CAME = ['received', 'restored', 'copied'] as const
const WENT = [
  'filtered',
  'delivered',
  'retried',
  'rejected',
  'dropped',
  'buffered',
  'in_flight',
] as const

export type Totals = Readonly<Record<(typeof CAME)[number] | (typeof WENT)[number], number>>

/** What is wrong with it, in words: no scenario makes the collector drop or reject anything. */
export function faultsOf(totals: Totals, when: string): string[] {
  const faults: string[] = []
  const sum = (columns: readonly (keyof Totals)[]) =>
    columns.reduce((all, column) => all + totals[column], 0)
  for (const column of [...CAME, ...WENT])
    if (!Number.isSafeInteger(totals[column])) faults.push(`${when}: the ledger has no ${column}`)
  const text = JSON.stringify(totals)
  if (sum(CAME) !== sum(WENT)) faults.push(`${when}: the ledger is not balanced: ${text}`)
  if (totals.dropped + totals.rejected > 0)
    faults.push(`${when}: the ledger has dropped or rejected events: ${text}`)
  return faults
}

/** The last line of a log that has the sums, as every ordered stop writes it. */
export function finalTotals(log: string): Totals | undefined {
  const line = log.split('\n').findLast((text) => text.includes('"events in all"'))
  return line === undefined ? undefined : (JSON.parse(line) as Totals)
}
