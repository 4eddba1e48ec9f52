/** The outputs a configuration may name, in the order the reference lists them. */
import type { AnyOutputDefinition } from '../pipeline/component.ts'
import { elasticsearch } from './elasticsearch/index.ts'
import { file } from './file/index.ts'
import { forward } from './forward/index.ts'
import { nullOutput } from './null.ts'
import { opensearch } from './opensearch/index.ts'
import { stdout } from './stdout.ts'

export const outputs: readonly AnyOutputDefinition[] = [
  file,
  forward,
  elasticsearch,
  opensearch,
  stdout,
  nullOutput,
]
