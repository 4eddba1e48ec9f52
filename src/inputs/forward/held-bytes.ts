/**
 * What a unit really takes in memory while it is on its way. For many events at once that is their
 * bytes; a message of five bytes takes two hundred times as much, and limits have to count that.
 */
import type { ForwardUnit } from '../../codecs/forward/decoder.ts'

/** Unit, batch, request, and the promises and closures of its way through the pipeline. */
const UNIT_BYTES = 1024
/** Of these, what is still there when it only waits for the acknowledgements before its own. */
const REQUEST_BYTES = 256
/** An identifier to acknowledge, beside its own bytes. */
const CHUNK_BYTES = 192

/** `payloadBytes` is the length of what a compressed unit was decompressed to. */
export function heldBytes(unit: ForwardUnit, payloadBytes = 0): number {
  const entriesBytes = unit.kind === 'entries' ? unit.entries.length : 0
  // Entries are a view into what was read, or a copy in place of it.
  const bytes = Math.max(payloadBytes > 0 ? payloadBytes : unit.wireBytes, entriesBytes)
  return UNIT_BYTES + bytes + chunkBytes(unit.chunks)
}

/** The part of `heldBytes` that stays until the unit is acknowledged; 0 if it need not be. */
export function answerBytes({ chunks }: ForwardUnit): number {
  return chunks.length === 0 ? 0 : REQUEST_BYTES + chunkBytes(chunks)
}

function chunkBytes(chunks: readonly Uint8Array[]): number {
  let bytes = chunks.length * CHUNK_BYTES
  for (const chunk of chunks) bytes += chunk.length
  return bytes
}
