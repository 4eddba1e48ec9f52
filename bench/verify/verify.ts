/**
 * Checks that an output holds exactly what was sent: how many records, which ones (each log begins
 * with its connection and sequence number), every field of each, and the order per connection.
 */
import type { Prepared } from '../traffic/prepare.ts'
import { RecordHash } from '../traffic/record-hash.ts'
import { readLines, type Fields } from './lines.ts'

/** A line as the record it stands for; what it leaves out is not compared. */
export type ReadLine = (line: Fields) => Fields

export interface Expectation {
  readonly prepared: Prepared
  /** How a line becomes the record that was sent. */
  readonly readLine: ReadLine
  /** Whether `time` and `tag` are compared too, with nine digits behind the second. */
  readonly withEnvelope: boolean
  /** Absent: records of one connection must come in their order. */
  readonly mayBeMixed?: boolean
}

export interface Verdict {
  readonly records: number
  /** What is wrong, in the words of the report; empty if everything is there. */
  readonly faults: readonly string[]
  /** Records that come behind a later one of their connection in the same file. */
  readonly outOfOrder: number
}

export async function verify(folder: string, expectation: Expectation): Promise<Verdict> {
  const verification = new Verification(expectation)
  await readLines(folder, (line, stream) => verification.add(line, stream))
  return verification.verdict()
}

class Verification {
  readonly #expectation: Expectation
  readonly #hash = new RecordHash()
  /** How often each sequence number was seen, per connection. */
  readonly #seen: Uint8Array[]
  #latest: Int32Array
  #stream = ''
  #records = 0
  #unknown = 0
  #outOfOrder = 0

  constructor(expectation: Expectation) {
    this.#expectation = expectation
    const { segments } = expectation.prepared
    this.#seen = segments.map((segment) => new Uint8Array(segment.records))
    this.#latest = new Int32Array(segments.length).fill(-1)
  }

  add(line: Fields, stream: string): void {
    if (stream !== this.#stream) this.#latest.fill(-1)
    this.#stream = stream
    this.#records++
    const fields = this.#expectation.readLine(line)
    for (const name in fields) this.#hash.addField(name, fields[name])
    this.#hash.endRecord()
    this.#note(fields['log'])
  }

  verdict(): Verdict {
    const { prepared, withEnvelope, mayBeMixed = false } = this.#expectation
    const expected = withEnvelope ? prepared.eventsHash : prepared.fieldsHash
    const faults = this.#countFaults()
    if (faults.length === 0 && this.#hash.total !== expected) {
      faults.push(`fields differ: hash ${this.#hash.total}; expected ${expected}`)
    }
    return { records: this.#records, faults, outOfOrder: mayBeMixed ? 0 : this.#outOfOrder }
  }

  #note(log: unknown): void {
    const match = typeof log === 'string' ? /^(\d{1,9})\/(\d{1,9}) /.exec(log) : null
    const [connection, sequence] = [Number(match?.[1]), Number(match?.[2])]
    const seen = this.#seen[connection]
    if (seen === undefined || !(sequence < seen.length)) {
      this.#unknown++
      return
    }
    seen[sequence] = Math.min(255, seen[sequence]! + 1)
    if (sequence < this.#latest[connection]!) this.#outOfOrder++
    else this.#latest[connection] = sequence
  }

  #countFaults(): string[] {
    const missing: string[] = []
    const doubled: string[] = []
    for (const [connection, seen] of this.#seen.entries()) {
      for (const [sequence, times] of seen.entries()) {
        if (times === 0) missing.push(`${connection}/${sequence}`)
        if (times > 1) doubled.push(`${connection}/${sequence}`)
      }
    }
    return [
      ...(missing.length > 0 ? [`${missing.length} missing: ${some(missing)}`] : []),
      ...(doubled.length > 0 ? [`${doubled.length} doubled: ${some(doubled)}`] : []),
      ...(this.#unknown > 0 ? [`${this.#unknown} that were never sent`] : []),
    ]
  }
}

function some(names: readonly string[]): string {
  return names.slice(0, 5).join(', ') + (names.length > 5 ? ', …' : '')
}
