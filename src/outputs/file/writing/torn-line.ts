/**
 * A crash in the middle of a write leaves the beginning of a line at the end of a file. Before the
 * file is written again, that piece is cut off and kept in `<file>.torn` beside it: never glued to
 * the next line, never thrown away.
 */
import { constants } from 'node:fs'
import { writeAll, type FileSystem } from '../file-system.ts'

const NEWLINE = 0x0a
const PIECE_BYTES = 64 * 1024
const TORN_ENDING = '.torn'

/** How many bytes were cut off the end of the file; 0 when it ends in a whole line or is empty. */
export async function cutTornLine(
  fileSystem: FileSystem,
  path: string,
  mode: number,
): Promise<number> {
  const fd = await fileSystem.open(path, constants.O_RDWR)
  try {
    const { size } = await fileSystem.statOpen(fd)
    const end = await endOfWholeLines(fileSystem, fd, size)
    if (end === size) return 0
    await keepTorn(fileSystem, { fd, from: end, to: size }, { path: path + TORN_ENDING, mode })
    await fileSystem.truncate(fd, end)
    return size - end
  } finally {
    await fileSystem.close(fd)
  }
}

/** Reads backwards, no further than the torn piece reaches; a healthy file costs one byte. */
async function endOfWholeLines(fileSystem: FileSystem, fd: number, size: number): Promise<number> {
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
