/** The rows of the ledger (ledger.ts, which says what the words mean) and their form as JSON. */

/** One row: of all events, or of those of a tag. */
export class Counts {
  received = 0
  restored = 0
  copied = 0
  filtered = 0
  delivered = 0
  /** Handed back, those since lost included; only grows. */
  retried = 0
  /** Of `retried`, those that could not be sent again. */
  lost = 0
  rejected = 0
  /** Without `lost`. */
  dropped = 0
  /** Left on disk by a buffer that was stopped. */
  buffered = 0
  inFlight = 0

  lose(count: number): void {
    this.lost = Math.min(this.lost + count, this.retried)
  }
}

export interface InputCounts {
  received: number
  dropped: number
  lost: number
  readonly dropReasons: Map<string, number>
}

export interface FilterCounts {
  received: number
  restored: number
  filtered: number
  dropped: number
  /** Dead letters. */
  rejected: number
  held: number
}

export interface OutputCounts {
  received: number
  /** Of the received, those that its buffer found on disk. */
  restored: number
  delivered: number
  retried: number
  rejected: number
  dropped: number
  /** Left on disk by its buffer. */
  buffered: number
  inFlight: number
  /** Of its buffer, with events in them whose number is not known. */
  damagedBytes: number
}

/** Each key a number of events; all but `held` and `in_flight` are counters. */
export type Row = Readonly<Record<string, number>>
export type Rows = Readonly<Record<string, Row>>

export interface LedgerSnapshot {
  readonly inputs: Rows
  readonly filters: Rows
  readonly outputs: Rows
  readonly tags: Rows
  readonly total: Row
  readonly drop_reasons: {
    /** By input, what it dropped and lost. */
    readonly inputs: Rows
    /** What was dropped behind the inputs. */
    readonly pipeline: Row
  }
  /** By output, of its buffer's files: with them events were lost, nobody knows how many. */
  readonly damaged_bytes: Row
  /** Whether the equation at the top of ledger.ts holds. */
  readonly balanced: boolean
}

export interface LedgerRows {
  readonly total: Counts
  readonly tags: readonly (readonly [string, Counts])[]
  readonly inputs: readonly (readonly [string, InputCounts])[]
  readonly filters: readonly (readonly [string, FilterCounts])[]
  readonly outputs: readonly (readonly [string, OutputCounts])[]
  readonly dropReasons: ReadonlyMap<string, number>
}

export function snapshotOf(rows: LedgerRows): LedgerSnapshot {
  const seenTags = rows.tags.filter(([, counts]) => counts.received + counts.restored > 0)
  return {
    inputs: toRows(rows.inputs, ({ received, dropped, lost }) => ({ received, dropped, lost })),
    filters: toRows(rows.filters, (counts) => ({ ...counts })),
    outputs: toRows(rows.outputs, outputRow),
    tags: toRows(seenTags, countsRow),
    total: countsRow(rows.total),
    drop_reasons: {
      inputs: toRows(rows.inputs, ({ dropReasons }) => Object.fromEntries(dropReasons)),
      pipeline: Object.fromEntries(rows.dropReasons),
    },
    damaged_bytes: Object.fromEntries(
      rows.outputs.map(([name, { damagedBytes }]) => [name, damagedBytes] as const).filter(isSome),
    ),
    balanced: isBalancedRow(countsRow(rows.total)),
  }
}

function outputRow({ inFlight, damagedBytes: _notEvents, ...rest }: OutputCounts): Row {
  return { ...rest, in_flight: inFlight }
}

function isSome([, bytes]: readonly [string, number]): boolean {
  return bytes > 0
}

function toRows<Of>(rows: readonly (readonly [string, Of])[], toRow: (row: Of) => Row): Rows {
  return Object.fromEntries(rows.map(([name, row]) => [name, toRow(row)]))
}

function countsRow(counts: Counts): Row {
  return {
    received: counts.received,
    restored: counts.restored,
    copied: counts.copied,
    filtered: counts.filtered,
    delivered: counts.delivered,
    retried: counts.retried - counts.lost,
    rejected: counts.rejected,
    dropped: counts.dropped + counts.lost,
    buffered: counts.buffered,
    in_flight: counts.inFlight,
  }
}

const CAME = ['received', 'restored', 'copied']
const WENT = ['filtered', 'delivered', 'retried', 'rejected', 'dropped', 'buffered', 'in_flight']

/** For a row of totals. */
export function isBalancedRow(row: Row): boolean {
  const sum = (fates: readonly string[]) =>
    fates.reduce((count, fate) => count + (row[fate] ?? 0), 0)
  return (row['in_flight'] ?? 0) >= 0 && sum(CAME) === sum(WENT)
}
