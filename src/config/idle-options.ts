/** Options that an output's type, or its buffer's, makes nothing of: better said than taken. */
import type { AnyOutputDefinition } from '../pipeline/component.ts'
import type { Options } from './model.ts'
import type { Problem } from './validate.ts'

const BOUND = '"max_bytes" and "when_full" of its buffer, which bound what waits'

/** Options of a buffer on disk, and what of each is so in memory anyway. */
const DISK_ONLY = [
  ['fsync', 'never'],
  ['compress', 'none'],
] as const

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
  if (valueAt(written, 'buffer', 'type') === 'memory')
    for (const [key, asInMemory] of DISK_ONLY) {
      const value = valueAt(written, 'buffer', key)
      if (value !== undefined && value !== asInMemory)
        report(
          ['buffer', key],
          'a buffer in memory writes nothing; expected "type: disk" beside it',
        )
    }
  return problems
}

function valueAt(written: Options, group: string, key: string): unknown {
  return (Object(written[group]) as Options)[key]
}
