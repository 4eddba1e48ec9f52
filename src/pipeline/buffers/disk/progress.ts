/**
 * How far a buffer is delivered: the lowest batch that is not, and those beyond it that are. One
 * line of text in a file that is replaced as a whole; the checksum is as in frame.ts.
 */
import { crc32 } from 'node:zlib'

const VERSION = 1

export class Progress {
  /** The lowest sequence that is not finished. */
  #from: number
  readonly #beyond: Set<number>

  constructor(from = 0, beyond: Iterable<number> = []) {
    this.#from = from
    this.#beyond = new Set(beyond)
    this.#advance()
  }

  get from(): number {
    return this.#from
  }

  isFinished(sequence: number): boolean {
    return sequence < this.#from || this.#beyond.has(sequence)
  }

  finish(sequence: number): void {
    if (sequence < this.#from) return
    this.#beyond.add(sequence)
    this.#advance()
  }

  encode(): Uint8Array {
    const state = { version: VERSION, from: this.#from, finished: runsOf(this.#beyond) }
    const json = JSON.stringify(state)
    return Buffer.from(`${checksum(json)} ${json}\n`)
  }

  /** Undefined for what is damaged. Throws for a version that is not known. */
  static decode(bytes: Uint8Array): Progress | undefined {
    const [, sum, json] = /^([0-9a-f]{8}) (\{.*\})\n$/.exec(Buffer.from(bytes).toString()) ?? []
    if (json === undefined || sum !== checksum(json)) return undefined
    const state = JSON.parse(json) as { version: number; from: number; finished: Run[] }
    if (state.version !== VERSION)
      throw new Error(`version ${state.version}; expected version ${VERSION}`)
    return new Progress(state.from, state.finished.flatMap(sequencesOf))
  }

  #advance(): void {
    while (this.#beyond.delete(this.#from)) this.#from++
  }
}

/** First and last of neighbouring sequences. */
type Run = readonly [number, number]

function runsOf(sequences: ReadonlySet<number>): Run[] {
  const runs: [number, number][] = []
  for (const sequence of [...sequences].toSorted((one, other) => one - other)) {
    const last = runs.at(-1)
    if (last && last[1] === sequence - 1) last[1] = sequence
    else runs.push([sequence, sequence])
  }
  return runs
}

function sequencesOf([first, last]: Run): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0')
}
