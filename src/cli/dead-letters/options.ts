/** The command line of `logboom dead-letters`, checked. */
import type { Selection } from '../../pipeline/dead-letters/selection.ts'
import { placeOfLetter } from '../../pipeline/dead-letters/names.ts'
import { compileTagPattern } from '../../pipeline/tag-pattern.ts'
import { hint } from '../../config/nearest.ts'
import { parseOptions, UsageError } from '../command.ts'
import { timeOf } from '../time-option.ts'

export const ACTIONS = ['list', 'show', 'replay', 'drop'] as const
export type Action = (typeof ACTIONS)[number]

export interface DeadLetterOptions {
  readonly action: Action
  readonly configPath: string | null
  /** Instead of that of the configuration. */
  readonly dataDir: string | undefined
  readonly isJson: boolean
  /** What is dropped is what is damaged. */
  readonly isDamaged: boolean
  readonly selection: Selection
  /** The selection, and where they are replayed to, as the API takes it. */
  readonly query: URLSearchParams
}

type Line = ReturnType<typeof parseLine>['values']

/** So many fit into one request to the API. */
const IDS_MAX = 200

/** What each action does not know. */
const FOREIGN: Readonly<Record<Action, readonly (keyof Line)[]>> = {
  list: ['to', 'all', 'damaged'],
  show: ['to', 'all', 'damaged', 'output', 'match', 'since', 'until'],
  replay: ['all', 'damaged', 'data-dir'],
  drop: ['to', 'data-dir'],
}

/** Throws `UsageError` for a line it cannot use. */
export function parseDeadLetterOptions(args: readonly string[]): DeadLetterOptions {
  const { values, positionals } = parseLine(args)
  const [name, ...ids] = positionals
  const action = parseAction(name)
  const foreign = FOREIGN[action].find((option) => values[option] !== undefined)
  if (foreign !== undefined) throw new UsageError(`${action} knows no --${foreign}`)
  if (action === 'show' && ids.length === 0) throw new UsageError('the ID is missing')
  const selection = selectionOf(ids, values)
  const isSelecting = Object.keys(selection).length > 0
  const ways = [isSelecting, values.all, values.damaged].filter((way) => way === true)
  if (action === 'drop' && ways.length !== 1)
    throw new UsageError('drop what? Give IDs or options that select, or else --all or --damaged')
  return {
    action,
    configPath: values.config ?? null,
    dataDir: values['data-dir'],
    isJson: values.json ?? false,
    isDamaged: values.damaged ?? false,
    selection,
    query: queryOf(selection, values),
  }
}

function parseLine(args: readonly string[]) {
  return parseOptions({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string', short: 'c' },
      'data-dir': { type: 'string' },
      json: { type: 'boolean' },
      all: { type: 'boolean' },
      damaged: { type: 'boolean' },
      to: { type: 'string' },
      output: { type: 'string' },
      match: { type: 'string' },
      since: { type: 'string' },
      until: { type: 'string' },
    },
  })
}

function parseAction(name: string | undefined): Action {
  const action = ACTIONS.find((candidate) => candidate === name)
  if (action) return action
  if (name === undefined)
    throw new UsageError(`it is not said what to do; expected ${ACTIONS.join(', ')}`)
  throw new UsageError(`cannot "${name}" dead letters${hint(name, ACTIONS)}`)
}

function selectionOf(ids: readonly string[], line: Line): Selection {
  const odd = ids.find((id) => placeOfLetter(id) === undefined)
  if (odd !== undefined)
    throw new UsageError(`"${odd}" is no id; expected one that list shows: 20261121T085000000Z-1`)
  if (ids.length > IDS_MAX) throw new UsageError(`more than ${IDS_MAX} ids; select by --match`)
  const { output, match } = line
  const [since, until] = [timeOf('since', line.since), timeOf('until', line.until)]
  return {
    ...(ids.length > 0 && { ids: new Set(ids) }),
    ...(output !== undefined && { output }),
    ...(match !== undefined && { matches: compile(match) }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  }
}

function compile(pattern: string) {
  try {
    return compileTagPattern(pattern)
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function queryOf({ ids, since, until }: Selection, line: Line): URLSearchParams {
  const query = new URLSearchParams()
  for (const id of ids ?? []) query.append('id', id)
  for (const name of ['output', 'match', 'to'] as const) {
    const value = line[name]
    if (value !== undefined) query.set(name, value)
  }
  if (since !== undefined) query.set('since', new Date(since).toISOString())
  if (until !== undefined) query.set('until', new Date(until).toISOString())
  for (const name of ['all', 'damaged'] as const) if (line[name] === true) query.set(name, 'true')
  return query
}
