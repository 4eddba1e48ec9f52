/** What a pattern is parsed into (parser.ts) and written from (write.ts). */
import type { CharSet } from './char-set.ts'

export type RegexpNode =
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'assertion'; readonly text: '^' | '$' | '\\b' | '\\B' }
  | { readonly kind: 'sequence'; readonly items: readonly RegexpNode[] }
  | { readonly kind: 'choice'; readonly options: readonly RegexpNode[] }
  | { readonly kind: 'capture'; readonly name: string | null; readonly inner: RegexpNode }
  | RepeatNode

export interface RepeatNode {
  readonly kind: 'repeat'
  readonly inner: RegexpNode
  readonly min: number
  /** May be Infinity. */
  readonly max: number
  readonly isLazy: boolean
  /** Where it stands in the source. */
  readonly position: number
}
