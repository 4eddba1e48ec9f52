/** All component types of this program; who needs them by name gets this handed in. */
import type { Registry } from './config/model.ts'
import { inputs } from './inputs/index.ts'
import { outputs } from './outputs/index.ts'
import { filters } from './pipeline/filters/index.ts'

export const registry: Registry = { inputs, outputs, filters }
