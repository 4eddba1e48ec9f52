/** What differs between what was expected of the outputs and what they got, as lines to print. */
import { isDeepStrictEqual } from 'node:util'
import { isSameTime, type TrialEvent } from './event.ts'
import type { Outcome } from './run-trial.ts'
import type { Expected, Trial } from './trial-file.ts'

/** Empty if all is as expected; else per output what is missing (-) and too much (+). */
export function compare({ expect }: Trial, outcome: Outcome): string[] {
  const unknown = Object.keys(expect).filter((name) => !outcome.has(name))
  const known = [...outcome.keys()].join(', ')
  return [
    ...unknown.map((name) => `no output is named "${name}"; expected one of: ${known}`),
    ...[...outcome].flatMap(([name, found]) => {
      const wanted = Object.hasOwn(expect, name) ? expect[name]! : []
      const lines = diff(wanted, found)
      return lines.some((line) => !line.startsWith(' ')) ? [`output ${name}:`, ...lines] : []
    }),
  ]
}

function fits(wanted: Expected, found: TrialEvent): boolean {
  if (wanted.tag !== undefined && wanted.tag !== found.tag) return false
  if (wanted.time !== undefined && !isSameTime(wanted.time, found.time)) return false
  return isDeepStrictEqual(wanted.record, found.record)
}

/** By the longest run of events that both have in this order. */
function diff(wanted: readonly Expected[], found: readonly TrialEvent[]): string[] {
  const hasTimes = wanted.some(({ time }) => time !== undefined)
  const shown = (event: Expected | TrialEvent) => lineOf(event, hasTimes)
  const common = commonLengths(wanted, found)
  const lines: string[] = []
  let [at, to] = [0, 0]
  while (at < wanted.length || to < found.length) {
    const isBoth = at < wanted.length && to < found.length
    if (isBoth && fits(wanted[at]!, found[to]!)) {
      lines.push(`    ${shown(found[to]!)}`)
      at++
      to++
    } else if (to >= found.length || (isBoth && common[at + 1]![to]! >= common[at]![to + 1]!))
      lines.push(`  - ${shown(wanted[at++]!)}`)
    else lines.push(`  + ${shown(found[to++]!)}`)
  }
  return lines.map((line) => line.slice(2))
}

/** Of the rest from each pair of places on. */
function commonLengths(wanted: readonly Expected[], found: readonly TrialEvent[]): number[][] {
  const lengths = Array.from({ length: wanted.length + 1 }, () =>
    new Array<number>(found.length + 1).fill(0),
  )
  for (let at = wanted.length - 1; at >= 0; at--) {
    for (let to = found.length - 1; to >= 0; to--) {
      const isSame = fits(wanted[at]!, found[to]!)
      lengths[at]![to] = isSame
        ? lengths[at + 1]![to + 1]! + 1
        : Math.max(lengths[at + 1]![to]!, lengths[at]![to + 1]!)
    }
  }
  return lengths
}

/** Times would hide what differs where nobody asked for them. */
function lineOf({ tag, time, record }: Expected | TrialEvent, hasTimes: boolean): string {
  const parts = [tag, hasTimes ? time : undefined, JSON.stringify(record)]
  return parts.filter((part) => part !== undefined).join(' ')
}
