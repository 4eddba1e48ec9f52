/** The scenarios of `npm run bench`, by name, in the order in which they run. */
import type { Traffic } from './traffic/prepare.ts'

export type Output = 'file-per-tag' | 'one-file' | 'compressed-files' | 'stdout' | 'null'

export interface Scenario {
  readonly name: string
  readonly summary: string
  readonly traffic: Traffic
  readonly output: Output
  /** Whether the copy of the same bytes is measured beside it. */
  readonly withFloor: boolean
  /** Whether peers take part: only where they are set up to do the same. */
  readonly withPeers: boolean
  /** Those of one group take turns, because their figures are compared. */
  readonly group: string
  /** Part of `--quick`. */
  readonly isQuick: boolean
}

const RECORDS = 1_000_000

const BASE: Omit<Scenario, 'name' | 'summary'> = {
  traffic: {
    mode: 'message',
    shape: '300B',
    records: RECORDS,
    connections: 1,
    tags: 1,
    tagOf: 'record',
  },
  output: 'file-per-tag',
  withFloor: true,
  withPeers: false,
  group: '',
  isQuick: false,
}

type Change = Partial<Omit<Scenario, 'traffic'>> & { readonly traffic?: Partial<Traffic> }

function scenario(name: string, summary: string, { traffic, ...rest }: Change): Scenario {
  return { ...BASE, name, summary, ...rest, traffic: { ...BASE.traffic, ...traffic } }
}

const main = { withPeers: true, isQuick: true }

export const scenarios: readonly Scenario[] = [
  scenario('message', 'Message mode, 300 B, one connection, one file', main),
  scenario('forward', 'Forward mode, 500 events a frame', {
    ...main,
    traffic: { mode: 'forward' },
  }),
  scenario('packed', 'PackedForward, 500 events a frame', { ...main, traffic: { mode: 'packed' } }),
  scenario('packed-gzip', 'CompressedPackedForward, 500 events a frame', {
    ...main,
    traffic: { mode: 'packed-gzip' },
  }),
]
