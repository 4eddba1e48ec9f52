/** The lines of a file, block by block, so that a large one is never in memory as a whole. */

/** A file as far as it is read. */
export interface ReadableFile {
  /** Up to `length` bytes; fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Buffer>
}

export interface RawLine {
  /** From 0. */
  readonly line: number
  /** Without the newline. */
  readonly bytes: Buffer
  /** Offset in the file behind the newline. */
  readonly end: number
}

const BLOCK_BYTES = 256 * 1024
const NEWLINE = 0x0a

/**
 * The lines of the first `size` bytes, those of a block at a time. What comes behind the last
 * newline is no line.
 */
export async function* rawLines(file: ReadableFile, size: number): AsyncGenerator<RawLine[]> {
  let line = 0
  let started: Buffer[] = []
  for (let offset = 0; offset < size;) {
    const block = await file.read(offset, Math.min(BLOCK_BYTES, size - offset))
    if (block.length === 0) return
    const lines: RawLine[] = []
    let start = 0
    for (let at = block.indexOf(NEWLINE); at >= 0; at = block.indexOf(NEWLINE, start)) {
      const rest = block.subarray(start, at)
      const bytes = started.length === 0 ? rest : Buffer.concat([...started, rest])
      lines.push({ line: line++, bytes, end: offset + at + 1 })
      started = []
      start = at + 1
    }
    if (start < block.length) started.push(block.subarray(start))
    offset += block.length
    yield lines
  }
}
