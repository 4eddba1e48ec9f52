/** Names for stores, of which there are never two alike. */
import { randomBytes } from 'node:crypto'

const ID_BYTES = 9

/** Twelve letters, digits, `-` and `_`. */
export function newStoreId(): string {
  return randomBytes(ID_BYTES).toString('base64url')
}
