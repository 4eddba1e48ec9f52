/** Sizes and times of 0 that a schema lets through and by which nothing could work. */
import type { Fault } from '../pipeline/component.ts'
import type { BufferedConfig } from './buffer-schema.ts'
import type { Config } from './model.ts'
import { parseDuration, parseSize } from './units.ts'

type Row = readonly [path: string[], value: string | number, why: string, expected: string]

const SOME_BYTES = 'more than 0B'
const SOME_TIME = 'more than 0s'

/** Of an output with a buffer; paths from its root. */
export function zeroLimitsOfOutput({ buffer, retry, delivery }: BufferedConfig): Fault[] {
  return faultsOf([
    [['buffer', 'max_bytes'], buffer.max_bytes, 'nothing could wait', SOME_BYTES],
    [['buffer', 'chunk', 'max_bytes'], buffer.chunk.max_bytes, 'nothing could be sent', SOME_BYTES],
    [['delivery', 'timeout'], delivery.timeout, 'each attempt would fail', SOME_TIME],
    [['retry', 'max_interval'], retry.max_interval, 'retries would not pause', SOME_TIME],
    [
      ['retry', 'give_up_after'],
      retry.give_up_after,
      'nothing would be tried twice',
      `1, or ${SOME_TIME}`,
    ],
  ])
}

/** Of the top level. */
export function zeroLimitsOfAll({
  memory_max,
  dead_letters,
}: Pick<Config, 'memory_max' | 'dead_letters'>): Fault[] {
  const { max_bytes, max_age } = dead_letters
  return faultsOf([
    [['memory_max'], memory_max, 'inputs would hardly read', SOME_BYTES],
    [['dead_letters', 'max_bytes'], max_bytes, 'none could be kept', SOME_BYTES],
    [['dead_letters', 'max_age'], max_age, 'none could be kept', SOME_TIME],
  ])
}

function faultsOf(rows: readonly Row[]): Fault[] {
  return rows
    .filter(([, value]) => parseSize(`${value}`) === 0 || parseDuration(`${value}`) === 0)
    .map(([path, value, why, expected]) => ({
      path,
      message: `cannot use "${value}": ${why}; expected ${expected}`,
    }))
}
