/** Values of a buffer and its delivery that a schema lets through and nothing could work by. */
import type { Fault } from '../pipeline/component.ts'
import type { BufferedConfig } from './buffer-schema.ts'
import { parseDuration, parseSize } from './units.ts'

/** Paths from the output's root. The configuration fits its schema. */
export function deliveryFaults({ buffer, retry, delivery }: BufferedConfig): Fault[] {
  const faults: Fault[] = []
  const refuse = (path: string[], value: unknown, why: string, expected: string) => {
    const message = `cannot use ${JSON.stringify(value)}: ${why}; expected ${expected}`
    faults.push({ path, message })
  }
  if (parseSize(buffer.max_bytes) === 0)
    refuse(['buffer', 'max_bytes'], buffer.max_bytes, 'nothing could wait', 'more than 0B')
  if (parseSize(buffer.chunk.max_bytes) === 0)
    refuse(['buffer', 'chunk', 'max_bytes'], buffer.chunk.max_bytes, NOTHING_SENT, 'more than 0B')
  if (parseDuration(delivery.timeout) === 0)
    refuse(['delivery', 'timeout'], delivery.timeout, 'each attempt would fail', 'more than 0s')
  if (parseDuration(retry.max_interval) === 0)
    refuse(['retry', 'max_interval'], retry.max_interval, 'retries would not pause', 'more than 0s')
  if (parseDuration(String(retry.give_up_after)) === 0) {
    const path = ['retry', 'give_up_after']
    refuse(path, retry.give_up_after, 'nothing would be tried twice', '1, or more than 0s')
  }
  return faults
}

const NOTHING_SENT = 'nothing could be sent'
