/** The input that takes a scenario's traffic, and how its lines become what was sent. */
import type { Traffic } from '../traffic/prepare.ts'
import type { Expectation } from '../verify/verify.ts'

type Mode = Traffic['mode']

/** The options of the input, as a flow mapping without its braces. */
export function inputOptions(mode: Mode, port: number): string {
  return `type: ${inputType(mode)}, listen: "tcp://127.0.0.1:${port}"`
}

function inputType(mode: Mode): string {
  if (mode === 'http-ndjson') return 'http'
  if (mode === 'gelf') return 'gelf'
  return mode === 'tcp-lines' ? 'tcp' : 'forward'
}

export function expectationOf(mode: Mode): Omit<Expectation, 'prepared'> {
  // A line alone says neither its time nor its tag.
  if (mode === 'tcp-lines') return { readLine: ({ log }) => ({ log }), withEnvelope: false }
  return { readLine: (line) => line, withEnvelope: true }
}
