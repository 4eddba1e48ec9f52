/**
 * Cuts concatenated zstd frames apart by their headers, without decompressing (RFC 8878 section
 * 3.1): Node's `zstdDecompress` silently returns only the first of several frames.
 */

const FRAME_MAGIC = 0xfd2fb528
const SKIPPABLE_MAGIC = 0x184d2a50
const DICTIONARY_ID_SIZES = [0, 1, 2, 4] as const
const CONTENT_SIZE_SIZES = [0, 2, 4, 8] as const
const CHECKSUM_SIZE = 4
const RLE_BLOCK = 1
const RESERVED_BLOCK = 3

/**
 * Views of the frames, one by one, since there may be millions; skippable ones are left out.
 * Throws an Error on anything else, and on more than `framesMax` (skippable ones included).
 */
export function* splitZstdFrames(
  bytes: Uint8Array,
  framesMax = Infinity,
): Generator<Uint8Array, void, void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let count = 0
  let skipped = 0
  let start = 0
  while (start < bytes.length) {
    const magic = read32(view, start)
    const skippable = (magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC
    const end = skippable ? start + 8 + read32(view, start + 4) : frameEnd(view, magic, start)
    if (end > bytes.length) throw truncated(bytes.length)
    if (++count > framesMax) throw new Error(`more than ${framesMax} zstd frames`)
    if (!skippable) yield bytes.subarray(start, end)
    else skipped++
    start = end
  }
  if (count === skipped) throw new Error('no zstd frame')
}

function frameEnd(view: DataView, magic: number, start: number): number {
  if (magic !== FRAME_MAGIC) throw new Error(`no zstd frame at byte ${start}`)
  const descriptor = read8(view, start + 4)
  const singleSegment = (descriptor & 0x20) !== 0
  const contentSize = CONTENT_SIZE_SIZES[descriptor >>> 6]! || (singleSegment ? 1 : 0)
  const windowSize = singleSegment ? 0 : 1
  let offset = start + 5 + windowSize + DICTIONARY_ID_SIZES[descriptor & 3]! + contentSize
  for (let last = false; !last;) {
    const header = read8(view, offset) | (read8(view, offset + 1) << 8)
    const block = header | (read8(view, offset + 2) << 16)
    const type = (block >>> 1) & 3
    if (type === RESERVED_BLOCK) throw new Error(`reserved zstd block at byte ${offset}`)
    last = (block & 1) === 1
    offset += 3 + (type === RLE_BLOCK ? 1 : block >>> 3)
  }
  return offset + ((descriptor & 4) === 0 ? 0 : CHECKSUM_SIZE)
}

function read8(view: DataView, offset: number): number {
  if (offset >= view.byteLength) throw truncated(view.byteLength)
  return view.getUint8(offset)
}

function read32(view: DataView, offset: number): number {
  if (offset + 4 > view.byteLength) throw truncated(view.byteLength)
  return view.getUint32(offset, true)
}

function truncated(length: number): Error {
  return new Error(`zstd frame goes past the ${length} bytes there are`)
}
