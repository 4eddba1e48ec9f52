/**
 * Which lines of a file are done with: one line of text, the CRC-32 of the JSON and the JSON.
 *
 *     5a1f00c2 {"version":1,"done":[[0,99],[105,105]]}
 */
import { crc32 } from 'node:zlib'

const VERSION = 1
const FORM = /^([0-9a-f]{8}) (\{.*\})\n$/

/** First and last of neighbouring lines, counted from 0. */
type Run = readonly [number, number]

export function encodeDone(lines: ReadonlySet<number>): Uint8Array {
  const json = JSON.stringify({ version: VERSION, done: runsOf(lines) })
  return Buffer.from(`${checksum(json)} ${json}\n`)
}

/** Undefined for what is damaged or of a version that is not known. */
export function decodeDone(bytes: Buffer): Set<number> | undefined {
  const [, sum, json] = FORM.exec(bytes.toString()) ?? []
  if (json === undefined || sum !== checksum(json)) return undefined
  const { version, done } = JSON.parse(json) as { version: number; done: readonly Run[] }
  return version === VERSION ? linesOf(done) : undefined
}

function runsOf(lines: ReadonlySet<number>): Run[] {
  const runs: [number, number][] = []
  for (const line of [...lines].toSorted((one, other) => one - other)) {
    const last = runs.at(-1)
    if (last && last[1] === line - 1) last[1] = line
    else runs.push([line, line])
  }
  return runs
}

function linesOf(runs: readonly Run[]): Set<number> {
  const lines = new Set<number>()
  for (const [first, last] of runs) for (let line = first; line <= last; line++) lines.add(line)
  return lines
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0')
}
