/** `null` output: takes everything and keeps nothing; for tests, and for tags nobody wants. */
import { Type } from '../config/type.ts'
import type { Outcome } from '../pipeline/batch.ts'
import { defineOutput } from '../pipeline/component.ts'

const configSchema = Type.Object({}, { additionalProperties: false })

export const nullOutput = defineOutput({
  type: 'null',
  summary: 'Throws events away; they count as delivered.',
  configSchema,
  isPatient: true,
  create: (_config, { metrics }) => {
    const discardedBytes = metrics.counter('discarded_bytes_total', 'Bytes of entries discarded.')
    const delivered = Promise.resolve<Outcome>('delivered')
    return {
      problem: null,
      start: async () => {},
      stop: async () => {},
      deliver: ({ entries }) => {
        discardedBytes.add(entries.length)
        return delivered
      },
    }
  },
})
