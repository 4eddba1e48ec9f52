/**
 * A crash in the middle of a write leaves the beginning of an event at the end of a file. Before
 * the file is written again, that piece is cut off and kept in `<file>.torn` beside it: never glued
 * to the next event, never thrown away.
 */
import { constants } from 'node:fs'
import {
  CHILDREN,
  countsValues,
  FIXED_BYTES,
  LENGTH_BYTES,
  NEVER_USED,
  readLength,
} from '../../../codecs/msgpack/format.ts'
import { writeAll, type FileSystem } from '../file-system.ts'

const NEWLINE = 0x0a
const PIECE_BYTES = 64 * 1024
/** A msgpack type and the longest length that may follow it. */
const HEAD_BYTES_MAX = 5
const TORN_ENDING = '.torn'

/** Where the last whole event of a file ends, whose size is given. */
export type FindEnd = (fileSystem: FileSystem, fd: number, size: number) => Promise<number>

/** How many bytes were cut off the end of the file; 0 when it ends in a whole event or is empty. */
export async function cutTornEvent(
  fileSystem: FileSystem,
  path: string,
  mode: number,
  findEnd: FindEnd,
): Promise<number> {
  const fd = await fileSystem.open(path, constants.O_RDWR)
  try {
    const { size } = await fileSystem.statOpen(fd)
    const end = await findEnd(fileSystem, fd, size)
    if (end === size) return 0
    await keepTorn(fileSystem, { fd, from: end, to: size }, { path: path + TORN_ENDING, mode })
    await fileSystem.truncate(fd, end)
    return size - end
  } finally {
    await fileSystem.close(fd)
  }
}

/** Reads backwards, no further than the torn piece reaches; a healthy file costs one byte. */
export const endOfWholeLines: FindEnd = async (fileSystem, fd, size) => {
  if (size === 0 || (await readExactly(fileSystem, fd, size - 1, 1))[0] === NEWLINE) return size
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - PIECE_BYTES)
    const piece = await readExactly(fileSystem, fd, start, end - start)
    const newline = piece.lastIndexOf(NEWLINE)
    if (newline >= 0) return start + newline + 1
    end = start
  }
  return 0
}

/** msgpack can only be read from the front, but texts in it need not be read at all. */
export const endOfWholeValues: FindEnd = async (fileSystem, fd, size) => {
  let piece = new Uint8Array(0)
  let pieceStart = 0
  let wholeEnd = 0
  let owed = 0
  for (let position = 0; position < size;) {
    let at = position - pieceStart
    if (at + HEAD_BYTES_MAX > piece.length) {
      const length = Math.min(PIECE_BYTES, size - position)
      piece = await readExactly(fileSystem, fd, position, length)
      pieceStart = position
      at = 0
    }
    const type = piece[at]!
    const width = LENGTH_BYTES[type]!
    if (type === NEVER_USED || at + width >= piece.length) break
    if (owed === 0) owed = 1
    owed += CHILDREN[type]! - 1
    position += FIXED_BYTES[type]!
    if (width !== 0) {
      const length = readLength(piece, at + 1, width)
      if (countsValues(type)) owed += type >= 0xde ? length * 2 : length
      else position += length
    }
    if (owed === 0 && position <= size) wholeEnd = position
  }
  return wholeEnd
}

interface Range {
  readonly fd: number
  readonly from: number
  readonly to: number
}

/** On disk before the original is cut; a crash in between keeps the piece twice, not never. */
async function keepTorn(
  fileSystem: FileSystem,
  { fd, from, to }: Range,
  torn: { readonly path: string; readonly mode: number },
): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT
  const target = await fileSystem.open(torn.path, flags, torn.mode)
  try {
    for (let offset = from; offset < to; offset += PIECE_BYTES) {
      const length = Math.min(PIECE_BYTES, to - offset)
      await writeAll(fileSystem, target, await readExactly(fileSystem, fd, offset, length))
    }
    await writeAll(fileSystem, target, Uint8Array.of(NEWLINE))
    await fileSystem.sync(target)
  } finally {
    await fileSystem.close(target)
  }
}

async function readExactly(fileSystem: FileSystem, fd: number, position: number, length: number) {
  const bytes = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    const count = await fileSystem.read(fd, bytes.subarray(filled), position + filled)
    if (count === 0) throw new Error('cannot read the end of a file: it became shorter meanwhile')
    filled += count
  }
  return bytes
}
