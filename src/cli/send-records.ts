/** The records `logboom send` sends: one from its arguments, or one per line of standard input. */
import { CommandError, UsageError } from './command.ts'

export type EventRecord = Record<string, unknown>

export interface RecordSource {
  /** The record of the arguments; undefined when standard input is to be read. */
  readonly record: EventRecord | undefined
  /** Lines of standard input are JSON objects. */
  readonly isJson: boolean
  /** Otherwise each becomes the field of this name. */
  readonly lineKey: string
}

/** A line without an end could otherwise fill the memory. */
const LINE_MAX_LENGTH = 64 * 1024 * 1024

/** Groups of records: what one read of standard input completes. */
export async function* inputRecords(
  options: RecordSource,
  input: AsyncIterable<Buffer> = process.stdin,
): AsyncGenerator<EventRecord[]> {
  if (options.record) {
    yield [options.record]
    return
  }
  let lineNumber = 0
  for await (const lines of groupsOfLines(input)) {
    const records: EventRecord[] = []
    for (const line of lines) {
      lineNumber++
      if (!options.isJson) records.push({ [options.lineKey]: line })
      else if (line.trim() !== '') records.push(parseRecord(line, lineNumber))
    }
    if (records.length > 0) yield records
  }
}

/** The record of `KEY=VALUE` and `KEY:=JSON` arguments. Throws `UsageError` for anything else. */
export function recordOf(fields: readonly string[]): EventRecord {
  return Object.fromEntries(fields.map(parseField))
}

function parseField(field: string): [string, unknown] {
  const equals = field.indexOf('=')
  if (equals < 1) throw new UsageError(`cannot use "${field}"; expected KEY=VALUE or KEY:=JSON`)
  const value = field.slice(equals + 1)
  if (field[equals - 1] !== ':') return [field.slice(0, equals), value]
  try {
    return [field.slice(0, equals - 1), readJson(value)]
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`cannot use "${field}": ${error.message}`)
    const cause = error instanceof Error ? error.message : String(error)
    throw new UsageError(`cannot use "${field}": ${cause}; expected JSON after :=`)
  }
}

function parseRecord(line: string, lineNumber: number): EventRecord {
  const value = parseJson(line, lineNumber)
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as EventRecord
  throw new CommandError(`cannot use line ${lineNumber}; expected a JSON object`)
}

function parseJson(line: string, lineNumber: number): unknown {
  try {
    return readJson(line)
  } catch (error) {
    if (error instanceof RangeError)
      throw new CommandError(`cannot use line ${lineNumber}: ${error.message}`, { cause: error })
    const cause = error instanceof Error ? error.message : String(error)
    throw new CommandError(`cannot read line ${lineNumber}: ${cause}; expected a JSON object`, {
      cause: error,
    })
  }
}

/** A number that may be one that a double does not hold. */
const LONG_NUMBER = /\d{16}|\de\+?\d{3}/i

type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown
/** What TypeScript does not know yet of `JSON`: what a number was written as. */
const parseWithSource = JSON.parse as (text: string, reviver?: Reviver) => unknown

/**
 * The client writes integers beyond 2^53 as doubles. What that would change is refused: an ID that
 * is another one when it arrives is worse than none.
 */
function readJson(text: string): unknown {
  return parseWithSource(text, LONG_NUMBER.test(text) ? asWritten : undefined)
}

const asWritten: Reviver = (_key, value, context) => {
  const source = context?.source
  if (typeof value !== 'number' || source === undefined || isHeld(value, source)) return value
  throw new RangeError(`cannot send the number ${source} unchanged; expected it as a text`)
}

function isHeld(value: number, source: string): boolean {
  if (!Number.isFinite(value)) return false
  return !/^-?\d+$/.test(source) || BigInt(source) === BigInt(value)
}

/** The lines each read completes; a last line without its newline counts too. */
async function* groupsOfLines(input: AsyncIterable<Buffer>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of input) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop()!
    if (rest.length > LINE_MAX_LENGTH)
      throw new CommandError(`cannot read a line longer than ${LINE_MAX_LENGTH} characters`)
    if (lines.length > 0) yield lines.map((line) => line.replace(/\r$/, ''))
  }
  rest += decoder.decode()
  if (rest !== '') yield [rest]
}
