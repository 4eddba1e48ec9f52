/**
 * The kernel: what Logboom does with every byte it takes in, as WebAssembly with 128-bit SIMD.
 * AssemblyScript, which is TypeScript's syntax with machine types; `npm run kernel` builds it into
 * ../kernel.wasm. Every function is bytes in, bytes out, on offsets into one memory that the host
 * (../kernel.ts) lays out, and has a twin in plain TypeScript that says what is right.
 */
import { SCRATCH_END } from './scratch'

export { bulkStarts, putBulkLines, startBulk, useTemplate } from './bulk-lines'
export { foldChecksum } from './checksum'
export { controlOffset } from './control'
export { putDockerLines } from './docker-lines'
export { changedCount, editFields, startEdits } from './edit-fields'
export { checkEntries, convertEntries, readMessages } from './entries'
export { find } from './find'
export { putPlainLines } from './plain-lines'
export { gelfTag, gelfTagLength, readGelf } from './gelf'
export { parseJson, parsedCount, startParsing } from './parse-json'
export { readRecords, startRecords } from './json-records'
export { putJsonLines, startLines } from './json-lines'
export { readStored } from './stored-items'
export { readSyslog, startSyslog, syslogFraming, useNames, useYear } from './syslog'

/** From here on the memory is the host's. */
export function arenaOffset(): usize {
  return SCRATCH_END
}
