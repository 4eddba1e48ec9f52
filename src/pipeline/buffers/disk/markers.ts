/** Where frames and blocks of them begin. */
import { type Block, BLOCK_MARKER, findBlock } from './block.ts'
import { findFrame, type Frame } from './frame.ts'

/** What is at a place: a frame, a block of them, the beginning of one, or neither. */
export type Found = Frame | Block | 'incomplete' | 'damaged'

const MARKER_BYTES = 4
/** Of both; the fourth byte tells them apart. */
const MARKER_START = Buffer.from('LBB')
const [FRAME_LETTER, BLOCK_LETTER] = [0x46, 0x5a]

/** What is at `offset`; see `findFrame`. */
export function findAt(bytes: Buffer, offset: number, end: number, isChecked: boolean): Found {
  const isBlock = end - offset >= MARKER_BYTES && bytes.readUInt32LE(offset) === BLOCK_MARKER
  return isBlock ? findBlock(bytes, offset, end) : findFrame(bytes, offset, end, isChecked)
}

/** Where after a damaged place the next one may begin; -1 if nowhere before `end`. */
export function nextMarker(bytes: Buffer, offset: number, end: number): number {
  for (let from = offset; ;) {
    const at = bytes.indexOf(MARKER_START, from)
    if (at < 0 || at + MARKER_BYTES > end) return -1
    const letter = bytes[at + MARKER_START.length]
    if (letter === FRAME_LETTER || letter === BLOCK_LETTER) return at
    from = at + 1
  }
}
