/**
 * Counts what arrived, from the output files themselves: every line is parsed, and every event has
 * its sender's name and its number, so that its order can be seen too.
 */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { listFiles } from '../../test/support/output-files.ts'
import type { Sender } from './load.ts'

/** Whose events must first arrive in the order of sending. */
export type OrderScope = 'sender' | 'sender and second'

export interface Arrival {
  /** Lines in all. */
  readonly arrived: number
  /** Acknowledged events that are in no line. */
  readonly lost: number
  /** Lines beyond the first of an event. */
  readonly duplicates: number
  /** By sender, events that arrived for the first time after one that was sent later. */
  readonly overtaken: ReadonlyMap<string, number>
  /** Some of the lost ones, and lines that cannot be read. */
  readonly faults: readonly string[]
}

const FAULTS_SHOWN = 5
/** Of a time as it is written: 2026-11-26T19:10:42. */
const SECOND_LENGTH = 19

/** How often each number of each sender is in the lines of a folder. */
class Tally {
  readonly counts = new Map<string, Uint16Array>()
  readonly overtaken = new Map<string, number>()
  readonly faults: string[] = []
  lines = 0
  /** The greatest number so far of what is in order. */
  readonly #latest = new Map<string, number>()
  readonly #scope: OrderScope

  constructor(senders: readonly Sender[], scope: OrderScope) {
    this.#scope = scope
    for (const { name, sent } of senders) this.counts.set(name, new Uint16Array(sent))
  }

  async read(path: string): Promise<void> {
    const lines = createInterface({ input: textOf(path), crlfDelay: Infinity })
    for await (const line of lines) this.#take(line, path)
  }

  #take(line: string, path: string): void {
    this.lines += 1
    const found = parse(line)
    const sender = String(found?.['s'])
    const counts = this.counts.get(sender)
    const number = Number(found?.['n'])
    if (counts && number < counts.length) {
      if (counts[number] === 0) this.#takeFirst(sender, number, String(found?.['time']))
      counts[number]! += 1
    } else this.faults.push(`a line of ${path} is none that was sent: ${line.slice(0, 200)}`)
  }

  #takeFirst(sender: string, number: number, time: string): void {
    const key = this.#scope === 'sender' ? sender : `${sender} ${time.slice(0, SECOND_LENGTH)}`
    const latest = this.#latest.get(key) ?? -1
    if (number > latest) this.#latest.set(key, number)
    else this.overtaken.set(sender, (this.overtaken.get(sender) ?? 0) + 1)
  }
}

/** Reads the files below `folders` as one set: together they must have every event. */
export async function countArrived(
  folders: readonly string[],
  senders: readonly Sender[],
  scope: OrderScope = 'sender',
): Promise<Arrival> {
  const tally = new Tally(senders, scope)
  for (const folder of folders) await readFolder(tally, folder)
  let [lost, duplicates] = [0, 0]
  for (const sender of senders) {
    const counts = tally.counts.get(sender.name)!
    for (let number = 0; number < counts.length; number++) {
      duplicates += Math.max(0, counts[number]! - 1)
      if (counts[number] !== 0 || !sender.isAcknowledged(number)) continue
      lost += 1
      tally.faults.push(`${sender.name} number ${number} was acknowledged and is nowhere`)
    }
  }
  const faults = tally.faults.slice(0, FAULTS_SHOWN)
  return { arrived: tally.lines, lost, duplicates, overtaken: tally.overtaken, faults }
}

function textOf(path: string): NodeJS.ReadableStream {
  const file = createReadStream(path)
  if (!path.endsWith('.gz')) return file
  const text = createGunzip()
  file.once('error', (error) => text.destroy(error))
  return file.pipe(text)
}

/** What a stop has cut short: a compressed file whose original is there, and a torn event. */
const LEFTOVER = /\.(tmp|torn)$/

/** A folder that is not there has nothing; what is missing then is counted. */
async function readFolder(tally: Tally, folder: string): Promise<void> {
  try {
    const paths = (await listFiles(folder)).filter((path) => !LEFTOVER.test(path))
    for (const path of paths.sort(byAge)) await tally.read(path)
  } catch (error) {
    tally.faults.push(`cannot read ${folder}: ${String(error)}`)
  }
}

/** Of one tag, rotated files in the order of their times, and then the active one. */
function byAge(a: string, b: string): number {
  const [one, other] = [ageOf(a), ageOf(b)]
  return one < other ? -1 : one > other ? 1 : 0
}

function ageOf(path: string): string {
  return path.includes('@') ? path : path.replace(/\.log$/, '@ACTIVE')
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch (_notJson) {
    return undefined
  }
}
