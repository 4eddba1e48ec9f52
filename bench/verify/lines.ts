/** Reads the JSON lines of an output, whatever its files are called, compressed ones too. */
import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import type { Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
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
  for await (const chunk of content(file) as AsyncIterable<Buffer>) {
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

function content(file: string): Readable {
  const bytes = createReadStream(file, { highWaterMark: READ_BYTES })
  const isGzip = file.endsWith('.gz')
  if (!isGzip && !file.endsWith('.zst')) return bytes
  const decompression = isGzip ? createGunzip() : createZstdDecompress()
  bytes.on('error', (error) => decompression.destroy(error))
  return bytes.pipe(decompression)
}

function parse(file: string, text: string): Fields {
  try {
    return JSON.parse(text) as Fields
  } catch (cause) {
    const start = text.slice(0, 200)
    throw new Error(`cannot read a line of ${basename(file)}: ${start}; expected JSON`, { cause })
  }
}
