/**
 * Memory that functions keep things in between two calls, behind the constants. As `memory.data` it
 * would be so many zeros in the .wasm file.
 */

const START: usize = (__heap_base + 15) & ~15

/** A table of names: slots, and where to find them by hash (bulk-names.ts). */
export const NAME_SLOTS: usize = START
const NAME_SLOTS_BYTES: usize = 64 * 512
export const NAME_PLACES: usize = NAME_SLOTS + NAME_SLOTS_BYTES
const NAME_PLACES_BYTES: usize = 256
/** Names of the maps that are open (bulk-names.ts). */
export const OPEN_NAMES: usize = NAME_PLACES + NAME_PLACES_BYTES
const OPEN_NAMES_BYTES: usize = 512 * 8
/** Where the lines of events begin (bulk-lines.ts). */
export const LINE_STARTS: usize = OPEN_NAMES + OPEN_NAMES_BYTES
const LINE_STARTS_BYTES: usize = 4096 * 4
/** Rows of a table of fields (edit-fields.ts). */
export const FIELD_ROWS: usize = LINE_STARTS + LINE_STARTS_BYTES
export const FIELD_ROWS_MAX: u32 = 128
const FIELD_ROWS_BYTES: usize = 128 * 24
/** Names of the fields of a message, one behind the other (gelf-names.ts). */
export const GELF_NAMES: usize = FIELD_ROWS + FIELD_ROWS_BYTES
export const GELF_NAMES_MAX: usize = 32
export const GELF_NAME_BYTES: usize = 96
/** One more for a name that none has room for, and the options that they are for. */
const GELF_NAMES_BYTES: usize = (32 + 2) * 96

/** From here on the memory is the host's. */
export const SCRATCH_END: usize = GELF_NAMES + GELF_NAMES_BYTES
