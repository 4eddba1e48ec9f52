/** `forward` output: to Fluentd, Fluent Bit or another Logboom (docs/specs/forward-protocol.md). */
import { defineChunkedOutput } from '../../pipeline/component.ts'
import { ForwardOutput } from './forward-output.ts'
import { probeForward } from './probe.ts'
import { forwardFaults, forwardSchema } from './schema.ts'

export const forward = defineChunkedOutput({
  type: 'forward',
  summary: 'Sends events on over the Fluentd forward protocol, to any server that speaks it.',
  configSchema: forwardSchema,
  faults: forwardFaults,
  placeholders: ({ tag }) => (tag === undefined ? [] : [{ path: ['tag'], text: tag }]),
  probe: probeForward,
  create: (config, context) => new ForwardOutput(config, context),
})
