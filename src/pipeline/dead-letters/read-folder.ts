/** Reads dead letters from their files alone, whether or not a collector writes to them. */
import { join } from 'node:path'
import type { FileAccess } from '../files/file-access.ts'
import { decodeDone } from './done-lines.ts'
import { reasonOf } from '../delivery/verdict.ts'
import { decodeHead, decodeLetter, type LetterHead } from './letter-line.ts'
import { DONE_SUFFIX, LETTERS_SUFFIX, lettersStem } from './names.ts'
import { rawLines } from './raw-lines.ts'
import { isSelected, type Selection } from './selection.ts'

export interface FoundLetter {
  readonly head: LetterHead
  /** Its line, without the newline. */
  readonly bytes: Buffer
}

type Access = Pick<FileAccess, 'list' | 'size' | 'open'>

/** Told of a file of which something cannot be read, and what. */
export type OnDamage = (path: string, problem: string) => void

/** Of a file's damaged lines, so many are named. */
const LINES_NAMED = 10

/** Those that are selected and not done with, the oldest first, some at a time. */
export async function* readFolder(
  folder: string,
  access: Access,
  selection: Selection,
  onDamage: OnDamage = () => undefined,
): AsyncGenerator<FoundLetter[]> {
  const stems = (await access.list(folder)).flatMap((name) => lettersStem(name) ?? []).toSorted()
  for (const stem of stems) {
    const path = join(folder, stem)
    try {
      yield* readLetters(path, access, { selection, onDamage })
    } catch (error) {
      // A collector deletes files in which nothing is left.
      if (!isAbsent(error)) onDamage(path + LETTERS_SUFFIX, reasonOf(error))
    }
  }
}

interface Reading {
  readonly selection: Selection
  readonly onDamage: OnDamage
}

async function* readLetters(stem: string, access: Access, { selection, onDamage }: Reading) {
  const path = stem + LETTERS_SUFFIX
  const size = await access.size(path)
  const file = await access.open(path, 'read')
  const damaged: number[] = []
  try {
    const done = await readDone(stem + DONE_SUFFIX, access, onDamage)
    for await (const lines of rawLines(file, size))
      yield lines.flatMap(({ line, bytes }): FoundLetter[] => {
        if (done.has(line)) return []
        const head = decodeHead(bytes)
        if (!decodeLetter(bytes)) damaged.push(line + 1)
        return head && isSelected(head, selection) ? [{ head, bytes }] : []
      })
  } finally {
    await file.close()
  }
  if (damaged.length > 0) onDamage(path, damageText(damaged))
}

/** Counted from 1, as editors do. */
function damageText(lines: readonly number[]): string {
  const numbers = lines.slice(0, LINES_NAMED).join(', ')
  const more = lines.length > LINES_NAMED ? ', …' : ''
  return lines.length === 1
    ? `line ${numbers} is damaged`
    : `${lines.length} lines are damaged: ${numbers}${more}`
}

/** None if there is no such file, or it is damaged. */
async function readDone(
  path: string,
  access: Access,
  onDamage: OnDamage,
): Promise<ReadonlySet<number>> {
  try {
    const file = await access.open(path, 'read')
    try {
      const done = decodeDone(await file.read(0, await access.size(path)))
      if (!done) onDamage(path, 'it is damaged: what is done with is listed as well')
      return done ?? new Set()
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
