/** Sizes and durations as people write them: `16MiB`, `250ms`, `7d`. One parser for all. */

const SIZE_UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  TB: 1000 ** 4,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
}

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

export const SIZE_EXPECTED = 'a size with its unit: 512KiB, 16MiB, 2GB'
export const DURATION_EXPECTED = 'a duration with its unit: 250ms, 30s, 5m, 12h, 7d'

/** Bytes of a size such as `16MiB`, or undefined if it is not one. */
export function parseSize(text: string): number | undefined {
  return parseQuantity(text, SIZE_UNITS)
}

/** Milliseconds of a duration such as `250ms`, or undefined if it is not one. */
export function parseDuration(text: string): number | undefined {
  return parseQuantity(text, DURATION_UNITS)
}

/** As `parseSize`, for values the schema has already checked. */
export function sizeInBytes(text: string): number {
  return checked(parseSize(text), text, SIZE_EXPECTED)
}

/** As `parseDuration`, for values the schema has already checked. */
export function durationInMs(text: string): number {
  return checked(parseDuration(text), text, DURATION_EXPECTED)
}

function parseQuantity(text: string, units: Readonly<Record<string, number>>) {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s?([A-Za-z]{1,3})$/.exec(text)
  const factor = match?.[2] === undefined ? undefined : units[match[2]]
  return factor === undefined ? undefined : Math.round(Number(match?.[1]) * factor)
}

function checked(value: number | undefined, text: string, expected: string): number {
  if (value === undefined) throw new TypeError(`cannot read ${text}: expected ${expected}`)
  return value
}
