/** Events to bodies of bulk requests; the twin does all of it yet: ../bulk/bulk-lines.ts. */
export { createBulkEncoder } from '../bulk/bulk-lines.ts'
