/** Options on what is set up on the server before the first event is written there. */
import { Duration } from '../../../../config/fields.ts'
import { Type } from '../../../../config/type.ts'

/** Spread into the schema of an output. */
export const setupOptions = {
  setup: Type.Union([Type.Literal('auto'), Type.Literal('off')], {
    description:
      'Whether templates for the target are made on the server, and kept up to date: `auto` ' +
      'makes what is not there and leaves alone what others made; `off` leaves the server alone.',
    default: 'auto',
  }),
  retention: Type.Optional(
    Duration({
      description:
        'How long the server keeps events, at least; it removes them in larger pieces. By the ' +
        "data stream's lifecycle, ILM, or OpenSearch's ISM; a server that has none of them keeps " +
        'everything. Absent: for ever.',
      examples: ['30d'],
    }),
  ),
}
