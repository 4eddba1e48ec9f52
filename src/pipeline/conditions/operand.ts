/** What a comparison consists of beside its field. */
import type { Regexp } from '../../codecs/regexp/regexp.ts'
import type { Order } from './tests.ts'
import type { Literal } from './values.ts'

export type Operator =
  '==' | '!=' | Order | '=~' | '!~' | 'contains' | 'startswith' | 'endswith' | 'in' | 'not in'

/** What stands behind an operator, and where. */
export type Operand = (
  | { readonly kind: 'literal'; readonly literal: Literal }
  | { readonly kind: 'list'; readonly literals: readonly Literal[] }
  | { readonly kind: 'regexp'; readonly regexp: Regexp }
) & { readonly position: number }
