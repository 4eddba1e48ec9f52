/**
 * Names in `data_dir/dead-letters/`. A file is called after the moment it was made, so that the
 * order of the names is that of time; a letter after its file and its line there, counted from 1.
 *
 *     20261126T123456789Z.jsonl    letters, one a line
 *     20261126T123456789Z.done     which of them are replayed or dropped
 *     20261126T123456789Z-17       the letter in line 17
 */
const LETTERS = /^(\d{8}T\d{9}Z)\.jsonl$/
const LEFTOVER = /^(\d{8}T\d{9}Z)\.(done|done\.new)$/
const ID = /^(\d{8}T\d{9}Z)-([1-9]\d{0,9})$/
const DAY_LENGTH = 8

export const LETTERS_SUFFIX = '.jsonl'
export const DONE_SUFFIX = '.done'

/** The stem of a file with letters, or undefined. */
export function lettersStem(name: string): string | undefined {
  return LETTERS.exec(name)?.[1]
}

/** The stem of a file that means nothing without its letters, or undefined. */
export function companionStem(name: string): string | undefined {
  return LEFTOVER.exec(name)?.[1]
}

/** Of a file made at `now`, later than `last` even if the clock was put back. */
export function nextStem(now: number, last: string | undefined): string {
  const stem = stemAt(now)
  return last === undefined || stem > last ? stem : stemAt(timeOfStem(last) + 1)
}

/** `20261126`. */
export function dayOfStem(stem: string): string {
  return stem.slice(0, DAY_LENGTH)
}

/** Milliseconds since 1970. */
export function timeOfStem(stem: string): number {
  const part = (start: number, length = 2) => Number(stem.slice(start, start + length))
  return Date.UTC(part(0, 4), part(4) - 1, part(6), part(9), part(11), part(13), part(15, 3))
}

export function letterId(stem: string, line: number): string {
  return `${stem}-${line + 1}`
}

/** Where a letter is; `line` counts from 0. Undefined for what is no id. */
export function placeOfLetter(id: string): { stem: string; line: number } | undefined {
  const [, stem, number] = ID.exec(id) ?? []
  return stem === undefined ? undefined : { stem, line: Number(number) - 1 }
}

function stemAt(now: number): string {
  return new Date(now).toISOString().replaceAll(/[-:.]/g, '')
}
