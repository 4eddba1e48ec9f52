/** What a look at a server goes by. */
import type { Product } from '../identify.ts'
import type { BulkConfig } from '../schema.ts'
import type { Transport } from '../transport.ts'

export interface Way {
  readonly config: BulkConfig
  readonly product: Product
  readonly transport: Transport
  readonly signal: AbortSignal
}
