/** `/api/dead-letters`: how many there are and why, and what may be done with them. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { DeadLettersView } from '../pipeline/dead-letters/dead-letters.ts'
import type { Group } from '../pipeline/dead-letters/groups.ts'
import type { ReplayState } from '../pipeline/dead-letters/replay.ts'
import type { Selection } from '../pipeline/dead-letters/selection.ts'
import { compileTagPattern } from '../pipeline/tag-pattern.ts'
import type { CollectorView } from './view.ts'

export const DEAD_LETTERS = '/api/dead-letters'
const REPLAY = `${DEAD_LETTERS}/replay`
const STOP = `${DEAD_LETTERS}/replay/stop`
const DROP = `${DEAD_LETTERS}/drop`
/** What takes POST, and nothing else. */
export const DEAD_LETTER_POSTS = [REPLAY, STOP, DROP] as const

/** Groups in one answer. */
const GROUPS_MAX = 100
const SELECTORS = ['id', 'output', 'match', 'since', 'until']
const DAMAGED = 'damaged'

/** A replay as JSON shows it. */
export interface ReplayAnswer {
  readonly state: ReplayState['state']
  readonly to: string | null
  readonly started_at: string
  readonly ended_at: string | null
  readonly found: number
  readonly examined: number
  readonly delivered: number
  readonly rejected: number
  readonly damaged: number
  readonly retried: number
  readonly problem: string | null
}

/** Something about the question is wrong; its message says what. */
class QueryError extends Error {}

type Query = Readonly<Record<string, string | readonly string[] | undefined>>

export function addDeadLetters(app: FastifyInstance, view: CollectorView): void {
  app.get(DEAD_LETTERS, async (_request, reply) => {
    const { deadLetters } = view
    if (!deadLetters) return conflict(reply, 'cannot look at dead letters: there is no store')
    return reply.send(await answerOf(deadLetters))
  })
  post(app, view, REPLAY, async (letters, query) => {
    const { selection } = readQuery(query, ['to'])
    await checkSelected(selection, letters)
    const to = textOf(query, 'to')
    if (to !== undefined) checkOutput(to, view)
    const replay = letters.startReplay(selection, to)
    const problem = 'cannot replay dead letters: a replay runs already, or the collector stops'
    return replay ? { code: 202, body: { replay: replayAnswer(replay) } } : problem
  })
  post(app, view, STOP, (letters) => {
    const replay = letters.stopReplay()
    const problem = 'cannot stop a replay: none runs'
    return Promise.resolve(replay ? { code: 200, body: { replay: replayAnswer(replay) } } : problem)
  })
  post(app, view, DROP, async (letters, query) => {
    const { selection, isEmpty } = readQuery(query, ['all', DAMAGED])
    const isDamaged = textOf(query, DAMAGED) === 'true'
    const isAll = textOf(query, 'all') === 'true'
    if (Number(!isEmpty) + Number(isAll) + Number(isDamaged) !== 1)
      throw new QueryError(
        `expected either all=true or one of ${SELECTORS.join(', ')}, or else damaged=true`,
      )
    const dropped = await (isDamaged ? letters.dropDamaged() : letters.drop(selection))
    if (dropped === undefined) return 'cannot drop dead letters: a replay runs'
    return { code: 200, body: { dropped } }
  })
}

type Answer = { readonly code: number; readonly body: object } | string

/** `act` answers with a text if it cannot be done now, and throws a `QueryError`. */
function post(
  app: FastifyInstance,
  view: CollectorView,
  path: string,
  act: (letters: DeadLettersView, query: Query) => Promise<Answer>,
): void {
  app.post(path, async (request, reply) => {
    if (!view.deadLetters) return conflict(reply, `cannot POST ${path}: there is no store`)
    try {
      const answer = await act(view.deadLetters, queryOf(request))
      if (typeof answer === 'string') return conflict(reply, answer)
      return await reply.code(answer.code).send(answer.body)
    } catch (error) {
      if (!(error instanceof QueryError)) throw error
      const message = `cannot POST ${path}: ${error.message}`
      return reply.code(400).send({ error: 'Bad Request', message })
    }
  })
}

function conflict(reply: FastifyReply, message: string): FastifyReply {
  return reply.code(409).send({ error: 'Conflict', message })
}

async function answerOf(letters: DeadLettersView) {
  const { groups, oldestAt, ...sums } = await letters.kept()
  const present = groups.filter(({ events }) => events > 0)
  const { replay } = letters
  return {
    ...sums,
    oldest_at: oldestAt === null ? null : isoTime(oldestAt),
    groups: present.slice(0, GROUPS_MAX) satisfies readonly Group[],
    groups_left_out: Math.max(0, present.length - GROUPS_MAX),
    replay: replay && replayAnswer(replay),
  }
}

function replayAnswer({ startedAt, endedAt, ...rest }: ReplayState): ReplayAnswer {
  return {
    ...rest,
    started_at: isoTime(startedAt),
    ended_at: endedAt === null ? null : isoTime(endedAt),
  }
}

/** A parameter that is not known is refused: with a misspelt one, too much would be meant. */
function readQuery(
  query: Query,
  others: readonly string[],
): { selection: Selection; isEmpty: boolean } {
  const known = [...SELECTORS, ...others]
  const unknown = Object.keys(query).find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new QueryError(`unknown parameter "${unknown}"; expected ${known.join(', ')}`)
  const pattern = textOf(query, 'match')
  const output = textOf(query, 'output')
  const [since, until] = [timeOf(query, 'since'), timeOf(query, 'until')]
  const ids = [query['id'] ?? []].flat()
  const selection: Selection = {
    ...(ids.length > 0 && { ids: new Set(ids) }),
    ...(output !== undefined && { output }),
    ...(pattern !== undefined && { matches: compile(pattern) }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  }
  return { selection, isEmpty: Object.keys(selection).length === 0 }
}

/** An output may be gone while its letters are there; a name of none is a mistake. */
async function checkSelected({ output }: Selection, letters: DeadLettersView): Promise<void> {
  if (output === undefined) return
  const names = new Set((await letters.kept()).groups.map((group) => group.output))
  if (names.has(output)) return
  const expected = names.size === 0 ? 'there are none' : `expected one of ${[...names].join(', ')}`
  throw new QueryError(`no dead letter is of output "${output}"; ${expected}`)
}

function checkOutput(name: string, view: CollectorView): void {
  const outputs = view.components().filter(({ kind }) => kind === 'output')
  if (outputs.some((output) => output.name === name)) return
  const names = outputs.map((output) => output.name).join(', ')
  throw new QueryError(`there is no output "${name}"; expected one of ${names}`)
}

function compile(pattern: string) {
  try {
    return compileTagPattern(pattern)
  } catch (error) {
    throw new QueryError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function textOf(query: Query, name: string): string | undefined {
  const value = query[name]
  if (value === undefined || typeof value === 'string') return value
  throw new QueryError(`"${name}" is there more than once; expected it once`)
}

function timeOf(query: Query, name: string): number | undefined {
  const text = textOf(query, name)
  if (text === undefined) return undefined
  const time = Date.parse(text)
  if (Number.isFinite(time)) return time
  throw new QueryError(`cannot read ${name} "${text}"; expected a time: 2026-11-21T08:50:00Z`)
}

function queryOf(request: FastifyRequest): Query {
  return request.query as Query
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
