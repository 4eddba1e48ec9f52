/**
 * Asks again and again for what is new. Events come late (buffers, the server's refresh), so the
 * last seconds are asked for each time, and what was shown already is left out.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Hit } from '../../search/server/answer.ts'
import { HITS_MAX, searchBody, type SearchRequest } from '../../search/server/search-body.ts'
import { printError } from '../command.ts'
import type { SearchedServer } from './server.ts'

const ASK_EVERY_MS = 1_000
/** Events that come later than this after a newer one are not shown. */
const OVERLAP_MS = 10_000

type Follow = Pick<SearchRequest, 'query' | 'fields'> & {
  readonly since: string
  /** Shown already, with their times. */
  readonly shown: readonly Hit[]
  readonly show: (hits: readonly Hit[]) => void
}

/** Until the process ends. Rejects with `CommandError`. */
export async function follow(server: SearchedServer, options: Follow): Promise<never> {
  const { show, shown: first, ...request } = options
  const shown = new Map(first.map(({ id, time }) => [id, time]))
  let since = options.since
  for (;;) {
    const body = searchBody({ ...request, since, order: 'oldest', limit: HITS_MAX })
    const { hits } = await server.search(body)
    show(hits.filter(({ id }) => !shown.has(id)))
    for (const { id, time } of hits) shown.set(id, time)
    const newest = hits.at(-1)?.time ?? ''
    const isFull = hits.length === HITS_MAX
    if (isFull && newest === since) {
      printError(`more than ${HITS_MAX} events have the time ${newest}: some are not shown`)
      since = new Date(Date.parse(newest) + 1).toISOString()
    } else if (newest !== '') since = isFull ? newest : later(since, newest)
    for (const [id, time] of shown) if (Date.parse(time) < Date.parse(since)) shown.delete(id)
    if (!isFull) await pause(ASK_EVERY_MS)
  }
}

function later(since: string, newest: string): string {
  const time = Math.max(Date.parse(since), Date.parse(newest) - OVERLAP_MS)
  return time === Date.parse(since) ? since : new Date(time).toISOString()
}
