/** Reads what the file output wrote: every line of every file, rotated and compressed ones too. */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'

export type Line = Readonly<Record<string, unknown>> & {
  readonly time: string
  readonly tag: string
}

/** The regular files below `folder`, sorted; rotated names sort by time. */
export async function listFiles(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = found.filter((entry) => entry.isFile())
  return files.map((entry) => join(entry.parentPath, entry.name)).sort()
}

/**
 * The parsed lines of one file; throws on a line that is not JSON or lacks its newline. While the
 * file `isWritten`, the last line may be there in part, as a write shows page by page: it is left
 * out.
 */
export async function readLines(path: string, isWritten = false): Promise<Line[]> {
  const text = decompressed(path, await readFile(path)).toString()
  const lines = text.split('\n')
  const rest = lines.pop()
  if (rest !== '' && !isWritten) throw new Error(`the last line of ${basename(path)} is torn`)
  return lines.map((line) => parse(path, line))
}

/** The lines of all files below `folder`, but for what was cut into `.torn` files. */
export async function readAllLines(folder: string, isWritten = false): Promise<Line[]> {
  const files = (await listFiles(folder)).filter((path) => !path.endsWith('.torn'))
  return (await Promise.all(files.map((path) => readLines(path, isWritten)))).flat()
}

/** How many lines are complete so far; cheap, for polling while they are written. */
export async function countLines(folder: string): Promise<number> {
  if (!existsSync(folder)) return 0
  const files = (await listFiles(folder)).filter((path) => !path.endsWith('.torn'))
  const counts = await Promise.all(files.map(countNewlines))
  return counts.reduce((sum, count) => sum + count, 0)
}

/** As `countLines`, of one file; 0 when it is not there yet. */
export async function countNewlines(path: string): Promise<number> {
  if (!existsSync(path)) return 0
  const bytes = decompressed(path, await readFile(path))
  let count = 0
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) count += 1
  return count
}

function decompressed(path: string, bytes: Buffer): Buffer {
  if (path.endsWith('.gz')) return gunzipSync(bytes)
  if (path.endsWith('.zst')) return zstdDecompressSync(bytes)
  return bytes
}

function parse(path: string, line: string): Line {
  try {
    return JSON.parse(line) as Line
  } catch (cause) {
    throw new Error(`cannot read a line of ${basename(path)}: ${line.slice(0, 200)}`, { cause })
  }
}
