/** All component types of this program, for the loader and the collector. */
import type { Registry } from '../config/model.ts'
import { inputs } from '../inputs/index.ts'
import { outputs } from '../outputs/index.ts'
import { filters } from '../pipeline/filters/index.ts'

export const registry: Registry = { inputs, outputs, filters }
