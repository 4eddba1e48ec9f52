/** Whether a run has shown what it is for, and that nothing was lost. */
import { join } from 'node:path'
import { countArrived, type Arrival, type OrderScope } from './arrived.ts'
import type { Collector } from './collector.ts'
import type { Totals } from './ledger.ts'
import type { Sender } from './load.ts'

export interface Result {
  readonly scenario: string
  readonly seed: number
  readonly sent: number
  readonly acknowledged: number
  readonly arrived: number
  readonly lost: number
  readonly duplicates: number
  /** As many as can be explained: README.md says by what. */
  readonly duplicatesMax: number
  readonly disturbances: number
  readonly restarts: number
  readonly seconds: number
  readonly faults: readonly string[]
}

export interface Evidence {
  readonly scenario: string
  readonly seed: number
  readonly folder: string
  readonly copies: readonly (readonly string[])[]
  readonly senders: readonly Sender[]
  readonly collectors: readonly Collector[]
  readonly finals: readonly (Totals | undefined)[]
  /** Duplicates that the scenario explains. */
  readonly mayRepeat: number
  /** Whether first arrivals must be in the order of sending. */
  readonly isOrdered: boolean
  readonly orderScope: OrderScope
  readonly disturbances: number
  readonly seconds: number
  readonly faults: readonly string[]
}

export async function judge(evidence: Evidence): Promise<Result> {
  const { senders, collectors, copies, folder, disturbances } = evidence
  const sum = (of: (sender: Sender) => number) => senders.reduce((all, one) => all + of(one), 0)
  const again = collectors.reduce((all, one) => all + one.restored + one.repeated, 0)
  const arrivals: Arrival[] = []
  for (const copy of copies)
    arrivals.push(
      await countArrived(
        copy.map((name) => join(folder, name)),
        senders,
        evidence.orderScope,
      ),
    )
  const all = (of: (arrival: Arrival) => number) =>
    arrivals.reduce((total, arrival) => total + of(arrival), 0)
  const figures = {
    sent: sum((sender) => sender.sent),
    acknowledged: sum((sender) => sender.acknowledged),
    arrived: all(({ arrived }) => arrived),
    lost: all(({ lost }) => lost),
    duplicates: all(({ duplicates }) => duplicates),
    duplicatesMax: sum((sender) => sender.resent) * copies.length + again + evidence.mayRepeat,
    disturbances,
    restarts: collectors.reduce((total, { starts }) => total + starts - 1, 0),
  }
  const faults = [
    ...evidence.faults,
    ...collectors.flatMap((collector) => collector.faults),
    ...arrivals.flatMap((arrival) => arrival.faults),
    ...senders.flatMap(faultsOfSender),
    ...faultsOfFigures(figures),
    ...(evidence.isOrdered ? faultsOfOrder(senders, arrivals) : []),
    ...faultsOfAccount(evidence, figures.arrived),
  ]
  const { scenario, seed, seconds } = evidence
  return { scenario, seed, ...figures, seconds, faults: [...new Set(faults)] }
}

function faultsOfSender(sender: Sender): string[] {
  if (sender.acknowledged > 0) return [...sender.violations]
  return [...sender.violations, `${sender.name} was never acknowledged anything: nothing is shown`]
}

type Figures = Pick<Result, 'lost' | 'duplicates' | 'duplicatesMax' | 'disturbances'>

function faultsOfFigures({ lost, duplicates, duplicatesMax, disturbances }: Figures): string[] {
  const faults: string[] = []
  if (lost > 0) faults.push(`${lost} acknowledged events are lost`)
  if (duplicates > duplicatesMax)
    faults.push(`${duplicates} duplicates, where at most ${duplicatesMax} can be explained`)
  if (disturbances === 0) faults.push('nothing went wrong in this run: nothing is shown')
  return faults
}

/** Only the first time counts: what is sent again in order can come twice, but not too early. */
function faultsOfOrder(senders: readonly Sender[], arrivals: readonly Arrival[]): string[] {
  const steady = senders.filter(({ resent, repeatsInOrder }) => repeatsInOrder || resent === 0)
  if (steady.length === 0) return ['every sender has sent again in any order: no order is shown']
  return steady.flatMap(({ name }) =>
    arrivals.flatMap(({ overtaken }) => {
      const events = overtaken.get(name) ?? 0
      return events > 0 ? [`${events} events of ${name} arrived after later ones`] : []
    }),
  )
}

/** Over one life the account must be that of the files, line for line. */
function faultsOfAccount({ collectors, finals }: Evidence, arrived: number): string[] {
  const faults: string[] = []
  for (const final of finals) {
    if (!final) faults.push('a collector did not live until its stop')
    // What a reload makes a buffer leave, its successor finds.
    else if (final.in_flight > 0 || final.buffered > final.restored)
      faults.push(`not everything was delivered at the end: ${JSON.stringify(final)}`)
  }
  const [only, ...others] = finals
  const isOneLife = others.length === 0 && collectors[0]?.starts === 1
  if (only && isOneLife && only.delivered !== arrived)
    faults.push(`the ledger has delivered ${only.delivered} events, and ${arrived} lines are there`)
  return faults
}
