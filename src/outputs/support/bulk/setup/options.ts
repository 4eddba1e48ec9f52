/** What is asked for of the set-up of a target. */
import type { Product } from '../identify.ts'

export type Json = { readonly [key: string]: unknown }

export interface SetupOptions {
  readonly product: Product
  readonly isDataStream: boolean
  /** Of the names written to, `*` for what differs: `logs-docker-*`. */
  readonly pattern: string
  readonly retentionMs: number | null
  readonly timeField: string
  readonly tagField: string | null
}
