/** Pauses between retries of which the shortest would be longer than the longest. */
import type { Fault } from '../pipeline/component.ts'
import type { BufferedConfig } from './buffer-schema.ts'
import type { Options } from './model.ts'
import { durationInMs } from './units.ts'

/** Of an output with a buffer, at what of the two is `written`; paths from its root. */
export function intervalFaults({ retry }: BufferedConfig, written: Options): Fault[] {
  const { first_interval, max_interval } = retry
  const maxMs = durationInMs(max_interval)
  // One of 0 is an error of its own (zero-limits.ts).
  if (maxMs === 0 || durationInMs(first_interval) <= maxMs) return []
  const isFirstWritten = Object.hasOwn(Object(written['retry']) as Options, 'first_interval')
  const [key, message] = isFirstWritten
    ? (['first_interval', refusal(first_interval, 'longer', 'max_interval', max_interval)] as const)
    : ([
        'max_interval',
        refusal(max_interval, 'shorter', 'first_interval', first_interval),
      ] as const)
  return [{ path: ['retry', key], message }]
}

function refusal(value: string, how: 'longer' | 'shorter', other: string, bound: string): string {
  const expected = `${bound} or ${how === 'longer' ? 'less' : 'more'}`
  return `cannot use "${value}": it is ${how} than "${other}", ${bound}; expected ${expected}`
}
