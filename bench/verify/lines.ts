/** Reads the JSON lines of an output, whatever its files are called, compressed ones too. */
import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { createGunzip, zstdDecompressSync } from 'node:zlib'
import { outputFiles } from '../measure/output-files.ts'

const NEWLINE = 0x0a
const READ_BYTES = 4 * 1024 * 1024

/** A parsed line. */
export type Fields = Readonly<Record<string, unknown>>

/**
 * Gives every line to `take`. The stream is the same for a file and those that were rotated out
 * of it, over which order is kept.
 */
export async function readLines(
  folder: string,
  take: (line: Fields, stream: string) => void,
): Promise<void> {
  for (const file of outputFiles(folder)) {
    const stream = file.replace(/@.*$/, '').replace(/\.log$/, '')
    for await (const block of lineBlocks(file)) {
      for (const text of block.toString('utf8').split('\n')) take(parse(file, text), stream)
    }
  }
}

/** Whole lines, many at a time, without the last newline. */
async function* lineBlocks(file: string): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of content(file)) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const end = bytes.lastIndexOf(NEWLINE)
    rest = bytes.subarray(end + 1)
    if (end < 0) continue
    const block = bytes.subarray(0, end)
    if (!isUtf8(block)) throw new Error(`${basename(file)} is not UTF-8`)
    yield block
  }
  if (rest.length > 0) throw new Error(`the last line of ${basename(file)} is torn`)
}

function content(file: string): AsyncIterable<Buffer> {
  if (file.endsWith('.zst')) return zstdContent(file)
  const bytes = createReadStream(file, { highWaterMark: READ_BYTES })
  if (!file.endsWith('.gz')) return bytes
  const decompression = createGunzip()
  bytes.on('error', (error) => decompression.destroy(error))
  return bytes.pipe(decompression)
}

/** Node ends after the first frame, and says how many bytes that had. */
interface ZstdFrame {
  readonly buffer: Buffer
  readonly engine: { readonly bytesWritten: number }
}

async function* zstdContent(file: string): AsyncGenerator<Buffer> {
  let rest: Buffer = await readFile(file)
  while (rest.length > 0) {
    // The types do not know what `info` returns.
    const frame = zstdDecompressSync(rest, { info: true }) as unknown as ZstdFrame
    yield frame.buffer
    rest = rest.subarray(frame.engine.bytesWritten)
  }
}

function parse(file: string, text: string): Fields {
  try {
    return JSON.parse(text) as Fields
  } catch (cause) {
    const start = text.slice(0, 200)
    throw new Error(`cannot read a line of ${basename(file)}: ${start}; expected JSON`, { cause })
  }
}
