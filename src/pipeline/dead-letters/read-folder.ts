/** Reads dead letters from their files alone, whether or not a collector writes to them. */
import { join } from 'node:path'
import type { FileAccess } from '../files/file-access.ts'
import { decodeDone } from './done-lines.ts'
import { decodeHead, type LetterHead } from './letter-line.ts'
import { DONE_SUFFIX, LETTERS_SUFFIX, lettersStem } from './names.ts'
import { rawLines } from './raw-lines.ts'
import { isSelected, type Selection } from './selection.ts'

export interface FoundLetter {
  readonly head: LetterHead
  /** Its line, without the newline. */
  readonly bytes: Buffer
}

type Access = Pick<FileAccess, 'list' | 'size' | 'open'>

/** Those that are selected and not done with, the oldest first, some at a time. */
export async function* readFolder(
  folder: string,
  access: Access,
  selection: Selection,
): AsyncGenerator<FoundLetter[]> {
  const stems = (await access.list(folder)).flatMap((name) => lettersStem(name) ?? []).toSorted()
  for (const stem of stems) {
    try {
      yield* readLetters(join(folder, stem), access, selection)
    } catch (error) {
      // A collector deletes files in which nothing is left.
      if (!isAbsent(error)) throw error
    }
  }
}

async function* readLetters(stem: string, access: Access, selection: Selection) {
  const path = stem + LETTERS_SUFFIX
  const size = await access.size(path)
  const file = await access.open(path, 'read')
  try {
    const done = await readDone(stem + DONE_SUFFIX, access)
    for await (const lines of rawLines(file, size))
      yield lines.flatMap(({ line, bytes }): FoundLetter[] => {
        const head = done.has(line) ? undefined : decodeHead(bytes)
        return head && isSelected(head, selection) ? [{ head, bytes }] : []
      })
  } finally {
    await file.close()
  }
}

/** None if there is no such file, or it is damaged. */
async function readDone(path: string, access: Access): Promise<ReadonlySet<number>> {
  try {
    const file = await access.open(path, 'read')
    try {
      return decodeDone(await file.read(0, await access.size(path))) ?? new Set()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (isAbsent(error)) return new Set()
    throw error
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
