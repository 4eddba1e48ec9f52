/** The command line of `logboom search`, checked. */
import { parseQuery } from '../../search/query/parser.ts'
import { QueryError, type Query } from '../../search/query/query.ts'
import { DEFAULT_FIELDS } from '../../search/server/query-body.ts'
import { parseOptions, UsageError } from '../command.ts'
import { timeOf } from '../time-option.ts'

/** They are held in memory until the oldest is known. */
const LIMIT_MAX = 1_000_000

export interface SearchOptions {
  readonly configPath: string | null
  /** Absent: the only one that can be searched. */
  readonly output: string | undefined
  readonly query: Query
  /** RFC 3339. */
  readonly since: string | undefined
  readonly until: string | undefined
  readonly limit: number
  readonly isJson: boolean
  readonly isFollowing: boolean
  readonly textFields: readonly string[]
}

/** Throws `UsageError` for a line it cannot use, with the place in the query. */
export function parseSearchOptions(args: readonly string[]): SearchOptions {
  const { values, positionals } = parseLine(args)
  const { follow = false } = values
  const since = rfc3339('since', values.since)
  const until = rfc3339('until', values.until)
  if (follow && until !== undefined)
    throw new UsageError('--follow has no end; it knows no --until')
  if (Date.parse(since ?? '') > Date.parse(until ?? ''))
    throw new UsageError(`--since ${since} is after --until ${until}: nothing lies between`)
  return {
    configPath: values.config ?? null,
    output: values.output,
    query: parse(positionals.join(' ')),
    ...{ since, until },
    limit: limitOf(values.limit),
    isJson: values.json ?? false,
    isFollowing: follow,
    textFields: fieldsOf(values.fields),
  }
}

function parseLine(args: readonly string[]) {
  return parseOptions({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string', short: 'c' },
      output: { type: 'string', short: 'o' },
      since: { type: 'string' },
      until: { type: 'string' },
      limit: { type: 'string', short: 'n', default: '100' },
      fields: { type: 'string', default: DEFAULT_FIELDS.text.join(',') },
      json: { type: 'boolean' },
      follow: { type: 'boolean', short: 'f' },
    },
  })
}

function parse(text: string): Query {
  try {
    return parseQuery(text)
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    throw new UsageError(`cannot read the query: ${error.message}\n${error.excerpt}`)
  }
}

/** A time keeps the digits it is written with. */
function rfc3339(name: string, text: string | undefined): string | undefined {
  const time = timeOf(name, text)
  if (time === undefined) return undefined
  const isWhole = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/.test(text!)
  return isWhole ? text : new Date(time).toISOString()
}

function limitOf(text: string): number {
  const limit = Number(text)
  if (/^\d+$/.test(text) && limit >= 1 && limit <= LIMIT_MAX) return limit
  throw new UsageError(`cannot use --limit "${text}"; expected 1 to ${LIMIT_MAX}`)
}

function fieldsOf(text: string): string[] {
  const fields = text.split(',').map((field) => field.trim())
  if (fields.every((field) => field !== '')) return fields
  throw new UsageError(`cannot use --fields "${text}"; expected names with commas between them`)
}
