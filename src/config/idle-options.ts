/** Options of delivery that an output's type makes nothing of: better said than taken. */
import type { AnyOutputDefinition } from '../pipeline/component.ts'
import type { Options } from './model.ts'
import type { Problem } from './validate.ts'

const BOUND = '"max_bytes" and "when_full" of its buffer, which bound what waits'

/** Of an output with a buffer, as it is written; paths from its root. */
export function idleOptions(definition: AnyOutputDefinition, written: Options): Problem[] {
  const { type } = definition
  const problems: Problem[] = []
  const report = (path: string[], message: string) =>
    problems.push({ path, message: `cannot use "${path.at(-1)}": ${message}`, atKey: true })
  const timeout = valueAt(written, 'delivery', 'timeout')
  if (timeout !== undefined && !definition.isChunked)
    report(['delivery', 'timeout'], `${type} waits until it can write; expected ${BOUND}`)
  if (timeout !== undefined && definition.isChunked && definition.timeoutOption !== undefined) {
    const option = `"${definition.timeoutOption}" of the output itself`
    report(['delivery', 'timeout'], `${type} times each request; expected ${option}`)
  }
  const giveUpAfter = valueAt(written, 'retry', 'give_up_after')
  const isIdle = giveUpAfter !== undefined && giveUpAfter !== 'forever'
  if (isIdle && !definition.isChunked && definition.isPatient)
    report(['retry', 'give_up_after'], `${type} waits until it can write; expected ${BOUND}`)
  return problems
}

function valueAt(written: Options, group: string, key: string): unknown {
  return (Object(written[group]) as Options)[key]
}
